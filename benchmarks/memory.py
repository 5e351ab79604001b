"""How much memory each lesson takes, and how soon the first overlay is there.

    python -m benchmarks.memory [--model vit_base_patch16_224.dino] [--rounds 5] [00 03 ...]

Memory: the most that a lesson's kernel, run from top to bottom on one thread, held in RAM
(VmHWM: shared libraries count, as a container counts them when a student is alone in it). Beside it
what ``import torch, timm`` alone takes, since nothing here can be smaller than that. With --model,
the lessons load that one in place of the embedded DINO, from a cache as a class has it; its file
holds random numbers: neither memory nor time depends on their values.

Time: seconds from the first line to the first overlay of lesson 00, with the embedded DINO, beside
``import torch, timm``. Fresh kernels, in turn; the best of each counts. Linux only.
"""

import argparse
import os
import re
import sys
import tempfile
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))

import notebooks  # noqa: E402

MIB = 1024  # kB, which /proc counts in
PROBE = "print(open('/proc/self/status').read())"
IMPORTS = "import torch, timm"


def stand_in(name, cache):
    """Put a file of a model's form, of random numbers, where the hub's client looks for it."""
    import timm
    from safetensors.torch import save_file

    folder, commit = cache / f"models--timm--{name}", "0" * 40
    (folder / "snapshots" / commit).mkdir(parents=True)
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text(commit)
    numbers = timm.create_model(name, num_classes=0).state_dict()
    save_file(numbers, folder / "snapshots" / commit / "model.safetensors")


def kernel(cells, after=None):
    """Run cells in a fresh kernel in notebooks/; return the executed notebook."""
    nb = nbformat.v4.new_notebook(cells=cells)
    after = after or nbformat.v4.new_code_cell(PROBE)
    nb.cells.append(after)
    notebooks.client(nb, notebooks.LESSONS / "benchmark.ipynb").execute()
    return nb


def code(source):
    """A code cell."""
    return nbformat.v4.new_code_cell(source)


def printed(cell):
    """What a cell printed."""
    return "".join(output.get("text", "") for output in cell.outputs)


def peak(cells):
    """MiB of RAM that a kernel held at most while it ran these cells."""
    status = printed(kernel(cells).cells[-1])
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / MIB


def lesson(path):
    """Code cells of a lesson."""
    return [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]


def to_the_first_overlay(path):
    """Source of a lesson's code cells up to the first one that shows a picture."""
    sources = []
    for cell in lesson(path):
        sources.append(cell.source)
        kinds = {"image/png", "image/jpeg"}
        if any(kinds & output.get("data", {}).keys() for output in cell.outputs):
            return sources
    raise ValueError(f"{path.name} shows no picture")


def seconds(sources):
    """Time that a fresh kernel takes for these cells, from the first to the last line."""
    clock = "import time; print(time.monotonic())"
    nb = kernel([code(clock), *map(code, sources)], code(clock))
    return float(printed(nb.cells[-1])) - float(printed(nb.cells[0]))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lessons", nargs="*", help="numbers, as 03; all by default")
    parser.add_argument("--model", help="in place of the embedded DINO")
    parser.add_argument("--rounds", type=int, default=5, help="of the time; 0 leaves it out")
    told = parser.parse_args()
    notebooks.hub_off()
    os.environ.update(OMP_NUM_THREADS="1", DINO_OUTPUTS=tempfile.mkdtemp())
    cache = tempfile.TemporaryDirectory(prefix="dino-cache-")
    if told.model:
        os.environ.update(HF_HUB_CACHE=cache.name, DINO_MODEL=told.model)
        stand_in(told.model, Path(cache.name))
    print(f"peak memory, MiB, {told.model or 'embedded DINO'}")
    print(f"  {IMPORTS:<22}{peak([code(IMPORTS)]):6.0f}")
    for path in sorted(notebooks.LESSONS.glob("*.ipynb")):
        if not told.lessons or path.name[:2] in told.lessons:
            print(f"  {path.stem:<22}{peak(lesson(path)):6.0f}", flush=True)
    if told.rounds:
        first = to_the_first_overlay(notebooks.LESSONS / "00_start.ipynb")
        times = [(seconds([IMPORTS]), seconds(first)) for _ in range(told.rounds)]
        imports, overlay = (min(column) for column in zip(*times, strict=True))
        print(f"seconds: {IMPORTS} {imports:.2f}, first overlay {overlay:.2f}", end="")
        print(f", ratio {overlay / imports:.2f}")


if __name__ == "__main__":
    main()
