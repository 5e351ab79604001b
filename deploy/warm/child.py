"""A fork of the parent becomes a kernel."""

import contextlib
import ctypes
import gc
import json
import os
import random
import signal
import socket
import struct
import sys
import threading
import time
import types

from . import same

LARGEST = 4_000_000  # bytes of one request
PATIENCE = 10  # seconds for a request
OURS = [name for name in sys.modules if name.split(".")[0] == "deploy"]


class Refused(Exception):
    """No fork for this asker; the message says why."""


def serve(channel, mine):
    """Read a request of ``ask`` in the fork, and answer; return it once it says to go on, or None.

    ``mine`` is the environment that the parent started with.
    """
    channel.settimeout(PATIENCE)
    try:
        # Who asks is told by the system, not by the message.
        told = channel.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        pid, uid, _ = struct.unpack("3i", told)
        if why := "another user" if uid != os.getuid() else same.place(pid):
            raise Refused(why)
        job, files = receive(channel)
        if why := refusal(job, mine):
            raise Refused(why)
        channel.sendall(json.dumps({"pid": os.getpid()}).encode() + b"\n")
        if channel.recv(2) != b"go":
            return None
    except Refused as error:
        with contextlib.suppress(OSError):  # gone already
            channel.sendall(json.dumps({"no": str(error)}).encode() + b"\n")
        return None
    except (OSError, ValueError, KeyError, TypeError):  # slow, gone, or no request at all
        return None
    channel.settimeout(None)
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    return job


def receive(channel):
    """A request and the asker's standard streams."""
    _, files, _, _ = socket.recv_fds(channel, 1, 3)
    text = channel.makefile("rb").readline(LARGEST)
    if len(files) != 3 or not text.endswith(b"\n"):
        raise Refused("a request that makes no sense")
    return json.loads(text), files


def refusal(job, mine):
    """Why a fork would not do, or None."""
    theirs = job["environment"]
    if job["python"] != sys.executable:
        return f"another Python: {job['python']}"
    return same.environment(mine, theirs) or same.home(mine, theirs, job["cwd"])


def become_kernel(job, channel, by_imports):
    """Run the kernel, to its end; what the parent had of its own is gone before it starts.

    ``by_imports`` are environment variables that packages set when they were imported.
    """
    for number in (signal.SIGTERM, signal.SIGCHLD, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    os.environ.clear()
    os.environ.update(by_imports | job["environment"])
    os.umask(job["umask"])
    os.chdir(job["cwd"])
    time.tzset()
    renew_randomness()
    set_threads()
    sys.argv = ["ipykernel_launcher", *job["argv"]]
    for name in OURS:
        sys.modules.pop(name, None)  # a student's import finds the student's own
    threading.Thread(target=end_with, args=[channel], daemon=True, name="asker").start()
    from ipykernel import ipkernel
    from ipykernel.kernelapp import IPKernelApp

    class Fork(IPKernelApp):
        def initialize(self, argv=None):
            """Give memory back after each cell: in lesson 00 20 MB of garbage, 16 of malloc's."""
            super().initialize(argv)
            self.shell.events.register("post_run_cell", give_back)

        def init_kernel(self):
            """Without a list of all modules for the debugger, which warm kernels have none of: to
            look at each of 2,900 counts references, and so copies 25 MB that all share."""
            ipkernel.sys = types.SimpleNamespace(**{**vars(sys), "modules": {}})
            super().init_kernel()
            ipkernel.sys = sys

        def init_poller(self):
            """Jupyter is not this process's parent; ``end_with`` watches in the poller's place."""

    # Where it had none, it told the terminal how to end a kernel that nobody started by hand.
    asker = int(os.environ.get("JPY_PARENT_PID") or 0)
    Fork.launch_instance(argv=job["argv"], parent_handle=asker)


def give_back(result):
    """Collect garbage, what all share left out, and let the system have what malloc keeps."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)


def renew_randomness():
    """Each fork draws numbers of its own, as each new process does."""
    import matplotlib
    import numpy
    import torch

    random.seed()
    numpy.random.seed()
    torch.seed()
    # Not random, but read when matplotlib was imported, too: a kernel draws into its notebook.
    wanted = os.environ.get("MPLBACKEND") or "module://matplotlib_inline.backend_inline"
    dict.__setitem__(matplotlib.rcParams, "backend", wanted)


def set_threads():
    """As many threads for numpy's own arithmetic as a plain kernel has; the parent had one."""
    import threadpoolctl

    asked = os.environ.get("OPENBLAS_NUM_THREADS") or os.environ.get("OMP_NUM_THREADS") or ""
    count = int(asked) if asked.isdigit() else len(os.sched_getaffinity(0))
    threadpoolctl.threadpool_limits(count, user_api="blas")


def end_with(channel):
    """When the asker has ended, end this kernel and what it started."""
    try:
        while channel.recv(1):
            pass
    except OSError:
        pass
    os.killpg(os.getpid(), signal.SIGKILL)
