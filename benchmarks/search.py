"""How fast a folder of photos is indexed, and how much memory that takes.

    python -m benchmarks.search [--photos 400] [--rounds 5]

Speed: photos a second of ``search.index_photos`` (read, decode, preprocess, encode, store) beside
those of the bare forward pass on batches that are ready in memory. The two take turns, and the
best round of each counts, so that what else the machine does disturbs both alike; processor time is
told too, for the same reason. Memory: the most a process of its own ever held, for 200 and for
2,000 photos, over what it held after its first batch.
"""

import argparse
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from helpers import images, models
from helpers.weights import caption
from topics import search

BATCH = 32
SIZE = 320, 240  # pixels of a generated photo
COUNTS = 200, 2000  # photos, for memory


def draw_photos(folder, count):
    """Fill a folder with different JPEG photos: smooth colours, a bright disc, fine grain."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[0 : SIZE[1], 0 : SIZE[0]]
    grain = rng.normal(0, 8, (SIZE[1], SIZE[0], 1))
    for i in range(count):
        colours = rng.uniform(0, 200, (2, 2, 3)).astype(np.uint8)
        photo = np.asarray(Image.fromarray(colours).resize(SIZE, Image.Resampling.BICUBIC)) + grain
        cx, cy, radius = rng.uniform(0, 1, 3) * (*SIZE, 100)
        photo[(x - cx) ** 2 + (y - cy) ** 2 < radius**2] += 50
        Image.fromarray(photo.clip(0, 255).astype(np.uint8)).save(folder / f"{i:05}.jpg")


def timed(work):
    """(seconds on the clock, seconds of processor) that a piece of work takes."""
    clock, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - clock, time.process_time() - processor


def speed(model, folder, count, rounds):
    """Print photos a second, bare and whole."""
    photo = images.load_photo(folder / "00000.jpg")
    batch = images.to_tensor(photo, model)[0].repeat(BATCH, 1, 1, 1)

    def bare():
        for _ in range(count // BATCH):
            search.describe(model, batch)

    def whole():
        with tempfile.TemporaryDirectory() as place:
            found = search.index_photos(folder, model, BATCH, f"{place}/i.sqlite", progress=False)
            assert (found.encoded, found.skipped) == (count, [])
            del found

    search.describe(model, batch)
    taken = {"forward alone": [], "index_photos": []}
    for _ in range(rounds):
        taken["forward alone"].append(timed(bare))
        taken["index_photos"].append(timed(whole))
    pairs = {name: np.array(times) for name, times in taken.items()}
    print(f"{caption(model)}, {count} photos of {SIZE[0]} × {SIZE[1]}, best of {rounds}")
    for name, times in pairs.items():
        clock, processor = times.min(axis=0)
        print(
            f"{name:14} {count / clock:7.1f} photos/s, {processor / count * 1000:4.1f} ms CPU each"
        )
    best = [times[:, 0].min() for times in pairs.values()]
    turns = pairs["forward alone"][:, 0] / pairs["index_photos"][:, 0]
    print(f"index_photos / forward alone: {best[0] / best[1]:.2f} (turn by turn {turns.round(2)})")


def memory(folder, name):
    """Print how far the peak of this process rises over its first batch; for a fresh process."""
    model = models.load_model(name)
    some = sorted(folder.iterdir())[: 3 * BATCH]
    search.index_photos(some, model, BATCH, None, progress=False)
    first = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with tempfile.TemporaryDirectory() as place:
        found = search.index_photos(folder, model, BATCH, f"{place}/i.sqlite", progress=False)
        search.nearest(found, torch.ones(model.embed_dim))
        last = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(
            f"{found.photos:5} photos: peak {last / 1024:.0f} MB, {(last - first) / 1024:+.1f} MB"
        )
        del found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="embedded")
    parser.add_argument("--photos", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--memory-of", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.memory_of:
        return memory(args.memory_of, args.model)
    threads = torch.get_num_threads()
    print(f"{platform.platform()}, {os.cpu_count()} cores, torch {torch.__version__} × {threads}")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        draw_photos(folder, args.photos // BATCH * BATCH)
        speed(models.load_model(args.model), folder, args.photos // BATCH * BATCH, args.rounds)
    command = [sys.executable, "-m", "benchmarks.search", "--model", args.model, "--memory-of"]
    for count in COUNTS:
        with tempfile.TemporaryDirectory() as place:
            draw_photos(Path(place), count)
            subprocess.run([*command, place], check=True)


if __name__ == "__main__":
    main()
