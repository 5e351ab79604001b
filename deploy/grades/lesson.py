"""The exercises of a lesson, as its notebook has them."""

import ast
from dataclasses import dataclass

import nbformat

from bilingual import BadInput

from .. import settings

NOTEBOOKS = settings.ROOT / "notebooks"


@dataclass(frozen=True)
class Exercise:
    """One exercise.

    Attributes
    ----------
    key : str
        Name of its check.
    cell : str
        Id of its cell.
    answer : str
        The expression that the check gets first.
    call : str
        The check, of ``_answer`` in its place.
    context : str
        What else the cell makes, for the check alone.
    """

    key: str
    cell: str
    answer: str
    call: str
    context: str


def path(name):
    """The file of a lesson by its number, or by its whole name.

    Raises
    ------
    BadInput
        If there is no such lesson.
    """
    found = sorted(NOTEBOOKS.glob(f"{name}.ipynb")) or sorted(NOTEBOOKS.glob(f"{name}_*.ipynb"))
    if len(found) != 1:
        raise BadInput(f"그런 수업이 없습니다: {name}", f"There is no such lesson: {name}")
    return found[0]


def read(name):
    """A lesson's notebook."""
    return nbformat.read(path(name), as_version=4)


def exercises(nb):
    """The exercises of a notebook in their order.

    Returns
    -------
    list of Exercise
    """
    found = []
    for cell in nb.cells:
        if cell.cell_type == "code" and "checks.check_" in cell.source:
            tree = ast.parse(cell.source)
            calls = [node for node in tree.body if _is_check(node)]
            found += [_exercise(cell, tree, call) for call in calls]
    return found


def _exercise(cell, tree, statement):
    call = statement.value
    answer = ast.unparse(call.args[0])
    context = [node for node in tree.body if not _is_check(node) and not _is_stub(node)]
    call.args[0] = ast.Name("_answer", ast.Load())
    return Exercise(
        key=call.func.attr,
        cell=cell.id,
        answer=answer,
        call=ast.unparse(call),
        context=ast.unparse(ast.Module(context, [])),
    )


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
