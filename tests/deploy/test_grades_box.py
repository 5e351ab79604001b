"""The box that marks answers: tricks give no points, and answers cross as they are."""

import os

import pytest
from submissions import HOSTILE, LESSON

from classroom.checks import lesson_11
from deploy.grades import assignment, box, lesson, values


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
