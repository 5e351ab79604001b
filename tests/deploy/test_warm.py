"""A warm kernel is what a plain kernel is, and ends as one does."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from kernels import Kernel, a_parent, alive, gone, is_warm, within

from deploy.warm import ask, parent, spec

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [
    pytest.mark.skipif(bool(parent.supported()), reason=str(parent.supported())),
    pytest.mark.slow,
]


@pytest.fixture(scope="module")
def specs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kernels")
    spec.write(folder)
    return folder


@pytest.fixture(scope="module")
def warm(tmp_path_factory):
    with a_parent(tmp_path_factory.mktemp("parent")) as found:
        yield found


LOOK = """
import json, locale, matplotlib, os, random, signal, sys, threading
import sklearn.cluster, torch, threadpoolctl
left_out = {"DINO_WARM", "PYTEST_CURRENT_TEST"}
print(json.dumps(dict(
    environment={k: v for k, v in os.environ.items() if k not in left_out},
    cwd=os.getcwd(),
    umask=os.umask(os.umask(0o22)),
    path=sys.path,
    main=sys.modules["__main__"].__name__,
    signals=[str(signal.getsignal(getattr(signal, "SIG" + n))) for n in ("TERM", "HUP", "CHLD")],
    interrupt=signal.getsignal(signal.SIGINT) is signal.default_int_handler,
    torch=[torch.get_num_threads(), torch.get_num_interop_threads()],
    pools=sorted({(p["internal_api"], p["num_threads"]) for p in threadpoolctl.threadpool_info()}),
    backend=matplotlib.get_backend().lower(),
    ours=[n for n in sys.modules if n.split(".")[0] in ("bilingual", "deploy", "helpers")],
    leader=[os.getsid(0) == os.getpid(), os.getpgid(0) == os.getpid()],
    encoding=[sys.getfilesystemencoding(), locale.getpreferredencoding()],
    files=[os.readlink(f"/proc/self/fd/{n}").split(":")[0] for n in (0, 1, 2)],
)))
"""


def test_it_is_what_a_plain_kernel_is(specs, warm, tmp_path):
    environment, _ = warm
    seen = []
    for env in (environment, dict(os.environ)):
        with Kernel(specs, env=env, cwd=tmp_path) as kernel:
            seen.append((is_warm(kernel), json.loads(kernel.run(LOOK))))
    (is_fork, fork), (is_other_fork, plain) = seen
    assert is_fork and not is_other_fork
    assert fork.pop("environment").items() ^ plain.pop("environment").items() == set()
    assert fork == plain


def test_the_first_picture_imports_little_that_the_parent_has_not(specs, warm):
    """So the list of imports follows what the lessons import."""
    cells = nbformat.read(ROOT / "notebooks" / "00_start.ipynb", 4).cells
    environment, _ = warm
    with Kernel(specs, env=environment, cwd=ROOT / "notebooks") as kernel:
        kernel.run("import sys; before = {*sys.modules}")
        shown = (kernel.run(cell.source) for cell in cells if cell.cell_type == "code")
        assert any("image/" in one for one in shown)
        new = kernel.run(
            "print(*[n for n in {*sys.modules} - before"
            " if n.split('.')[0] not in sys.stdlib_module_names])"
        )
        ours = {path.parent.name for path in ROOT.glob("*/*.py")}
        theirs = {n for n in new.split() if n.split(".")[0] not in ours}
        assert {n for n in theirs if not n.startswith("matplotlib")} == set()


def test_a_fork_keeps_no_garbage_of_a_cell(specs, warm):
    """A figure is a ring of objects, and Python's own collection seldom comes to it."""
    made = "import weakref\nclass Ring: pass\nr = Ring(); r.r = r; ring = weakref.ref(r); del r"
    environment, _ = warm
    with Kernel(specs, env=environment) as kernel:
        kernel.run(made)
        assert kernel.run("print(ring() is None)").strip() == "True"


def test_a_fork_has_little_memory_of_its_own(specs, warm):
    environment, _ = warm
    with Kernel(specs, env=environment) as kernel:
        began = kernel.own
        assert began < 45  # a list of all modules' files makes it 25 more
        kernel.run("x = [bytes(1000) for _ in range(50_000)]; pin = bytes(1000); del x")
        assert kernel.own - began < 20  # malloc keeps what lies below what is in use


def test_forks_draw_numbers_of_their_own(specs, warm):
    environment, _ = warm
    source = (
        "import random, numpy, torch, uuid, tempfile\n"
        "print(random.random(), numpy.random.rand(), torch.rand(1).item(), uuid.uuid4(),"
        " tempfile.mktemp())"
    )
    drawn = []
    for _ in range(3):
        with Kernel(specs, env=environment) as kernel:
            drawn.append(kernel.run(source).split())
    for column in zip(*drawn, strict=True):
        assert len({*column}) == 3, column


