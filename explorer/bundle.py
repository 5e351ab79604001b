"""ES modules in, one script out: what a page of one file and a worker without an address need.

Our modules follow three habits that make this a matter of a few lines: imports stand on lines of
their own and name what they take, nothing is renamed, and no two modules of a bundle declare the
same name (the browser itself refuses the script if they do).
"""

import base64
import json
import re
from pathlib import Path

_IMPORT = re.compile(r'^import [^;]*? from "(\./|\.\./)([^"]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(async )?(function|const|class)\b)", re.MULTILINE)
_DEFAULT = re.compile(r"^export default .*\n", re.MULTILINE)


def modules(path):
    """A module and all that it imports, each once, what is needed first."""
    path, found = Path(path).resolve(), {}
    for up, name in _IMPORT.findall(path.read_text("utf-8")):
        found |= dict.fromkeys(modules(path.parent / up / name))
    return [*found, path]


def bundle(path):
    """One script that does what a module and all its imports do.

    In a block of its own, so that its names are seen nowhere else; with the default export, if it
    has one, after it. It can stand in a page: no text in it ends a script element.
    """
    text = "\n".join(_IMPORT.sub("", module.read_text("utf-8")) for module in modules(path))
    if "</script" in text:
        raise ValueError(f"{path}: </script would end a page's script")
    text = _EXPORT.sub("", text)
    if default := _DEFAULT.search(text):  # may stand in no block; a module has a scope of its own
        return _DEFAULT.sub("", text) + default[0]
    return f'"use strict";\n{{\n{text}\n}}\n'


def fill(template, **parts):
    """The text of a page, of which each @NAME@ becomes a part."""
    return re.sub(r"@([A-Z_]+)@", lambda found: parts[found[1]], template.read_text("utf-8"))


def in_script(data):
    """JSON that can stand in a script element, whatever a caption says; bytes in base64."""
    return json.dumps(data, default=in_base64, ensure_ascii=False).replace("<", "\\u003c")


def in_base64(data):
    return base64.b64encode(data).decode()
