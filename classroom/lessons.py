"""What a notebook needs before its first cell: packages, the font, the reader's language."""

import contextlib
import ctypes
import functools
import getpass
import importlib.util
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from bilingual import tell
from classroom import language as _language

ROOT = Path(__file__).resolve().parents[1]

# What the lessons import; Colab has nearly all of it.
PACKAGES = (
    "torch",
    "torchvision",
    "timm",
    "huggingface_hub",
    "safetensors",
    "numpy",
    "PIL",
    "matplotlib",
    "ipywidgets",
    "anywidget",
    "sklearn",
    "scipy",
    "tqdm",
)
PIP_NAMES = {"PIL": "pillow", "sklearn": "scikit-learn"}


def setup(language=None):
    """Make the notebook ready; prints nothing when all is well and both languages are shown.

    On Colab, installs what is missing and never upgrades what is there. Teaches matplotlib Hangul.

    Parameters
    ----------
    language : {"ko", "en", "both"}, optional
        Korean, English or both: of the prose (in JupyterLab), of figures, widgets and messages.
        It is remembered; without it the lesson takes the last one. See ``helpers/language.py``.
    """
    _spare_memory()
    if "google.colab" in sys.modules:
        install(missing())
    _language.choose(language, outputs())
    _language.show()


def _spare_memory():
    """Have the C library give freed tensors back to the system at once, where that is glibc.

    Otherwise it keeps them for later, up to 80 MB in a lesson; Binder has 2 GB and a class shares.
    """
    with contextlib.suppress(OSError, AttributeError, TypeError):
        mallopt = ctypes.CDLL(None).mallopt  # numbers from glibc's malloc.h
        mallopt(-3, 1 << 20)  # M_MMAP_THRESHOLD: blocks of 1 MB and more are mapped one by one
        mallopt(-8, 1)  # M_ARENA_MAX: threads share one heap


def language(choice):
    """Change the language: "ko", "en" or "both". What is drawn or run from now on follows it."""
    setup(choice)


def outputs():
    """The folder for all that the lessons write; made when it is first asked for.

    Returns
    -------
    Path
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


def missing():
    """Names of the packages that the lessons need and this Python lacks."""
    return [name for name in PACKAGES if importlib.util.find_spec(name) is None]


def install(names):
    """Install packages by name with pip; raises CalledProcessError if that fails."""
    if names:
        names = [PIP_NAMES.get(name, name) for name in names]
        subprocess.run([sys.executable, "-m", "pip", "install", "-q", *names], check=True)