def test_a_fork_computes_in_threads(specs, tmp_path):
    """Threads of torch and numpy, and a process pool, in a fork of a parent that had none."""
    source = """
import torch, numpy, os, timm, threadpoolctl
pools = sorted({(p["internal_api"], p["num_threads"]) for p in threadpoolctl.threadpool_info()})
torch.manual_seed(0)
torch.set_num_threads(3)
a = torch.randn(600, 600)
model = timm.create_model("vit_tiny_patch16_224", pretrained=False).eval()
with torch.inference_mode():
    out = model(torch.ones(2, 3, 224, 224))
torch.randn(3000, 3000).exp().sum()
b = numpy.ones((900, 900)) @ numpy.ones((900, 900))
from concurrent.futures import ThreadPoolExecutor
sums = list(ThreadPoolExecutor(4).map(lambda i: (a @ a).sum().item(), range(8)))
threads = len(os.listdir("/proc/self/task"))
print(len(set(sums)), round(sums[0], 1), round(out.sum().item(), 3), b[0, 0], threads > 3, pools)
"""
    none = ("OMP_NUM_THREADS", parent.NUMPY_THREADS)
    many = {name: value for name, value in os.environ.items() if name not in none}
    said = []
    log = tmp_path / "log"
    with parent.running(sys.executable, many, log) as (found, _):
        for env in ({**many, **found}, many):
            with Kernel(specs, env=env) as kernel:
                assert is_warm(kernel) == (env is not many)
                said.append(kernel.run(source))
    assert said[0] == said[1]


def test_interrupt(specs, warm):
    environment, _ = warm
    with Kernel(specs, env=environment) as kernel:
        pid = kernel.pid
        running = kernel.start("kept = 1\nprint('on', flush=True)\nwhile True: pass")
        while kernel.client.get_iopub_msg(timeout=60)["msg_type"] != "stream":
            pass
        kernel.manager.interrupt_kernel()
        assert kernel.finish(running, failing=True) == "KeyboardInterrupt"
        assert kernel.run("print(kept, os.getpid())").split() == ["1", str(pid)]


def test_restart(specs, warm):
    environment, _ = warm
    with Kernel(specs, env=environment) as kernel:
        before = kernel.pid
        kernel.run("kept = 1")
        kernel.manager.restart_kernel()
        kernel.client.wait_for_ready(timeout=60)
        assert gone(before) and kernel.pid != before and is_warm(kernel)
        assert kernel.run("print('kept' in globals())").strip() == "False"


@pytest.mark.parametrize("end", ["shutdown", "now", "asker killed", "asker told", "os._exit"])
def test_nothing_is_left(specs, warm, end):
    """However it ends, neither the fork nor who stands for it, nor what the fork started."""
    environment, _ = warm
    with Kernel(specs, env=environment) as kernel:
        pid, asker = kernel.pid, kernel.asker
        started = int(kernel.run("import subprocess; print(subprocess.Popen(['sleep', '99']).pid)"))
        if end == "shutdown":
            kernel.manager.shutdown_kernel()
        elif end == "now":
            kernel.manager.shutdown_kernel(now=True)
        elif end == "asker killed":
            os.kill(asker, signal.SIGKILL)
        elif end == "asker told":
            os.kill(asker, signal.SIGTERM)
        else:
            kernel.start("os._exit(3)")
        assert gone(pid) and within(30, lambda: not kernel.manager.is_alive())
        assert not alive(asker)
        if end != "os._exit":  # a plain kernel that crashes leaves its children, too
            assert gone(started)
        else:
            os.kill(started, signal.SIGKILL)


def test_a_crash_is_seen_though_a_forked_worker_lives_on(specs, warm):
    environment, _ = warm
    with Kernel(specs, env=environment) as kernel:
        worker = "import os, time\nw = os.fork()\nif w == 0: time.sleep(99)\nprint(w)"
        worker = int(kernel.run(worker))
        kernel.start("os.kill(os.getpid(), 9)")
        assert within(30, lambda: not kernel.manager.is_alive())
        os.kill(worker, signal.SIGKILL)


def test_the_parents_crash_ends_no_kernel_and_the_next_is_plain(specs, tmp_path):
    with a_parent(tmp_path) as (environment, pid):
        with Kernel(specs, env=environment) as kernel:
            assert is_warm(kernel)
            kernel.run("kept = 1")
            os.kill(pid, signal.SIGKILL)
            assert gone(pid)
            with Kernel(specs, env=environment) as other:
                assert not is_warm(other)
            assert kernel.run("print(kept)").strip() == "1"
            kernel.manager.restart_kernel()
            kernel.client.wait_for_ready(timeout=60)
            assert not is_warm(kernel)


def test_a_parent_that_says_nothing_is_not_waited_for(tmp_path, monkeypatch):
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.bind(path)
        deaf.listen()
        monkeypatch.setenv(ask.VARIABLE, path)
        monkeypatch.setattr(ask, "PATIENCE", 0.2)
        channel, pid = ask.fork([])
        assert pid is None and channel.fileno() == -1


@pytest.mark.parametrize("wait", [True, False], ids=["ready", "still importing"])
def test_the_parent_ends_with_who_started_it(tmp_path, wait):
    code = (
        "import os, sys\nfrom pathlib import Path\nfrom deploy.warm import parent\n"
        f"log = Path({str(tmp_path / 'log')!r})\n"
        f"c = parent.running(sys.executable, dict(os.environ), log, wait={wait})\n"
        "print(c.__enter__()[1], flush=True)\nos.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert gone(int(done.stdout), 120)
