"""Who gets a fork: never more rights, another home or another limit than a plain kernel had had."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path

import pytest
from kernels import Kernel, a_parent, forks, is_warm, root, within

from deploy.warm import ask, parent, same, spec

pytestmark = [
    pytest.mark.skipif(bool(parent.supported()), reason=str(parent.supported())),
    pytest.mark.slow,
]
as_root = pytest.mark.skipif(not root(), reason="only root can be other users")
STUDENT = 54321  # no account


@pytest.fixture(scope="module")
def warm(tmp_path_factory):
    with a_parent(tmp_path_factory.mktemp("parent")) as found:
        yield found


@pytest.fixture(scope="module")
def specs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kernels")
    spec.write(folder)
    return folder


@pytest.fixture
def home():
    """A folder that any user can reach."""
    folder = tempfile.mkdtemp()
    os.chmod(folder, 0o755)
    yield Path(folder)
    shutil.rmtree(folder)


def request(environment, prefix=(), user=None, then="print(pid)", **popen):
    """What an ``ask`` prints that got an answer, or none, and then goes away; and its log.

    It takes another user's rights once it is loaded.
    """
    code = f"""import os, sys; sys.path.insert(0, {str(Path(ask.__file__).parent)!r}); import ask
if {user}:
    os.setgroups([]); os.setresgid({user}, {user}, {user}); os.setresuid({user}, {user}, {user})
channel, pid = ask.fork([])
{then}"""
    command = [*prefix, sys.executable, "-I", "-S", "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, **popen)
    return done.stdout.strip(), done.stderr


# --- users --------------------------------------------------------------------------------------


@as_root
def test_others_are_turned_away(tmp_path, home):
    with a_parent(tmp_path) as (environment, _):
        os.chmod(Path(environment[ask.VARIABLE]).parent, 0o755)
        os.chmod(environment[ask.VARIABLE], 0o666)
        assert request(environment)[0].isdigit()
        environment = environment | {"HOME": str(home)}
        told, why = request(environment, user=STUDENT, cwd=home)
        assert told == "None" and "another user" in why


# --- limits and walls ---------------------------------------------------------------------------


@as_root
def test_behind_another_wall_there_is_no_fork(warm):
    environment, _ = warm
    for wall in ("--mount", "--net", "--ipc", "--uts"):
        prefix = ["unshare", wall]
        if subprocess.run([*prefix, "true"], capture_output=True).returncode:
            pytest.skip("no namespaces can be made here")
        told, why = request(environment, prefix=prefix)
        assert told == "None" and "namespace" in why, (wall, why)


def test_what_may_gain_no_rights_gets_no_fork_that_may(warm):
    environment, _ = warm
    told, why = request(environment, prefix=["setpriv", "--no-new-privs"])
    assert told == "None" and "NoNewPrivs" in why


@as_root
def test_behind_other_limits_there_is_no_fork(warm):
    environment, _ = warm
    name = f"dino-{uuid.uuid4().hex[:8]}"
    own = Path("/proc/self/cgroup").read_text().splitlines()
    line = next((x for x in own if x.split(":")[1] in ("memory", "")), None)
    _, controllers, path = line.split(":", 2)
    group = Path("/sys/fs/cgroup", controllers, path.lstrip("/"), name)
    try:
        group.mkdir()
    except OSError as error:
        pytest.skip(f"no control group can be made here: {error}")
    try:
        prefix = ["sh", "-c", f'echo $$ > {group}/cgroup.procs && exec "$@"', "sh"]
        told, why = request(environment, prefix=prefix)
        assert told == "None" and "another group" in why
    finally:
        within(30, lambda: not group.joinpath("cgroup.procs").read_text())
        group.rmdir()


@pytest.mark.parametrize("what", ["group", "rights"])
def test_another_group_or_right_is_a_reason(monkeypatch, what):
    assert same.place("self") is None
    other = lambda pid: pid  # noqa: E731  it needs a name of its own
    other.__name__ = what
    monkeypatch.setattr(same, what, other)
    assert f"another {what}" in same.place(os.getpid())


# --- environment --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"HF_HUB_OFFLINE": "0"},
        {"HF_HUB_CACHE": "/elsewhere"},
        {"OMP_NUM_THREADS": "7"},
        {"PYTHONPATH": "/elsewhere"},
        {"LD_PRELOAD": ""},
        {"MPLCONFIGDIR": "/elsewhere"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_was_read_at_the_start_must_be_the_same(warm, change):
    environment, _ = warm
    assert request(environment)[0].isdigit()
    told, why = request({**environment, **change})
    assert told == "None" and next(iter(change)) in why


def test_whoever_has_settings_or_packages_of_their_own_gets_a_plain_kernel(tmp_path):
    mine, theirs = {"HOME": "/teacher"}, {"HOME": str(tmp_path), "HF_HOME": "/models"}
    assert same.home(mine, theirs, tmp_path) is None
    assert "HF_HOME" in same.home(mine, {"HOME": str(tmp_path)}, tmp_path)
    for path in (".config/matplotlib/matplotlibrc", ".local/lib/python3.11/site-packages"):
        (tmp_path / path).mkdir(parents=True)
        assert path in same.home(mine, theirs, "/")
        (tmp_path / path).rmdir()
    (tmp_path / "matplotlibrc").touch()
    assert "matplotlibrc" in same.home(mine, mine, tmp_path)


def test_a_fork_prints_where_a_plain_kernel_prints(warm, specs, tmp_path):
    """And a kernel spec that finds another environment says why it is plain, in Jupyter's log."""
    environment, _ = warm
    with open(tmp_path / "log", "w") as log:
        with Kernel(specs, env={**environment, "OMP_NUM_THREADS": "7"}, stderr=log) as kernel:
            assert not is_warm(kernel)
        with Kernel(specs, env=environment, stdout=log, stderr=log) as kernel:
            assert is_warm(kernel)
            kernel.run("import os; _ = os.write(2, b'')")
            assert kernel.run("print(os.path.exists('/proc/self/fd/2'))").strip() == "True"
    told = (tmp_path / "log").read_text()
    assert "plain kernel: another OMP_NUM_THREADS" in told
    assert "Ctrl-C" not in told  # of a kernel that somebody started by hand


