"""The process that has imported everything, and forks one kernel for whoever asks.

    python -m deploy.warm.parent SOCKET OWNER

It computes nothing, so it has one thread and no pool, and a fork is whole. It ends with its owner,
the process that started it. Its socket is the user's own; any other user is refused.
"""

import contextlib
import gc
import importlib
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from . import ask, child

ROOT = Path(__file__).resolve().parents[2]

# What the lessons import, and what a kernel does. A test holds it up to lesson 00's first picture.
# Not pyplot and no inline backend: they look for a running IPython when they are imported. Not the
# helpers: a student's own are imported, from the student's own folder.
IMPORTS = """
    torch torchvision torchvision.transforms.functional timm timm.data timm.models timm.layers
    safetensors.torch huggingface_hub numpy scipy sklearn.decomposition sklearn.cluster
    PIL.Image PIL.ImageOps PIL.ImageCms
    matplotlib.figure matplotlib.font_manager matplotlib.backends.backend_agg matplotlib.patches
    matplotlib.colors matplotlib.gridspec matplotlib.axes mpl_toolkits
    IPython IPython.core.pylabtools ipykernel.kernelapp ipykernel.ipkernel ipykernel.zmqshell
    ipywidgets anywidget threadpoolctl zmq zmq.utils.garbage tornado ipykernel.debugger
""".split()

NUMPY_THREADS = "OPENBLAS_NUM_THREADS"


def supported():
    """Why there can be no warm kernels here, in words, or None."""
    if not sys.platform.startswith("linux"):
        return "forking a process that has loaded torch is known to be safe on Linux only"
    return None


def prepare():
    """Import everything; raises RuntimeError if that started a thread."""
    for name in IMPORTS:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    from PIL import Image

    Image.preinit()
    Image.init()  # as the first photo does, in the same order
    threads = os.listdir("/proc/self/task")
    if len(threads) > 1:
        raise RuntimeError(f"{len(threads)} threads after the imports: no forks")
    gc.collect()
    gc.freeze()  # a collection in a fork would touch, and so copy, what all share


def serve(listener, mine, owner):
    """Fork for whoever connects; returns (job, channel) in a fork, None when it is time to end."""
    listener.settimeout(1)
    while os.getppid() == owner:
        try:
            channel, _ = listener.accept()
        except TimeoutError:
            continue
        except OSError:  # no file or process left for one more: a plain kernel may have more luck
            time.sleep(0.1)
            continue
        try:
            forked = os.fork() == 0
        except OSError:
            forked = False
        if forked:
            os.setsid()
            listener.close()
            job = child.serve(channel, mine)  # in the fork: nobody keeps others waiting
            return (job, channel) if job else os._exit(0)
        channel.close()
    return None


def main(path, owner):
    path, owner = Path(path), int(owner)
    if why := supported():
        sys.exit(why)
    del sys.path[0]  # this checkout: a student's import must not find it
    mine = dict(os.environ)
    os.environ[NUMPY_THREADS] = "1"  # numpy's library starts its threads when it is loaded
    prepare()
    # How OpenMP libraries live together, and the debugger; other variables that packages set hold
    # paths of this user's.
    new = {*os.environ} - {*mine}
    by_imports = {n: os.environ[n] for n in new if n.startswith(("KMP_", "PYDEVD_"))}
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # no dump of what all share
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # ended forks leave nothing behind
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C at the terminal is for the owner
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    path.chmod(0o600)
    listener.listen(128)
    print("ready", flush=True)
    forked = serve(listener, mine, owner)
    if forked:
        child.become_kernel(*forked, by_imports)
    else:
        with contextlib.suppress(OSError):  # its owner has not come to it
            path.unlink()
            path.parent.rmdir()


@contextlib.contextmanager
def running(python, environment, log, wait=True):
    """Keep a warm parent while the block lasts.

    Parameters
    ----------
    python, environment : of the kernels
    log : Path, for what it says
    wait : bool, False goes on while it still imports; ``ask`` then waits for it

    Yields
    ------
    environment : dict, by which ``ask`` finds it; empty where it could not start: the log says why
    pid : int or None
    """
    # In the temporary folder, since a socket's path must be short; a folder that is the user's own.
    folder = Path(tempfile.mkdtemp(prefix="dino-warm-"))
    path = folder / "socket"
    # The owner's number is told: it may have ended before the parent can look for it.
    command = [python, "-m", "deploy.warm.parent", path, str(os.getpid())]
    with open(log, "wb") as file:
        how = {"stdin": subprocess.DEVNULL, "stdout": file, "stderr": subprocess.STDOUT}
        process = subprocess.Popen(command, cwd=ROOT, env=environment, **how)
        try:
            while wait and process.poll() is None and not path.exists():
                time.sleep(0.05)
            lives = process.poll() is None
            yield ({ask.VARIABLE: str(path)}, process.pid) if lives else ({}, None)
        finally:
            process.terminate()
            process.wait()
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
