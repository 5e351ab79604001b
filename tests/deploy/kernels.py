"""Kernels for tests: started as Jupyter starts them, by a kernel spec."""

import contextlib
import os
import shutil
import sys
import time
from pathlib import Path

import psutil
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

from deploy import parts
from deploy.warm import parent

SECONDS = 120


def no_hub():
    """What a hub on this machine still lacks, a list of words; empty if it can start."""
    needed = {
        "JupyterHub needs Linux or macOS": os.name != "nt",
        "JupyterHub is not installed (make hub-parts)": parts.python().exists(),
        "configurable-http-proxy is not installed (make hub-parts)": parts.proxy().exists(),
        "there is no node (apt install nodejs npm)": shutil.which("node"),
        "there is no git": shutil.which("git"),
    }
    return [words for words, there in needed.items() if not there]


class Kernel:
    """A kernel and its client; ``with`` shuts it down."""

    def __init__(self, specs, name="dino", **popen):
        self.manager = KernelManager(
            kernel_name=name,
            kernel_spec_manager=KernelSpecManager(kernel_dirs=[str(specs)]),
        )
        self.manager.start_kernel(**popen)
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=SECONDS)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.client.stop_channels()
        if self.manager.has_kernel:
            self.manager.shutdown_kernel(now=True)

    def run(self, source, **wait):
        """What a cell printed; raises AssertionError with the traceback if it failed."""
        return self.finish(self.start(source), **wait)

    def start(self, source):
        return self.client.execute(source, allow_stdin=False)

    def finish(self, message, failing=False):
        text, ended = "", False
        while not ended:
            said = self.client.get_iopub_msg(timeout=SECONDS)
            if said["parent_header"].get("msg_id") != message:
                continue
            kind, content = said["msg_type"], said["content"]
            if kind == "stream":
                text += content["text"]
            elif kind in ("display_data", "execute_result"):
                text += " ".join(content["data"]) + content["data"]["text/plain"]
            elif kind == "error":
                assert failing, "\n".join(content["traceback"])
                text += content["ename"]
            ended = kind == "status" and content["execution_state"] == "idle"
        self.client.get_shell_msg(timeout=SECONDS)
        return text

    @property
    def pid(self):
        return int(self.run("import os; print(os.getpid())"))

    @property
    def own(self):
        """Memory that it shares with nobody, MB."""
        return psutil.Process(self.pid).memory_full_info().uss / 1e6

    @property
    def asker(self):
        """The process that Jupyter started."""
        return self.manager.provisioner.process.pid


def is_warm(kernel):
    """Whether a kernel is a fork: torch is there before anybody imported it."""
    return kernel.run("import sys; print('torch' in sys.modules)").strip() == "True"


def gone(pid, seconds=30):
    """Whether a process ends within some seconds."""
    return within(seconds, lambda: not alive(pid))


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def within(seconds, condition):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def forks(parent):
    """Processes that a parent has forked and that live."""
    text = Path(f"/proc/{parent}/task/{parent}/children").read_text()
    return [int(pid) for pid in text.split() if alive(int(pid))]


def root():
    return hasattr(os, "getuid") and os.getuid() == 0


@contextlib.contextmanager
def a_parent(tmp_path, **options):
    """A warm parent; yields (environment of an asker, the parent's process)."""
    log = tmp_path / "warm.log"
    with parent.running(sys.executable, dict(os.environ), log, **options) as (found, pid):
        assert pid, log.read_text()
        yield {**os.environ, **found}, pid
