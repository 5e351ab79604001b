"""The exercises of a lesson, as its notebook has them."""

import ast
from typing import NamedTuple

import nbformat

from bilingual import BadInput

from .. import settings

NOTEBOOKS = settings.ROOT / "notebooks"


class Exercise(NamedTuple):
    """One exercise."""

    key: str  # name of its check
    cell: str  # id of its cell
    answer: str  # the expression that the check gets first
    call: str  # the check, of ``_answer`` in its place
    context: str  # what else the cell makes, for the check alone


def path(name):
    """The file of a lesson by its number, or by its whole name; ``BadInput`` if there is none."""
    found = sorted(NOTEBOOKS.glob(f"{name}.ipynb")) or sorted(NOTEBOOKS.glob(f"{name}_*.ipynb"))
    if len(found) != 1:
        raise BadInput(f"그런 수업이 없습니다: {name}", f"There is no such lesson: {name}")
    return found[0]


def read(name):
    """A lesson's notebook."""
    return nbformat.read(path(name), as_version=4)


def exercises(nb):
    """The exercises of a notebook in their order: a list of ``Exercise``."""
    found = []
    for cell in nb.cells:
        if cell.cell_type == "code" and "checks.check_" in cell.source:
            body = ast.parse(cell.source).body
            context = [node for node in body if not _is_check(node) and not _is_stub(node)]
            context = ast.unparse(ast.Module(context, []))
            for call in (node.value for node in body if _is_check(node)):
                key, answer = call.func.attr, ast.unparse(call.args[0])
                call.args[0] = ast.Name("_answer", ast.Load())
                found.append(Exercise(key, cell.id, answer, ast.unparse(call), context))
    return found


def _is_check(node):
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and ast.unparse(node.value.func).startswith("checks.check_")
    )


def _is_stub(node):
    return isinstance(node, ast.Assign | ast.FunctionDef) and any(
        isinstance(part, ast.Constant) and part.value is ... for part in ast.walk(node)
    )
