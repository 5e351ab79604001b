"""All tests, the notebooks included, see no hub, no cached weights and no DINO_MODEL, and what they
write by default goes to a folder that is gone afterwards.

A test of the hub itself starts its own hub and says so in its own environment.
"""

import atexit
import os
import shutil
import tempfile

from tools.notebooks import hub_off

if workers := os.environ.get("PYTEST_XDIST_WORKER_COUNT"):
    # Each worker and its kernels get their share of the processors: two that want all of them wait
    # for each other at every step, and lesson 08's training takes five times as long.
    share = max(1, (os.cpu_count() or 1) // int(workers))
    os.environ.setdefault("OMP_NUM_THREADS", str(share))

hub_off()
os.environ["DINO_OUTPUTS"] = scratch = tempfile.mkdtemp(prefix="dino-outputs-")
atexit.register(shutil.rmtree, scratch, ignore_errors=True)
