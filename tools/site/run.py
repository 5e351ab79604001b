"""Run a lesson for the site: in one language, its figures with words, its explorers kept alive."""

import ast
import re
import tempfile
from pathlib import Path

from nbformat.v4 import new_code_cell

from tools.notebooks import LESSONS, ROOT, client

PRELUDE = f"""import sys
sys.path.insert(0, {str(ROOT)!r})
from tools.site import figures
figures.describe()
%config InlineBackend.figure_formats = ["retina"]"""
TRAITS = re.compile(r'<script type="application/json" class="dino-traits">(.*?)</script>', re.S)


def shows_explorer(source):
    """Whether the last line of a cell is a call of ``explorer.explore``."""
    body = ast.parse(source).body
    call = body[-1].value if body and isinstance(body[-1], ast.Expr) else None
    return isinstance(call, ast.Call) and getattr(call.func, "attr", "") == "explore"


def execute(nb, path):
    """Run a lesson in one language, in place, with cells of our own in between, gone afterwards.

    A cell that shows an explorer gets what the explorer's own page holds (``Explorer.save_html``),
    as JSON, in ``cell.metadata.explorer``.
    """
    lesson, nb.cells = nb.cells, [new_code_cell(PRELUDE)]
    with tempfile.TemporaryDirectory() as folder:
        for cell in lesson:
            nb.cells.append(cell)
            if cell.cell_type == "code" and shows_explorer(cell.source):
                file = str(Path(folder) / f"{cell.id}.html")
                save = f"Out[max(Out)].save_html({file!r}, network=False)"
                nb.cells.append(new_code_cell(save))
        client(nb, LESSONS / path.name).execute()
        nb.cells = lesson
        for cell in lesson:
            if (page := Path(folder) / f"{cell.id}.html").exists():
                cell.metadata["explorer"] = TRAITS.search(page.read_text("utf-8"))[1]
