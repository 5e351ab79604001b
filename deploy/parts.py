"""What the hub on this machine is made of, in a folder of its own: nothing lands in .venv.

- ``outputs/hub/venv``   JupyterHub and nbgitpuller, over the packages that this Python has
- ``outputs/hub/proxy``  configurable-http-proxy, by npm
- ``outputs/hub/grades`` nbgrader, in the same way: its extensions are no business of students'

    python -m deploy.parts

installs all three.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from bilingual import console, say

from . import settings

FOLDER = Path(os.environ.get("DINO_HUB") or settings.ROOT / "outputs" / "hub")


def python(folder=FOLDER):
    """The Python of the hub's own venv."""
    return folder / "venv" / "bin" / "python"


def proxy(folder=FOLDER):
    """The command of the proxy."""
    return folder / "proxy" / "node_modules" / ".bin" / "configurable-http-proxy"


def install(folder=FOLDER):
    """Install what the hub lacks; a second call does nothing. SystemExit without npm, in words."""
    packages(folder / "venv", settings.HUB_PACKAGES)
    if not proxy(folder).exists():
        if not shutil.which("npm"):
            where = say("데비안·우분투", "Debian, Ubuntu", " · ")
            sys.exit(f"{say('npm이 없습니다.', 'no npm.')} {where}: sudo apt install nodejs npm")
        (folder / "proxy").mkdir(parents=True, exist_ok=True)
        npm = ["npm", "install", "--silent", "--no-fund", "--no-audit", "--prefix"]
        subprocess.run([*npm, folder / "proxy", settings.PROXY], check=True)


def packages(venv, wanted):
    """A venv that sees this Python's packages, which take gigabytes, and adds some of its own."""
    stamp = venv / ".installed"
    if not stamp.exists() or stamp.read_text() != "\n".join(wanted):
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        own = sysconfig.get_path("purelib", vars={"base": str(venv)})
        (Path(own) / "lessons.pth").write_text(sysconfig.get_path("purelib") + "\n")
        pip = [venv / "bin" / "python", "-m", "pip", "install", "-q"]
        subprocess.run([*pip, "--disable-pip-version-check", *wanted], check=True)
        stamp.write_text("\n".join(wanted))


def borrow(folder):
    """Let another folder, for a hub of a test, use what is installed in this one."""
    for part in ("venv", "proxy"):
        (folder / part).symlink_to(FOLDER / part)


def jupyter(folder=FOLDER):
    """Environment by which the hub's venv finds JupyterLab and its extensions in this Python's."""
    share, etc = Path(sys.prefix) / "share" / "jupyter", Path(sys.prefix) / "etc" / "jupyter"
    return {
        "JUPYTER_PATH": os.pathsep.join([str(folder / "jupyter"), str(share)]),
        # JupyterLab is switched on by a file beside this Python, not beside the hub's.
        "JUPYTER_CONFIG_PATH": os.pathsep.join([str(folder / "etc"), str(etc)]),
        "JUPYTERLAB_DIR": str(share / "lab"),
    }


if __name__ == "__main__":
    console.prepare()
    install()
    packages(FOLDER / "grades", settings.GRADE_PACKAGES)
    print(FOLDER)
