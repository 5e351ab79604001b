"""All tests, the notebooks included, see no hub, no cached weights and no DINO_MODEL.

A test of the hub itself starts its own hub and says so in its own environment. Lessons are read as
they are stored, whatever a reader has run and answered since.
"""

import os
from pathlib import Path

import nbformat

from tools.notebooks import LESSONS, hub_off, stored

if workers := os.environ.get("PYTEST_XDIST_WORKER_COUNT"):
    # Each worker and its kernels get their share of the processors: two that want all of them wait
    # for each other at every step, and lesson 11's training takes five times as long.
    share = max(1, (os.cpu_count() or 1) // int(workers))
    os.environ.setdefault("OMP_NUM_THREADS", str(share))

hub_off()


def read(file, *args, reader=nbformat.read, **options):
    """``nbformat.read``, for nbval, too."""
    if isinstance(file, (str, Path)) and Path(file).parent == LESSONS:
        return nbformat.reads(stored(Path(file)).decode(), *args, **options)
    return reader(file, *args, **options)


nbformat.read = read
