"""The two-panel figure of any photo, without a notebook: ``python -m helpers photo.jpg``."""

import sys
from pathlib import Path

from bilingual import console, one_of, plain, say, writing


def main(argv=None):
    """Write the figure, say where it is and which weights made it; return the exit status."""
    try:
        console.prepare()
        print(*_draw(**vars(_parser().parse_args(argv))), sep="\n")
    except (ValueError, OSError) as error:
        print(str(error).replace("\n", " / "), file=sys.stderr)
        return 2
    return 0


def _draw(photo, out, model, map, fit, **looks):
    """Where the figure is, and the line that says which weights made it."""
    # Only now: importing torch and timm takes seconds, and --help should not.
    from helpers import images, maps, models, plots
    from helpers.weights import made_by
    from sources.web import stem

    kinds = {
        "norm": (maps.norm_map, say("노름 맵", "norm map")),
        "attention": (maps.attention_map, say("어텐션 맵", "attention map")),
    }
    one_of("--map", map, kinds)
    map_of, title = kinds[map]
    out = out.with_suffix(out.suffix or ".png") if out else Path(f"{stem(photo)}.dino.png")
    photo, model = images.load_photo(photo), models.load_model(model)
    tensor, seen = images.to_tensor(photo, model, fit)
    figure = plots.two_panel(seen, map_of(model, tensor), weights=model, title=title, **looks)
    with writing(out):
        figure.savefig(out)
    return plain(out), made_by(model)


def _parser():
    about = say("사진과 DINO의 맵을 나란히 그립니다.", "Draws a photo and DINO's map beside it.")
    parser = console.Parser("python -m helpers", description=about)

    def option(*names, ko, en, **kwargs):
        parser.add_argument(*names, help=say(ko, en, " · "), **kwargs)

    option("photo", ko="사진 파일이나 주소", en="a photo file or http(s) address")
    option("-o", "--out", type=Path, ko="결과 파일(PHOTO.dino.png)", en="default PHOTO.dino.png")
    option("--model", ko="timm의 모델 이름이나 embedded", en="a timm name, or embedded")
    option("--map", default="norm", ko="norm(기본)이나 attention", en="norm (default), attention")
    option("--alpha", type=float, default=0.5, ko="불투명도 0..1(0.5)", en="opacity 0..1 (0.5)")
    option("--cmap", default="viridis", ko="컬러맵(viridis)", en="colormap (viridis), gray, jet, …")
    option("--fit", default="crop", ko="crop(기본), squash, whole", en="crop is the default")
    return parser


if __name__ == "__main__":
    sys.exit(main())
