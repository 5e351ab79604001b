"""What the hub on this machine is made of, in a folder of its own: nothing lands in .venv.

- ``outputs/hub/venv``   JupyterHub and nbgitpuller, over the packages that this Python has
- ``outputs/hub/proxy``  configurable-http-proxy, by npm
- ``outputs/hub/grades`` nbgrader, in the same way

    python -m deploy.parts

installs all three.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from . import settings

FOLDER = Path(os.environ.get("DINO_HUB") or settings.ROOT / "outputs" / "hub")


def python(folder=FOLDER):
    """The Python of the hub's own venv."""
    return folder / "venv" / "bin" / "python"


def proxy(folder=FOLDER):
    """The command of the proxy."""
    return folder / "proxy" / "node_modules" / ".bin" / "configurable-http-proxy"


def lacking(folder=FOLDER):
    """What a hub in this folder still lacks, in words; empty if it can start.

    Returns
    -------
    list of str
    """
    lack = []
    if os.name == "nt":
        lack.append("JupyterHub needs Linux or macOS")
    if not (folder / "venv" / ".installed").exists():
        lack.append("JupyterHub is not installed (make hub-parts)")
    if not proxy(folder).exists():
        lack.append("configurable-http-proxy is not installed (make hub-parts)")
    if not shutil.which("node"):
        lack.append("there is no node (apt install nodejs npm)")
    if not shutil.which("git"):
        lack.append("there is no git")
    return lack


def install(folder=FOLDER):
    """Install what the hub lacks; a second call does nothing.

    Raises
    ------
    SystemExit
        Without npm; the message says how to get it.
    subprocess.CalledProcessError
        If pip or npm fails.
    """
    _packages(folder / "venv", settings.HUB_PACKAGES)
    if not proxy(folder).exists():
        if not shutil.which("npm"):
            sys.exit(
                "npm이 없습니다. 데비안·우분투: sudo apt install nodejs npm\n"
                "There is no npm. Debian, Ubuntu: sudo apt install nodejs npm"
            )
        (folder / "proxy").mkdir(parents=True, exist_ok=True)
        npm = ["npm", "install", "--silent", "--no-fund", "--no-audit", "--prefix"]
        subprocess.run([*npm, folder / "proxy", settings.PROXY], check=True)


def install_grades(folder=FOLDER):
    """Install nbgrader, apart from the hub: its extensions are no business of students' servers."""
    _packages(folder / "grades", settings.GRADE_PACKAGES)


def _packages(venv, wanted):
    stamp = venv / ".installed"
    if not stamp.exists() or stamp.read_text() != "\n".join(wanted):
        _venv(venv)
        pip = [venv / "bin" / "python", "-m", "pip", "install", "-q"]
        subprocess.run([*pip, "--disable-pip-version-check", *wanted], check=True)
        stamp.write_text("\n".join(wanted))


def _venv(venv):
    """A venv that sees this Python's packages, which take gigabytes, and adds its own."""
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    own = subprocess.check_output([venv / "bin" / "python", "-c", code], text=True).strip()
    (Path(own) / "lessons.pth").write_text(sysconfig.get_path("purelib") + "\n")


def borrow(folder):
    """Let another folder, for a hub of a test, use what is installed in this one."""
    for part in ("venv", "proxy"):
        (folder / part).symlink_to(FOLDER / part)


def jupyter(folder=FOLDER):
    """Environment by which the hub's venv finds JupyterLab and its extensions in this Python's.

    Returns
    -------
    dict of str
    """
    share, etc = Path(sys.prefix) / "share" / "jupyter", Path(sys.prefix) / "etc" / "jupyter"
    return {
        "JUPYTER_PATH": os.pathsep.join([str(folder / "jupyter"), str(share)]),
        # JupyterLab is switched on by a file beside this Python, not beside the hub's.
        "JUPYTER_CONFIG_PATH": os.pathsep.join([str(folder / "etc"), str(etc)]),
        "JUPYTERLAB_DIR": str(share / "lab"),
    }


if __name__ == "__main__":
    install()
    install_grades()
    print(FOLDER)
