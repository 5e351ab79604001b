"""What a notebook needs before its first cell: packages, a language, a place to write.

The reader's language is the one chosen in ``setup``, else the environment variable
``DINO_LANGUAGE``, else what ``outputs/settings.json`` remembers of the last lesson, else both.
"""

import contextlib
import functools
import getpass
import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from importlib import metadata
from pathlib import Path

from IPython import get_ipython
from IPython.display import display

import bilingual
from bilingual import say, tell

ROOT = Path(__file__).resolve().parents[1]
PLACE = "dino-language"  # one place on the page, so that a later choice replaces an earlier one

_shown = False


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
    file = outputs() / "settings.json"
    bilingual.choose(language or os.environ.get(bilingual.VARIABLE) or _remembered(file))
    if language:
        with contextlib.suppress(OSError):  # a full disk: the choice holds for this lesson
            file.write_text(json.dumps({"language": bilingual.language()}) + "\n", "utf-8")
    _show_language()
    if shell := get_ipython():
        shell.set_custom_exc((NameError,), _explain)


def language(choice):
    """Change the language: "ko", "en" or "both". What is drawn or run from now on follows it."""
    setup(choice)


def _show_language():
    """Hide the other language's prose, where a notebook's outputs can style its page.

    JupyterLab and Notebook 7 can; VS Code, Colab and GitHub show both languages, as ever. Nothing
    is shown as long as both languages are.
    """
    global _shown
    chosen = bilingual.language()
    if chosen == "both" and not _shown:
        return
    _shown = True
    other = {"ko": "en", "en": "ko", "both": None}[chosen]
    hidden = f'.jp-MarkdownCell:has(.jp-RenderedMarkdown [lang="{other}"])'
    style = f"<style>{hidden} {{ display: none; }}</style>\n" if other else ""
    how = ' lessons.language("both")' if other else ""
    ko = "언어: 한국어. 두 언어로:" if other else "언어: 한국어와 영어"
    en = "Language: English. For both:" if other else "Language: Korean and English"
    notice = say(ko, en, " · ") + how
    page = f'{style}<p lang="{chosen if other else "ko"}">{notice}</p>'
    display({"text/html": page, "text/plain": notice}, raw=True, display_id=PLACE)


def _remembered(file):
    try:
        return bilingual.known(json.loads(file.read_text("utf-8"))["language"])
    except (OSError, ValueError, TypeError, KeyError):  # nothing yet, or somebody edited it
        return "both"


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
