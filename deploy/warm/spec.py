"""The kernel spec "DINO": a warm kernel where there is a parent, else a plain one."""

import json
import sys
from pathlib import Path

ASK = Path(__file__).with_name("ask.py")
NAMES = ("python3", "dino")  # the lessons ask for python3, so that they open anywhere


def content(python):
    """What kernel.json says.

    Returns
    -------
    dict
    """
    return {
        "argv": [str(python), "-I", "-S", str(ASK), "-f", "{connection_file}"],
        "display_name": "DINO",
        "language": "python",
        "interrupt_mode": "signal",
        "metadata": {"debugger": False},
    }


def write(folder, python=sys.executable, names=NAMES):
    """Put the spec into a folder ``kernels`` on ``JUPYTER_PATH``."""
    for name in names:
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / name / "kernel.json").write_text(json.dumps(content(python), indent=1) + "\n")
