"""How long until the first picture: ``python -m benchmarks.first_figure [TIMES]``.

A fresh process that saves a two-panel figure of the embedded DINO, as a ratio to a fresh process
that only imports torch and timm, in turns. CPU seconds too, which a busy machine changes least.
"""

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
IMPORTS = "import torch, timm"
FIGURE = """from helpers import images, maps, models, plots
model = models.load_model("embedded")
tensor, seen = images.to_tensor("cat.jpg", model, fit="squash")
plots.two_panel(seen, maps.norm_map(model, tensor), weights=model).savefig({path!r})"""


def cost(code):
    """(seconds, CPU seconds) of a fresh process."""
    start, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - start, cpu


def main(times=7):
    """Run both in turns and print seconds and ratios, median and best."""
    with tempfile.TemporaryDirectory() as folder:
        codes = {"imports": IMPORTS, "figure": FIGURE.format(path=str(Path(folder) / "a.png"))}
        for code in codes.values():  # byte code and matplotlib's cache of fonts
            cost(code)
        runs = {name: [] for name in codes}
        for _ in range(times):
            for name, code in codes.items():
                runs[name].append(cost(code))
    for i, unit in enumerate(("s", "CPU-s")):
        for how in (statistics.median, min):
            imports, figure = (how(run[i] for run in runs[name]) for name in codes)
            print(f"{how.__name__:6} import torch, timm {imports:.2f} {unit}, ", end="")
            print(f"first figure {figure:.2f} {unit}: {figure / imports:.2f} x")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
