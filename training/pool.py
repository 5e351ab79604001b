"""The pool as a file: ``torch.save``'s, or packed small to be carried to another machine.

``python -m training.pool`` packs ``outputs/training/pool.pt`` (1 GB) into one zip of WebP
pictures below 40 MB, which ``--pool`` of the other commands takes as well. What is held out is
packed without loss, so figures measured on it are the same; what is trained on is not, but for the
transparency of cut-outs.
"""

import argparse
import io
import json
import zipfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image

KINDS = {"cutout": "RGBA", "ground": "RGB"}
QUALITY = {"cutout": 84, "ground": 36}  # of the pictures to train on


def load_pool(path):
    """Return the pool dictionary of either kind of file, described in ``training.collect``."""
    return unpack(path) if path.suffix == ".zip" else torch.load(path, weights_only=True)


def pack(pool, path):
    """Write a pool as a zip of WebP pictures and ``held.json``, what is held out of each kind."""
    held = {kind: pool[f"{kind}_held"].tolist() for kind in KINDS}
    drawn = pool["cutout_drawn"].tolist()
    with zipfile.ZipFile(path, "w") as archive, ThreadPoolExecutor() as threads:
        archive.writestr("held.json", json.dumps(held | {"drawn": drawn}))
        for kind in KINDS:
            coded = threads.map(partial(_code, quality=QUALITY[kind]), pool[f"{kind}s"], held[kind])
            for i, picture in enumerate(coded):
                archive.writestr(f"{kind}/{i:04}.webp", picture)


def _code(picture, lossless, quality):
    file = io.BytesIO()
    image = Image.fromarray(picture.permute(1, 2, 0).contiguous().numpy())  # RGB or RGBA
    # `exact` keeps the colour of transparent pixels, which a resampled edge mixes in.
    image.save(file, "webp", lossless=lossless, exact=True, quality=quality, method=4)
    return file.getvalue()


def unpack(path):
    """Return the pool dictionary of a zip that `pack` wrote."""
    pool = {}
    with zipfile.ZipFile(path) as archive, ThreadPoolExecutor() as threads:
        held = json.loads(archive.read("held.json"))
        for kind, mode in KINDS.items():
            files = [archive.read(f"{kind}/{i:04}.webp") for i in range(len(held[kind]))]
            pictures = list(threads.map(_decode, files, [mode] * len(files)))
            pool[f"{kind}s"] = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).contiguous()
    names = {"cutout_held": "cutout", "ground_held": "ground", "cutout_drawn": "drawn"}
    return pool | {name: torch.tensor(held[key]) for name, key in names.items()}


def _decode(file, mode):
    return np.asarray(Image.open(io.BytesIO(file)).convert(mode))


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pool", type=Path, nargs="?", default=Path("outputs/training/pool.pt"))
    source = parser.parse_args(arguments).pool
    target = source.with_suffix(".zip")
    pack(load_pool(source), target)
    print(f"wrote {target} ({target.stat().st_size / 1e6:.1f} MB)")


if __name__ == "__main__":
    main()
