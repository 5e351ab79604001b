"""Assignments for nbgrader, marked by nbgrader itself: right, wrong, empty and hostile ones."""

import csv
import os

import nbformat
import pytest

from classroom import guesses, page
from classroom.checks import lesson_11
from deploy.grades import assignment, box, lesson, values
from deploy.grades.__main__ import BIN, main
from deploy.grades.__main__ import nbgrader as run_nbgrader

LESSON = "01_timm"  # the quickest: no picture needs to be drawn for its exercises
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

# Each tries to have points for nothing, or to keep the marking from going on.
HOSTILE = {
    "says it is right": """
from classroom.checks import exercise, lesson_01
for name in dir(lesson_01):
    if name.startswith("check_"):
        setattr(lesson_01, name, lambda *a, **k: exercise._tell(True, "!", "!"))
exercise._same = lambda *a, **k: True
from classroom import answers
answers.record("01", "check_name", True)
answers.record = lambda *a, **k: None
import builtins, numpy
builtins.int = builtins.str = lambda *a: 1
numpy.allclose = numpy.array_equal = lambda *a, **k: True
print("맞습니다! Correct!")""",
    "is equal to all": """
class Equal(int):
    __eq__ = lambda self, other: True
    __hash__ = int.__hash__
my_name = my_answer = my_tokens = Equal(1)""",
    "leaves": "import os\nos._exit(0)",
    "never ends": "import signal\nsignal.alarm(0)\nwhile True: pass",
}


def submission(name, changes, first=""):
    """A lesson's assignment as a student hands it in."""
    nb = assignment.assignment(name)
    for cell in nb.cells:
        for stub, answer in changes.items():
            cell.source = cell.source.replace(stub, answer)
    code = [cell for cell in nb.cells if cell.cell_type == "code"]
    code[1].source += "\n" + first
    return nb


def cells(nb):
    return [(cell.id, cell.source) for cell in nb.cells if cell.cell_type == "code"]


# --- the box ------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("how", HOSTILE)
def test_no_trick_gives_points(how):
    """Tricks alone, and tricks around one wrong answer."""
    seconds = 20 if how == "never ends" else box.ALL_SECONDS
    nb = submission(LESSON, {"my_tokens = ...": "my_tokens = 5"}, HOSTILE[how])
    marked = box.mark(LESSON, cells(nb), seconds=seconds)
    assert [right for right, _ in marked.values()] == [False] * 3
    assert list(marked) == [one.key for one in lesson.exercises(lesson.read(LESSON))]


@pytest.mark.slow
def test_answers_that_are_functions_are_marked():
    """And a lesson goes on whose later cells need them."""
    stubs = {
        "my_loss = ...": "def my_loss(s, t, c):\n"
        "    p = ((t - c) / 0.02).softmax(-1).detach()\n"
        "    return -(p * (s / 0.06).log_softmax(-1)).sum(-1).mean()",
        "my_average = ...": "my_average = lambda old, new, m: m * new + (1 - m) * old",
        "my_diagnosis = ...": "my_diagnosis = 'centring', 'sharpening'",
    }
    marked = box.mark("11_train_dino", cells(submission("11_train_dino", stubs)))
    assert [right for right, _ in marked.values()] == [True, False, True]


def test_what_crosses_is_what_was_answered():
    import numpy as np
    import torch
    from PIL import Image

    for value in (3, 0.5, "a", True, None, (1, (2, "b")), [1.5]):
        assert values.decode(values.encode(value)) == value
    assert values.decode(values.encode(...)) is ...
    tensor = torch.rand(2, 3)
    assert torch.equal(values.decode(values.encode(tensor)), tensor)
    assert np.array_equal(values.decode(values.encode(np.eye(2))), np.eye(2))
    picture = Image.new("RGB", (3, 2), "red")
    assert values.decode(values.encode(picture)).tobytes() == picture.tobytes()
    assert type(values.decode(values.encode(object()))).__name__ == "Object"


def loss(student, teacher, centre):
    p = ((teacher - centre) / 0.02).softmax(-1)
    return -(p.detach() * (student / 0.06).log_softmax(-1)).sum(-1).mean()


def attached(student, teacher, centre):
    p = ((teacher - centre) / 0.02).softmax(-1)
    return -(p * (student / 0.06).log_softmax(-1)).sum(-1).mean()


@pytest.mark.parametrize(
    "check, function",
    [
        (lesson_11.check_loss, loss),
        (lesson_11.check_loss, attached),
        (lesson_11.check_loss, lambda s, t: s),
        (lesson_11.check_loss, lambda s, t, c: None),
        (lesson_11.check_average, lambda old, new, m: m * old + (1 - m) * new),
        (lesson_11.check_average, lambda old, new, m: old),
    ],
)
def test_a_function_is_judged_as_in_the_lesson(check, function, capsys, tmp_path, monkeypatch):
    """A student's code stays behind; what it says, and where its gradients go, crosses."""
    monkeypatch.setenv("DINO_OUTPUTS", str(tmp_path))  # else the lesson's own test finds an answer
    check(function)
    own = capsys.readouterr().out
    check(values.decode(values.encode(function, check.__name__)))
    assert capsys.readouterr().out == own


def test_nothing_that_is_read_can_run():
    import base64
    import io

    import numpy as np

    class Bomb:
        def __reduce__(self):
            return (os.getpid, ())

    file = io.BytesIO()
    np.save(file, np.array([Bomb()], dtype=object), allow_pickle=True)
    text = base64.b64encode(file.getvalue()).decode()
    with pytest.raises(ValueError):
        values.decode({"array": text})


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
