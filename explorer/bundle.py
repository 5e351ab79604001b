"""ES modules in, one script out: what a page of one file and a worker without an address need.

Our modules follow three habits that make this a matter of a few lines: imports stand on lines of
their own and name what they take, nothing is renamed, and no two modules of a bundle declare the
same name (the browser itself refuses the script if they do).
"""

import re
from pathlib import Path

_IMPORT = re.compile(r'^import [^;]*? from "(\./|\.\./)([^"]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(async )?(function|const|class)\b)", re.MULTILINE)


def modules(path):
    """A module and all that it imports, each once, what is needed first."""
    path = Path(path).resolve()
    found = []

    def visit(module):
        if module in found:
            return
        for up, name in _IMPORT.findall(module.read_text("utf-8")):
            visit((module.parent / up / name).resolve())
        found.append(module)

    visit(path)
    return found


def bundle(path):
    """One script that does what a module and all its imports do.

    Parameters
    ----------
    path : str or Path
        The module that is imported by no other.

    Returns
    -------
    str
        In a block of its own, so that its names are seen nowhere else.
    """
    texts = [_IMPORT.sub("", module.read_text("utf-8")) for module in modules(path)]
    return '"use strict";\n{\n' + _EXPORT.sub("", "\n".join(texts)) + "\n}\n"
