"""JupyterLab as ``make lab`` starts it: the lessons' kernel is warm, and all ends with it."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from kernels import gone, within

from deploy.hub import free_port
from deploy.warm import parent, spec

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [
    pytest.mark.skipif(bool(parent.supported()), reason=str(parent.supported())),
    pytest.mark.slow,
]


@pytest.fixture
def lab(tmp_path):
    """A running Lab: (address, its process)."""
    port = free_port()
    settings = [f"--port={port}", "--ip=127.0.0.1", "--no-browser", "--allow-root"]
    settings += ["--IdentityProvider.token=", "--ServerApp.disable_check_xsrf=True"]
    with open(tmp_path / "log", "wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "deploy.lab", *settings, f"--ServerApp.root_dir={ROOT}"],
            cwd=ROOT,
            env={**os.environ, "JUPYTER_CONFIG_DIR": str(tmp_path), "TMPDIR": str(tmp_path)},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield f"http://127.0.0.1:{port}", process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def ask(address, path, body=None):
    request = urllib.request.Request(
        address + path,
        json.dumps(body).encode() if body else None,
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def answers(address):
    with contextlib.suppress(OSError):
        return ask(address, "/api/status")
    return None


def children(pid):
    """Living processes below one, {pid: command}."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (folder / "stat").read_text().rpartition(")")[2].split()[1] == str(pid):
                found[int(folder.name)] = (folder / "cmdline").read_text().replace("\0", " ")
    return found


def interrupt_twice(process):
    """Ctrl-C at the terminal, which asks, and once more, which ends."""
    os.killpg(process.pid, signal.SIGINT)
    time.sleep(1)
    os.killpg(process.pid, signal.SIGINT)


@pytest.mark.parametrize("end", [subprocess.Popen.terminate, interrupt_twice])
def test_a_lessons_kernel_is_warm_even_if_it_is_asked_for_at_once(lab, end):
    address, process = lab
    assert within(120, lambda: answers(address)), "no Lab"
    lesson = "notebooks/00_start.ipynb"
    session = {"path": lesson, "name": lesson, "type": "notebook", "kernel": {"name": "python3"}}
    ask(address, "/api/sessions", session)
    (warm,) = [p for p, command in children(process.pid).items() if "warm.parent" in command]
    assert within(60, lambda: children(warm)), "the kernel is no fork"
    specs = ask(address, "/api/kernelspecs")
    assert specs["kernelspecs"]["python3"]["spec"]["argv"][3] == str(spec.ASK)

    (fork,) = children(warm)
    end(process)
    process.wait(60)
    assert gone(warm) and gone(fork)
