"""All tests, the notebooks included, see no hub, no cached weights and no DINO_MODEL.

A test of the hub itself starts its own hub and says so in its own environment.
"""

import os

from tools.notebooks import hub_off

if workers := os.environ.get("PYTEST_XDIST_WORKER_COUNT"):
    # Each worker and its kernels get their share of the processors: two that want all of them wait
    # for each other at every step, and lesson 11's training takes five times as long.
    share = max(1, (os.cpu_count() or 1) // int(workers))
    os.environ.setdefault("OMP_NUM_THREADS", str(share))

hub_off()
