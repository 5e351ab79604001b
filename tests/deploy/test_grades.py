"""Assignments for nbgrader, marked by nbgrader itself: right, wrong, empty and hostile ones."""

import csv

import nbformat
import pytest
from submissions import HOSTILE, LESSON

from classroom import guesses, page
from deploy.grades import assignment, lesson
from deploy.grades.__main__ import BIN, main
from deploy.grades.__main__ import nbgrader as run_nbgrader

LACK = pytest.mark.skipif(
    not (BIN / "python").exists(), reason="nbgrader is not installed (make hub-parts)"
)


def needs_nbgrader(test):
    return pytest.mark.slow(LACK(test))


RIGHT = {
    "my_name = ...": "my_name = 'vit_small_patch14_dinov2.lvd142m'",
    "my_answer = (..., ...)": "my_answer = (len(small.blocks), small.blocks[0].attn.num_heads)",
    "my_tokens = ...": "my_tokens = 37 * 37 + 1",
}
WRONG = {**RIGHT, "my_tokens = ...": "my_tokens = 37 * 37"}


@pytest.mark.parametrize("path", sorted(lesson.NOTEBOOKS.glob("*.ipynb")), ids=lambda p: p.stem)
def test_every_exercise_of_every_lesson_gets_its_locked_cell(path):
    nb = assignment.assignment(path.stem)
    nbformat.validate(nb)
    told = [cell.metadata.get("nbgrader", {}) for cell in nb.cells]
    graded = [one["grade_id"].partition("-")[2] for one in told if one.get("grade")]
    assert graded == [one.key for one in lesson.exercises(lesson.read(path.stem))]
    assert len(graded) >= 2 and all(one["locked"] for one in told if one)
    source = "".join(cell.source for cell in lesson.read(path.stem).cells)
    assert graded and source.count("checks.check_") == len(graded)


# --- nbgrader itself ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course that nbgrader has released, collected, marked and exported."""
    folder = tmp_path_factory.mktemp("course")
    assignment.course(folder, [LESSON], "ko")
    nbgrader(folder, "generate_assignment", "lesson-01")
    released = folder / "release" / "lesson-01" / f"{LESSON}.ipynb"
    for student, changes, first in (
        ("right", RIGHT, ""),
        ("wrong", WRONG, ""),
        ("empty", {}, ""),
        ("hostile", {}, HOSTILE["says it is right"]),
        ("edits", {}, ""),
    ):
        nb = nbformat.read(released, as_version=4)
        for cell in nb.cells:
            for stub, answer in changes.items():
                cell.source = cell.source.replace(stub, answer)
            if student == "edits" and cell.metadata.get("nbgrader", {}).get("grade"):
                cell.source = "1"  # the locked cells rewritten
                cell.outputs = []
        [cell for cell in nb.cells if cell.cell_type == "code"][1].source += "\n" + first
        out = folder / "submitted" / student / "lesson-01" / f"{LESSON}.ipynb"
        out.parent.mkdir(parents=True)
        nbformat.write(nb, out)
    nbgrader(folder, "autograde", "lesson-01")
    nbgrader(folder, "generate_feedback", "lesson-01")
    (number, question), asked = next(iter(guesses.questions().items()))
    guess = {"time": "2026-03-02T10:00:00", "grid": [1, len(asked.options) or 4], "picked": [0]}
    guess = dict.fromkeys(("first", "last"), {**guess, "truth": ""})
    (out.parents[2] / "right" / "lesson-01" / "hand_in_kim.html").write_text(
        page.write("Kim", "7", {number: []}, {number: {question: guess}}), "utf-8"
    )
    assert main([str(folder), "export"]) == 0
    return folder


def nbgrader(folder, *command):
    done = run_nbgrader(folder, *command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]


@needs_nbgrader
def test_nbgrader_marks_by_the_lessons_own_checks(course):
    with open(course / "grades.csv", newline="") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    scores = {student: float(row["score"]) for student, row in rows.items()}
    assert scores == {"right": 3, "wrong": 2, "empty": 0, "hostile": 0, "edits": 0}
    assert {float(row["max_score"]) for row in rows.values()} == {3}


@needs_nbgrader
def test_pages_that_were_handed_in_are_read_with_the_grades(course):
    with open(course / "hand_ins.csv", newline="", encoding="utf-8-sig") as file:
        assert [row["name"] for row in csv.DictReader(file)] == ["Kim"]
    assert "<h2>" in (course / "hand_ins.guesses.html").read_text("utf-8")


@needs_nbgrader
def test_feedback_is_in_the_students_language(course):
    path = course / "feedback" / "wrong" / "lesson-01" / f"{LESSON}.html"
    text = path.read_text("utf-8")
    assert "아직 아닙니다." in text and "맞습니다!" in text and "Not yet." not in text


@needs_nbgrader
def test_what_is_released_holds_no_points_and_no_solution_is_run(course):
    nb = nbformat.read(course / "release" / "lesson-01" / f"{LESSON}.ipynb", as_version=4)
    code = [cell for cell in nb.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] for cell in code)
    assert sum(stub in cell.source for cell in code for stub in RIGHT) == 3


def test_without_the_courses_configuration_nobody_gets_points(tmp_path):
    """A locked cell that is run shows 0; nbgrader gives full marks to one that shows nothing."""
    points = [c.source for c in assignment.assignment(LESSON).cells if c.id.endswith("-points")]
    assert len(points) == 3
    for source in points:
        assert eval(source.splitlines()[-1]) == 0
