"""JupyterLab on this computer, where the first picture comes as soon as Run is pressed.

    python -m deploy.lab [arguments of jupyter lab]

While the page loads, a warm process imports what the lessons need; their kernels are forked from
it (see ``warm``). On other systems than Linux this is plain ``jupyter lab``.
"""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from .warm import parent, spec

PATIENCE = 20  # seconds; a Lab that was told to end may wait for a thread of its own for ever


def main(argv=None):
    argv = sys.argv[1:] if argv is None else argv
    command = [sys.executable, "-m", "jupyterlab", *argv]
    # Ctrl-C is Lab's, which asks; a handler that does nothing is not passed on to it.
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: (server.terminate(), signal.alarm(PATIENCE)))
    signal.signal(signal.SIGALRM, lambda *_: server.kill())
    with contextlib.ExitStack() as stack:
        # Threads that wait sleep, and numpy has one (torch keeps its own): on a busy computer,
        # spinning took five times the time.
        environment = {"OMP_WAIT_POLICY": "passive", "OPENBLAS_NUM_THREADS": "1", **os.environ}
        if not parent.supported():
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dino-lab-")))
            spec.write(folder / "kernels")
            above = environment.get("JUPYTER_PATH", "")
            environment["JUPYTER_PATH"] = os.pathsep.join(filter(None, [str(folder), above]))
            log = folder / "warm.log"
            warm = parent.running(sys.executable, environment, log, wait=False)
            environment |= stack.enter_context(warm)[0]
        server = subprocess.Popen(command, env=environment)
        return server.wait()


if __name__ == "__main__":
    sys.exit(main())
