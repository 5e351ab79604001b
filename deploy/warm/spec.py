"""The kernel spec "DINO": a warm kernel where there is a parent, else a plain one."""

import json
import sys
from pathlib import Path

ASK = Path(__file__).with_name("ask.py")
# The lessons ask for python3, so that they open anywhere, and store this name of it: whoever saves
# one changes nothing by that.
NAMES = {"python3": "Python 3", "dino": "DINO"}


def write(folder, python=sys.executable):
    """Put the spec into a folder ``kernels`` on ``JUPYTER_PATH``."""
    for name, shown in NAMES.items():
        content = {
            "argv": [str(python), "-I", "-S", str(ASK), "-f", "{connection_file}"],
            "display_name": shown,
            "language": "python",
            "interrupt_mode": "signal",
            "metadata": {"debugger": False},
        }
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / name / "kernel.json").write_text(json.dumps(content, indent=1) + "\n")
