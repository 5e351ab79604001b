"""Every exercise of every lesson, as the notebooks have it.

An exercise is a code cell that calls a check. Its solution is folded away in the prose above, its
stub is the `...`. `WRONG`, of mistakes.py, holds plausible mistakes, as a student would type them;
an exercise that has none there fails, and so does one that the checks do not list.
"""

import ast
import builtins
import re
from functools import cache
from pathlib import Path

import nbformat
import numpy as np
import pytest
from IPython.display import display
from mistakes import WRONG
from notebook_names import SOLUTION, bound, free
from verdicts import all_different_hints, passes, unanswered

from classroom import answers, lessons
from classroom.checks.exercise import listed

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"

# Answers to which a check can only say what it says to anything it does not know.
NONSENSE = (12345.678, -0.123, "?", ("?", "!"), object(), np.zeros((2, 3, 4)))


class Exercise:
    """One exercise of a stored notebook, with what the cells above it make."""

    def __init__(self, cells, index):
        self.cells, self.index = cells, index
        self.tree = ast.parse(cells[index].source)
        call = next(n for n in ast.walk(self.tree) if _is_check(n))
        self.check = call.func.attr
        self.solutions = []
        above = index - 1
        while "<details>" not in cells[above].source:
            above -= 1
        for prose in cells[above - 1 : above + 1]:  # the twins
            (solution,) = SOLUTION.findall(prose.source)
            self.solutions.append(solution)

    def run(self, names, answer):
        """Run the cell as it is (answer None), or with its stub replaced by some code."""
        body = [n for n in self.tree.body if answer is None or not _is_stub(n)]
        if answer is not None:
            stub = next(i for i, n in enumerate(self.tree.body) if _is_stub(n))
            body[stub:stub] = ast.parse(answer).body
        names = dict(names)
        exec(compile(ast.Module(body, []), "<cell>", "exec"), names)
        return names

    def names(self):
        """What the cells above bind, from those cells alone that the exercise needs."""
        wanted = free(self.tree) | free(ast.parse("\n".join(self.solutions)))
        for wrong in WRONG.get((self.lesson, self.check), ()):
            wanted |= free(ast.parse(wrong))
        needed = []
        for cell in reversed(self.cells[: self.index]):
            if cell.cell_type != "code" or "os.chdir" in cell.source:
                continue
            tree = ast.parse(cell.source)
            if bound(tree) & wanted:
                needed.insert(0, cell.source)
                wanted |= free(tree)
        names = {"lessons": lessons, "display": display}  # of the set-up cell, and IPython's own
        for source in needed:
            exec(source, names)
        return names


def _is_check(node):
    return isinstance(node, ast.Call) and ast.unparse(node.func).startswith("checks.check_")


def _is_stub(node):
    return isinstance(node, ast.Assign) and any(
        isinstance(n, ast.Constant) and n.value is ... for n in ast.walk(node.value)
    )


@cache
def exercises():
    """All exercises, ``{(lesson, check): Exercise}``, in their order."""
    found = {}
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        cells = nbformat.read(path, as_version=4).cells
        for i, cell in enumerate(cells):
            if cell.cell_type == "code" and "checks." in cell.source:
                if any(_is_check(node) for node in ast.walk(ast.parse(cell.source))):
                    exercise = Exercise(cells, i)
                    exercise.lesson = path.name[:2]
                    key = exercise.lesson, exercise.check
                    assert key not in found, f"{key} is asked twice"
                    found[key] = exercise
    return found


def test_the_checks_list_every_exercise_in_its_order():
    in_order = [(lesson, name) for lesson, names in listed().items() for name in names]
    assert in_order == list(exercises()) == list(WRONG)


@pytest.mark.parametrize("key", exercises(), ids="-".join)
def test_exercise(key, capsys, monkeypatch):
    """Stub, both solutions and every mistake, each run in the exercise's own cell."""
    monkeypatch.chdir(NOTEBOOKS)
    exercise, (lesson, check) = exercises()[key], key
    names = exercise.names()
    capsys.readouterr()

    def said(answer):
        made = exercise.run(names, answer)
        return capsys.readouterr().out, made

    assert unanswered(said(None)[0])
    assert answers.read(lesson) == {}  # no answer yet, nothing kept
    for solution in exercise.solutions:
        out, made = said(solution)
        assert passes(out), out

    assert len(WRONG[key]) >= 2
    hints = [said(wrong)[0] for wrong in WRONG[key]]
    all_different_hints(hints)
    target = sorted(bound(ast.parse(exercise.solutions[0])) & _asked(exercise))
    names["NONSENSE"] = NONSENSE
    nonsense = ("\n".join(f"{t} = NONSENSE[{i}]" for t in target) for i in range(len(NONSENSE)))
    generic = {said(answer)[0] for answer in nonsense}
    for language in (0, 1):
        own = [hint.splitlines()[language] for hint in hints]
        assert len(set(own)) == len(own), own
        assert not set(own) & {g.splitlines()[language] for g in generic}, "any answer gets this"

    given = _written(made[t] for t in target) + _code(exercise.solutions[0])
    for hint in hints:
        for secret in given:
            assert not re.search(rf"(?<![\w.]){re.escape(secret)}(?!\w|\.\d)", hint), (secret, hint)

    kept = answers.read(lesson)[check]
    assert kept["right"]["correct"] and not kept["last"]["correct"]


def _asked(exercise):
    """Names that the stubs of an exercise bind."""
    return set().union(*(bound(n) for n in map(_module, filter(_is_stub, exercise.tree.body))))


def _module(node):
    return ast.Module([node], [])


def _written(values):
    """How a right answer is written, where it is a number, a word, or a few of them."""
    texts = []
    for value in values:
        value = value.item() if getattr(value, "size", None) == 1 else value
        if isinstance(value, bool | int | str):
            texts.append(str(value))
        elif isinstance(value, float):
            texts += [f"{value:.{n}f}" for n in (2, 3, 4)] + [f"{value:.0%}"]
        elif isinstance(value, tuple):
            texts.append(", ".join(map(str, value)))
    return texts


def _code(solution):
    """What stands to the right of the solution's equals signs."""
    nodes = ast.walk(ast.parse(solution))
    values = [ast.unparse(n.value) for n in nodes if isinstance(n, ast.Assign | ast.Return)]
    return [v for v in values if v not in dir(builtins)]
