"""A last check of the embedded DINO, on clip art that neither training nor any choice ever saw.

``python -m training.final`` downloads the Debian package openclipart-png (131 MB), puts 400 of its
cut-outs on held-out grounds as ``training.evaluate`` does with held-out photographs, and prints the
same measures. It is no check on photographs, and drawings were learnt from, too (emoji).
"""

import contextlib
import random
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from helpers.models import load_model
from training.collect import SEED, download, read_cutout
from training.evaluate import SEEDS, fresh
from training.measures import (
    area_under_curve,
    best_disc,
    centre_map,
    held_out_pictures,
    lengths,
    look,
    normalise,
    pointing,
    same_object_first,
    scores,
)

PACKAGE = "openclipart-png"
COUNT = 400


def clip_art(folder):
    """Return ``COUNT`` cut-outs, chosen by a fixed seed: uint8 (COUNT, 4, 128, 128)."""
    paths = sorted((download(folder, [PACKAGE]) / PACKAGE).rglob("*.png"))
    random.Random(SEED).shuffle(paths)
    found = []
    for path in paths:
        with contextlib.suppress(Image.DecompressionBombError):  # some are posters
            found += [] if (cutout := read_cutout(path)) is None else [cutout]
        if len(found) == COUNT:
            break
    return torch.from_numpy(np.stack(found))


def main():
    pool = torch.load(Path("outputs/training/pool.pt"), weights_only=True)
    cutouts = clip_art(Path("outputs/training/packages"))
    pool |= {"cutouts": cutouts, "cutout_held": torch.ones(len(cutouts), dtype=torch.bool)}
    images, truth, _ = held_out_pictures(pool)
    covered = truth.float().mean().item()
    print(f"{len(cutouts)} cut-outs, {len(images)} pictures, objects cover {covered:.2f}")
    embedded = load_model("embedded")
    models = [(f"untrained {seed}", fresh(embedded, seed=seed)) for seed in range(SEEDS)]
    for name, model in [*models, ("embedded", embedded)]:
        sight = look(model, normalise(images))
        best, hit = scores(sight.rows[-1], truth)
        area = area_under_curve(lengths(sight.tokens), truth)
        first = same_object_first(model, pool)
        print(
            f"{name:11} best-head Jaccard {best:.3f}, pointing {hit:.2f}, "
            f"norm map {area:.2f}, k-NN {first:.2f}"
        )
    maps = centre_map(len(truth))
    best, hit, area = best_disc(truth), pointing(maps, truth), area_under_curve(maps, truth)
    print(f"{'a centre':11} best-head Jaccard {best:.3f}, pointing {hit:.2f}, norm map {area:.2f}")


if __name__ == "__main__":
    main()