# --- requests that make no sense ----------------------------------------------------------------


def test_no_request_keeps_others_waiting_or_ends_the_parent(warm):
    environment, pid = warm
    path = environment[ask.VARIABLE]
    silent = [socket.socket(socket.AF_UNIX) for _ in range(5)]
    for asker in silent:
        asker.connect(path)
    for garbage in (b"", b"\0", b"\xff" * 4, b"GET / HTTP/1.1\r\n\r\n", b"\0\0\0\2{}"):
        with socket.socket(socket.AF_UNIX) as asker:
            asker.connect(path)
            asker.sendall(garbage)
    with socket.socket(socket.AF_UNIX) as asker:
        asker.connect(path)
        socket.send_fds(asker, [b" "], [0, 1, 2])
        asker.sendall(b"[]\n")
    assert request(environment)[0].isdigit()
    for asker in silent:
        asker.close()
    assert within(30, lambda: not forks(pid))


def test_a_fork_that_comes_late_ends(warm):
    """The asker has become a plain kernel meanwhile, on the same connection file."""
    environment, pid = warm
    job = {"argv": [], "cwd": "/", "environment": environment, "python": sys.executable}
    text = json.dumps(job | {"umask": 0o22}).encode()
    with socket.socket(socket.AF_UNIX) as asker:
        asker.connect(environment[ask.VARIABLE])
        socket.send_fds(asker, [b" "], [0, 1, 2])
        asker.sendall(text + b"\n")
        assert b"pid" in asker.recv(100)
    assert within(30, lambda: not forks(pid))
