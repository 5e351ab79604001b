"""What a notebook needs before its first cell: packages, a language, a place to write."""

import functools
import getpass
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from importlib import metadata
from pathlib import Path

from IPython import get_ipython

from bilingual import say, tell
from classroom import language as _language

ROOT = Path(__file__).resolve().parents[1]


def setup(language=None):
    """Make the notebook ready; prints nothing when all is well and both languages are shown.

    On Colab, installs what is missing and never upgrades what is there.

    Parameters
    ----------
    language : {"ko", "en", "both"}, optional
        Korean, English or both: of the prose (in JupyterLab), of figures, widgets and messages.
        It is remembered; without it the lesson takes the last one. BadInput: no such language.
    """
    if "google.colab" in sys.modules and (packages := missing()):
        subprocess.run([sys.executable, "-m", "pip", "install", "-q", *packages], check=True)
    _language.choose(language, outputs())
    _language.show()
    if shell := get_ipython():
        shell.set_custom_exc((NameError,), _explain)


def language(choice):
    """Change the language: "ko", "en" or "both". What is drawn or run from now on follows it."""
    setup(choice)


def missing():
    """What of pyproject.toml's list this Python lacks, but for Jupyter: Colab is one."""
    here = {d.name.lower().replace("_", "-") for d in metadata.distributions()} | {"jupyterlab"}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return [
        line
        for line in project["dependencies"]
        if re.match(r"[\w-]+", line)[0].replace("_", "-") not in here
    ]


def _explain(shell, kind, error, trace, tb_offset=None):
    """A sentence where an exercise's cell holds a name that is none; else the traceback."""
    if "checks.check_" not in shell.history_manager.input_hist_raw[-1]:
        return shell.showtraceback((kind, error, trace), tb_offset=tb_offset)
    said = say(
        f"{error.name}: 없는 이름입니다. 낱말이면 따옴표로 감싸고, 변수이면 위 셀부터 실행하세요.",
        f"{error.name}: no such name. Put a word in quotes; for a variable, run the cells above.",
        "\n",
    )
    shell._showtraceback(kind, error, [said])


def outputs():
    """The folder for all that the lessons write; made when it is first asked for.

    The environment variable ``DINO_OUTPUTS``, or else ``outputs/`` beside the helpers. If that
    cannot be written to (a read-only checkout), a folder of the reader's own in the temporary
    directory, the same one each time; a notice says so once.
    """
    wanted = Path(os.environ.get("DINO_OUTPUTS") or ROOT / "outputs").expanduser().absolute()
    return wanted if _writable(wanted) else _temporary(wanted)


def _writable(folder):
    """Whether a folder is there, or can be made, and takes files."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # A try, since os.access knows nothing of Windows' rights or of a full quota.
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


@functools.cache  # so the notice comes once
def _temporary(wanted):
    who = getattr(os, "getuid", getpass.getuser)()  # in a container, a user may have no name
    own = Path(tempfile.gettempdir()) / f"dino-tutorial-{who}"
    try:
        own.mkdir(mode=0o700, exist_ok=True)
        strange = own.is_symlink() or hasattr(os, "getuid") and own.stat().st_uid != os.getuid()
    except OSError:
        strange = True
    if strange or not _writable(own):  # somebody else took the name, on a machine of many users
        own = Path(tempfile.mkdtemp(prefix="dino-tutorial-"))
    tell(
        f"{wanted}에는 쓸 수 없어서 결과를 {own}에 둡니다.",
        f"{wanted} cannot be written to, so what the lessons write goes to {own}.",
    )
    return own
