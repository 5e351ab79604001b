"""How long the lessons take, counted: what their heads and the READMEs promise is held to it.

    python -m tools.minutes        prints a table

Words of the longer language ÷ 120 a minute, and 20 s for each code cell, 4 min for each exercise,
2 min for each widget that is to be used, guesses included.
"""

import ast
import re
from pathlib import Path
from typing import NamedTuple

import nbformat

from bilingual import console

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"
WIDGETS = {"explore", "upload", "interact", "interactive"}  # and guesses
UNREAD = re.compile(r"<details>.*?</details>|```.*?```|<[^>]+>|\]\([^)]*\)", re.S)


class Count(NamedTuple):
    """What a lesson asks of a reader; ``minutes`` is what that takes."""

    ko: int
    en: int
    cells: int
    exercises: int
    widgets: int

    @property
    def minutes(self):
        words = max(self.ko, self.en)
        return words / 120 + self.cells / 3 + self.exercises * 4 + self.widgets * 2


def count(nb):
    """Count a notebook's words, cells, exercises and widgets; folded solutions are not read."""
    words = {"lang-ko": 0, "lang-en": 0}
    called, cells = [], 0
    for cell in nb.cells:
        if cell.cell_type == "code":
            cells += 1
            called += _called(ast.parse(cell.source))
        for tag in set(cell.metadata.get("tags", ())) & words.keys():
            words[tag] += len(UNREAD.sub(" ", cell.source).split())
    exercises = sum(name.startswith("checks.check_") for name in called)
    return Count(*words.values(), cells, exercises, sum(map(_is_widget, called)))


def promised(nb):
    """Minutes that a notebook's head announces, in Korean and in English; () where it has none."""
    head = "\n".join(cell.source for cell in nb.cells[:14])
    said = [re.search(words, head) for words in (r"약 (\d+)분", r"about (\d+) min")]
    return tuple(int(found[1]) for found in said if found)


def _called(node):
    """Names of the functions that are called, but for what a function or lambda would call."""
    within = [] if isinstance(node, ast.Lambda | ast.FunctionDef) else ast.iter_child_nodes(node)
    name = [ast.unparse(node.func)] if isinstance(node, ast.Call) else []
    return name + [called for child in within for called in _called(child)]


def _is_widget(name):
    module, _, function = name.rpartition(".")
    if function in ("patches", "choice"):
        return module == "predict"
    return function in WIDGETS and module in ("", "explorer", "widgets", "ipywidgets")


def main():
    console.prepare()
    print("lesson            ko    en  cells  exercises  widgets  minutes  promised")
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        nb = nbformat.read(path, as_version=4)
        c = count(nb)
        print(
            f"{path.stem:<16} {c.ko:4} {c.en:5} {c.cells:6} {c.exercises:10} {c.widgets:8}"
            f" {c.minutes:8.0f}  {'/'.join(map(str, promised(nb))):>8}"
        )


if __name__ == "__main__":
    main()
