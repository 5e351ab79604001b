"""A JupyterHub on this machine, to try a class on: loopback only, in a folder of its own.

    python -m deploy.hub [--port 8000] [--plain] [--models FOLDER]

installs JupyterHub and its proxy the first time (into outputs/hub, nothing into .venv), makes a
repository of the lessons as they are now, prints the link that a student follows and the password,
and runs until Ctrl-C. Students' homes stay in outputs/hub/home; delete them there.
"""

import argparse
import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from bilingual import tell
from tools import unopened

from . import parts, settings
from .warm import parent, spec

# Of its own environment, what JupyterHub passes on to students (Spawner.env_keep).
KEPT = "PATH PYTHONPATH CONDA_ROOT CONDA_DEFAULT_ENV VIRTUAL_ENV LANG LC_ALL".split()


@dataclass
class Hub:
    """A hub that runs."""

    url: str
    repository: str  # address of the lessons, as git wants it
    password: str  # of every student
    token: str  # of the hub's API, for ``students``
    process: subprocess.Popen
    warm: int | None  # the process that kernels are forked from

    def link(self):
        """What a student follows to the lessons."""
        return settings.link(self.url, self.repository)


@contextlib.contextmanager
def running(folder=parts.FOLDER, port=0, warm=True, environment=()):
    """Run a hub while the block lasts, and yield it.

    Parameters
    ----------
    folder : Path, with the ``parts`` installed
    port : int, 0 takes a free one
    warm : bool, whether kernels are forked from a warm process; see ``warm``
    environment : dict, more variables for the students, over ``settings.ENVIRONMENT``
    """
    folder = folder.absolute()
    own = folder / "run"
    own.mkdir(parents=True, exist_ok=True)
    own.chmod(0o700)  # the hub's database and its secrets
    settings_files(folder)
    passed = parts.jupyter(folder) | dict(environment)
    url = f"http://127.0.0.1:{port or free_port()}"
    password, token = secrets.token_urlsafe(6), secrets.token_hex(16)
    with contextlib.ExitStack() as stack:
        if warm:
            kept = {name: os.environ[name] for name in KEPT if name in os.environ}
            students = kept | settings.ENVIRONMENT | passed
            running = parent.running(parts.python(folder), students, own / "warm.log")
            found, warm = stack.enter_context(running)
            passed |= found
        told = {"root": str(settings.ROOT), "folder": str(folder), "url": url, "token": token}
        told |= {"ports": [free_port(), free_port()], "password": password, "students": passed}
        command = [parts.python(folder), "-m", "jupyterhub", "-f"]
        command += [settings.ROOT / "deploy" / "jupyterhub_config.py"]
        env = os.environ | passed | {"DINO_HUB_SETTINGS": json.dumps(told)}
        log = stack.enter_context(open(own / "hub.log", "wb"))
        how = {"cwd": own, "env": env, "start_new_session": True}
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, **how)
        stack.callback(_end, process)
        _wait(f"{url}/hub/api/", process, own / "hub.log")
        yield Hub(url, repository(folder), password, token, process, warm or None)


def settings_files(folder):
    """Write the server's settings, JupyterLab's and the kernel spec."""
    lab = folder / "lab"
    server = settings.SERVER | {"LabApp": {"app_settings_dir": str(lab)}}
    etc = folder / "etc" / "jupyter_server_config.json"
    settings.write({etc: server, lab / "overrides.json": settings.LAB})
    spec.write(folder / "jupyter" / "kernels", parts.python(folder))


def repository(folder):
    """Commit the lessons as they are now, unsaved work included; the address to clone them from."""
    bare = folder / "git" / settings.NAME
    git = ["git", f"--git-dir={bare}", f"--work-tree={settings.ROOT}"]
    who = ["-c", "user.name=teacher", "-c", "user.email=teacher@example.org"]
    if not (bare / "HEAD").exists():
        bare.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["git", "init", "-q", "--bare", "-b", settings.BRANCH, bare], check=True)
    subprocess.run([*git, "add", "--all"], check=True)
    unopened.stage(git, settings.ROOT)  # without what lies below a guess
    if subprocess.run([*git, "diff", "--cached", "--quiet"]).returncode:
        subprocess.run([*git, *who, "commit", "-q", "-m", "The lessons as they are"], check=True)
    return bare.as_uri()


def cache(folder):
    """Environment by which students find models in another folder."""
    return dict.fromkeys(("HF_HOME", "HF_HUB_CACHE"), str(Path(folder).absolute()))


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def _wait(address, process, log, seconds=120):
    """Until the hub answers; its log is the error if it ends before."""
    for _ in range(seconds * 5):
        with contextlib.suppress(OSError):
            urllib.request.urlopen(address, timeout=2).close()
            return
        if process.poll() is not None:
            break
        time.sleep(0.2)
    raise RuntimeError(f"JupyterHub did not start: {log}\n" + log.read_text()[-3000:])


def _end(process):
    """Ctrl-C's signal: the hub then shuts the students' servers and the proxy down itself."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(60)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--plain", action="store_true", help="no kernels from a warm process")
    parser.add_argument("--models", type=Path, default=settings.MODELS, help="%(default)s")
    asked = parser.parse_args(argv)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a kill ends the servers, too
    tell("허브를 준비합니다.", "Making the hub ready.")
    parts.install()
    models = cache(asked.models)
    with running(port=asked.port, warm=not asked.plain, environment=models) as hub:
        tell(
            f"수강생에게 줄 링크:\n  {hub.link()}\n"
            f"아무 이름으로나 로그인하세요. 비밀번호: {hub.password}\n"
            f"끝내려면 Ctrl-C. 이 컴퓨터에서만 열립니다.",
            f"The link for students:\n  {hub.link()}\n"
            f"Log in by any name. Password: {hub.password}\n"
            f"Ctrl-C ends it. It opens on this computer only.",
        )
        sys.stdout.flush()
        with contextlib.suppress(KeyboardInterrupt):
            return hub.process.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
