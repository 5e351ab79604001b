"""A guess: locked in, kept beside what it was, and handed in."""

import os
import subprocess
import sys

import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell

from classroom import answers, page, predict, progress
from classroom.checks import lesson_11
from explorer import still

MAP = torch.arange(12.0).reshape(3, 4)


@pytest.fixture(autouse=True)
def displayed(monkeypatch):
    shown = []
    for module in predict, still:
        monkeypatch.setattr(module, "display", lambda *things, **_: shown.extend(things))
    return shown


@pytest.fixture
def asked(photo):
    return predict.patches("03", "norm", photo, (3, 4))


def test_a_locked_guess_stands_beside_the_map(asked, capsys, displayed):
    assert displayed == [asked]
    assert len(asked.beside(MAP).axes) == 1
    assert "No guess was locked in" in capsys.readouterr().out
    asked.lock([11, 0, 10, 11])
    both = asked.beside(MAP, weights="mine")
    assert len(both.axes) == 2 and "your guess | " in both._repr_jpeg_()[1]["alt"]
    out = capsys.readouterr().out
    assert "the 3 patches that you guessed, 67% are among the 3 largest" in out and "25%" in out
    kept = answers.guesses("03")["norm"]["first"]
    assert kept["grid"] == [3, 4] and kept["picked"] == [0, 10, 11]
    assert kept["truth"] == "0134578abcef"


def test_the_first_guess_stays_once_its_result_was_opened(asked):
    asked.lock([0])
    asked.lock([1])  # thought again, before
    asked.beside(MAP)
    asked._sent(None, {"again": True}, [])
    assert not asked.locked
    asked.lock([11])
    asked.beside(MAP)
    both = answers.guesses("03")["norm"]
    assert (both["first"]["picked"], both["last"]["picked"]) == ([1], [11])
    assert both["last"]["truth"] == both["first"]["truth"] != ""


def test_a_new_kernel_shows_it_as_locked_and_another_grid_does_not(asked, photo):
    asked._sent(None, {"lock": [3]}, [])
    again = predict.patches("03", "norm", photo, (3, 4))
    assert again.locked and again.picked == [3]
    other = predict.patches("03", "norm", photo, (4, 4))
    assert not other.locked and other.picked == []
    other.lock([15])
    asked.beside(MAP)  # what was for 3 × 4 is not this guess's
    assert answers.guesses("03")["norm"]["last"]["truth"] == ""
    other.beside(MAP)  # enlarged to this grid, and the first guess is none of it
    both = answers.guesses("03")["norm"]
    assert [len(both[which]["truth"]) for which in ("first", "last")] == [16, 16]


def test_answers_and_guesses_leave_each_other_alone(asked, said):
    said(lesson_11.check_collapse, ("centring", "sharpening"))
    before = answers.read("11")
    predict.choice("11", "why", [("가", "a"), ("나", "b")]).lock(1)
    assert answers.read("11") == before and answers.guesses("11")["why"]["last"]["picked"] == [1]
    said(lesson_11.check_collapse, ("centring", "sharpening"))
    assert answers.guesses("11")["why"]["last"]["picked"] == [1]


def test_a_choice(capsys):
    asked = predict.choice("03", "which", [("가", "a"), ("나", "b"), ("다", "c")])
    asked.beside(2)
    assert "The result: 다 · c" in (out := capsys.readouterr().out) and "No guess" in out
    asked.lock(0)
    asked.beside(2)
    out = capsys.readouterr().out
    assert "Your guess: 가 · a" in out and "The result: 다 · c" in out
    assert answers.guesses("03")["which"]["first"]["truth"] == "00f"
    with pytest.raises(ValueError, match="그런 답이(.|\n)*no such answer"):
        asked.beside(3)


@pytest.mark.parametrize("picked", [[], [12], [-1], 12])
def test_no_such_patch(asked, picked):
    with pytest.raises(ValueError, match="번호를 고르세요(.|\n)*Pick numbers from 0 to 11"):
        asked.lock(picked)
    assert answers.guesses("03") == {}


def test_where_no_widget_runs_the_question_stands_in_words_and_a_still(asked, displayed):
    choice = predict.choice("03", "which", [("<b>", "a"), ("나", "b")])
    displayed.clear()
    asked._ipython_display_()
    (data,) = displayed
    assert "(3 × 4)" in data["text/plain"] and len(data["image/jpeg"]) < 50_000
    displayed.clear()
    choice._ipython_display_()
    assert displayed[0]["text/plain"].splitlines()[1:] == ["- <b> · a", "- 나 · b"]


def test_a_jupyter_server_gets_the_still_as_a_page(asked, displayed, monkeypatch):
    monkeypatch.setenv("JPY_SESSION_NAME", "x.ipynb")
    displayed.clear()
    predict.choice("03", "which", [("<b>", "a"), ("나", "b")])._ipython_display_()
    asked._ipython_display_()
    html = [shown.data for shown in displayed if hasattr(shown, "data")]
    assert "&lt;b&gt;" in html[0] and "<b>" not in html[0] and "image/jpeg" in html[1]
    assert all("image/jpeg" not in shown for shown in displayed if isinstance(shown, dict))


def test_a_map_with_places_that_were_not_seen(asked):
    asked.lock([11])
    asked.beside(torch.where(MAP < 3, torch.nan, MAP))
    assert answers.guesses("03")["norm"]["last"]["truth"].startswith("000")


def test_what_is_handed_in_draws_the_guess(asked):
    asked.lock([0, 5])
    asked.beside(MAP)
    text = progress.hand_in("Ada").read_text("utf-8")
    assert "<pre>■···   0134\n·■··   578a\n····   bcef</pre>" in text
    assert page.read(text.encode())["guesses"]["03", "norm"]["picked"] == [0, 5]


def test_a_guess_in_a_plain_ipython(tmp_path, monkeypatch):
    """No widgets, no Jupyter: nothing breaks."""
    monkeypatch.undo()
    monkeypatch.setenv("DINO_OUTPUTS", str(tmp_path))
    assert "JPY_SESSION_NAME" not in os.environ
    shell = InteractiveShell.instance()
    try:
        code = "from classroom import predict\ng = predict.choice('03', 'x', [('가', 'a')])"
        assert shell.run_cell(code).success and shell.run_cell("g.lock(0); g.beside(0)").success
    finally:
        InteractiveShell.clear_instance()


def test_a_guess_needs_no_nbformat():
    """Its validators take seconds and 20 MB of each student's kernel."""
    code = "import sys; from classroom import predict; print('nbformat' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
