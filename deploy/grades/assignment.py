"""Lessons → a course for nbgrader.

    python -m deploy.grades.assignment COURSE [00 03 ...] [--language ko]

writes ``COURSE/source/lesson-03/03_decoding.ipynb`` and so on, and ``COURSE/nbgrader_config.py``,
which has nbgrader mark by the lessons' own checks. Then

    python -m deploy.grades COURSE generate_assignment lesson-03   what students get, in release/
    python -m deploy.grades COURSE autograde lesson-03      what they handed in, in submitted/
    python -m deploy.grades COURSE generate_feedback lesson-03
    python -m deploy.grades COURSE export                   grades.csv, for deploy.grades.tables
"""

import argparse
import sys
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell

from bilingual import console
from tools import one_language

from .. import settings
from . import lesson

# Without the course's configuration nobody gets a point for nothing: nbgrader gives full marks to
# a cell that runs and shows nothing, and this one shows 0.
POINTS = "# {number}. 채점할 때 정해집니다 · set when this is marked\n0"
SETUP = """# 준비 / Setup: finds the helpers.
import os, sys
home = os.environ.get("DINO_HOME") or os.path.expanduser("~/{name}")
sys.path.insert(0, home if os.path.isdir(home) else os.path.abspath(".."))
from classroom import lessons
lessons.setup(language={language})"""
CONFIG = '''"""Marks by the lessons' own checks; written by deploy.grades.assignment."""

import sys

sys.path.insert(0, {root!r})

from deploy.grades.marking import Mark  # noqa: E402
from nbgrader.converters import Autograde  # noqa: E402
from nbgrader.preprocessors import Execute  # noqa: E402

c = get_config()  # noqa: F821
c.CourseDirectory.course_id = "dino"
theirs = Autograde.autograde_preprocessors.default()
c.Autograde.autograde_preprocessors = [Mark if p is Execute else p for p in theirs]
c.Mark.language = {language!r}
'''


def assignment(name, language="both"):
    """A lesson as nbgrader's source notebook: after each exercise a locked cell worth a point."""
    nb = lesson.read(name)
    exercises = lesson.exercises(nb)
    if language != "both":
        nb = one_language.in_one_language(nb, language)
    cells = []
    for cell in nb.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
            if "lessons.setup(" in cell.source:
                chosen = None if language == "both" else language
                cell.source = SETUP.format(name=settings.NAME, language=repr(chosen))
                cell.metadata["nbgrader"] = _nbgrader(f"{cell.id}-setup", grade=False)
        cells.append(cell)
        for number, one in enumerate(exercises, 1):
            if one.cell == cell.id:
                cell.metadata["dino"] = {"cell": cell.id}
                points = new_code_cell(POINTS.format(number=number), id=f"{cell.id}-points")
                points.metadata["nbgrader"] = _nbgrader(f"{cell.id[:2]}-{one.key}", grade=True)
                cells.append(points)
    nb.cells = cells
    return nb


def _nbgrader(grade_id, grade):
    told = {"grade": grade, "solution": False, "locked": True, "task": False, "schema_version": 3}
    return told | {"grade_id": grade_id} | ({"points": 1} if grade else {})


def course(folder, names, language="both"):
    """Write the assignments and the configuration of a course; returns the notebooks' paths."""
    folder, written = Path(folder), []
    for name in names:
        path = lesson.path(name)
        out = folder / "source" / f"lesson-{path.name[:2]}" / path.name
        out.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(assignment(path.stem, language), out)
        written.append(out)
    text = CONFIG.format(root=str(settings.ROOT), language=language)
    (folder / "nbgrader_config.py").write_text(text, encoding="utf-8")
    return written


def main(argv=None):
    console.prepare()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("course", type=Path)
    parser.add_argument("lessons", nargs="*", help="numbers, as 03; all by default")
    parser.add_argument("--language", choices=("ko", "en", "both"), default="both")
    asked = parser.parse_args(argv)
    names = asked.lessons or [path.stem for path in sorted(lesson.NOTEBOOKS.glob("*.ipynb"))]
    for path in course(asked.course, names, asked.language):
        print(path)


if __name__ == "__main__":
    sys.exit(main())
