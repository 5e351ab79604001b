"""The two-panel figure of any photo, without a notebook: ``python -m helpers photo.jpg``."""

import argparse
import sys
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit


def main(argv=None):
    """Write the figure, say where it is and which weights made it; return the exit status."""
    options = _parser().parse_args(argv)
    # Only now: importing torch and timm takes seconds, and --help should not.
    from bilingual import say
    from helpers import images, maps, models, plots
    from helpers.weights import caption

    map_of = {"norm": maps.norm_map, "attention": maps.attention_map}[options.map]
    try:
        photo = images.load_photo(options.photo)
        model = models.load_model(options.model)
        tensor, seen = images.to_tensor(photo, model, options.fit)
        figure = plots.two_panel(
            seen, map_of(model, tensor), weights=model, alpha=options.alpha, cmap=options.cmap
        )
        out = options.out or Path(f"{_stem(options.photo)}.dino.png")
        out.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(out)
    except (ValueError, OSError) as error:
        print(str(error).replace("\n", " / "), file=sys.stderr)
        return 2
    print(f"{_short(out)}\n{say('가중치', 'weights')}: {caption(model)}")
    return 0


def _short(path):
    """A path as it looks from here, unless it lies elsewhere."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m helpers",
        description="사진과 DINO의 맵을 나란히 그립니다. "
        "Draws a photo and, beside it, the photo with DINO's map laid over it.",
    )
    parser.add_argument("photo", help="사진 파일이나 주소 · a photo file or http(s) address")
    parser.add_argument("-o", "--out", type=Path, help="결과 파일 · default PHOTO.dino.png")
    parser.add_argument("--model", help="timm 모델 이름, embedded · a timm name, or embedded")
    parser.add_argument("--map", choices=("norm", "attention"), default="norm")
    parser.add_argument("--alpha", type=float, default=0.5, help="0..1 (0.5)")
    parser.add_argument("--cmap", default="viridis", help="viridis, cividis, magma, gray, jet, …")
    parser.add_argument("--fit", choices=("crop", "squash", "whole"), default="crop")
    return parser


def _stem(photo):
    path = unquote(urlsplit(photo).path) if "://" in photo else Path(photo).as_posix()
    return PurePosixPath(path).stem or "photo"


if __name__ == "__main__":
    sys.exit(main())
