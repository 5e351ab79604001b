"""A guess: locked in, kept beside what it was, handed in, and shown of a whole class."""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, writes
from PIL import Image

from classroom import answers, guesses, hand_ins, page, predict, progress
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


@pytest.mark.parametrize(
    ("picked", "values", "met"),
    [
        ([0], [9, 1, 1, 1], 1),
        ([1, 2], [9, 1, 2, 8], 0),
        ([0, 1], [1, 0, 1, 1], 1 / 3),  # a mask: three are equal and there is room for two
        ([0, 1, 2, 3], [0, 0, 0, 0], 1),
    ],
)
def test_overlap(picked, values, met):
    assert guesses.overlap(picked, np.array(values)) == pytest.approx(met)


def test_a_map_with_places_that_were_not_seen(asked):
    asked.lock([11])
    asked.beside(torch.where(MAP < 3, torch.nan, MAP))
    assert answers.guesses("03")["norm"]["last"]["truth"].startswith("000")


# --- handed in ---

GOOD = {"time": "2026", "grid": [3, 4], "picked": [1], "truth": ""}


@pytest.mark.parametrize(
    "change",
    [
        {"grid": [3]},
        {"grid": [0, 4]},
        {"grid": [-3, -4]},
        {"grid": [10**9, 10**9]},
        {"grid": [3.0, 4]},
        {"picked": []},
        {"picked": [12]},
        {"picked": [1, 1]},
        {"picked": [True]},
        {"picked": [{}]},
        {"truth": "0" * 11},
        {"truth": "<" * 12},
        {"more": 1},
        {"time": None},
    ],
)
def test_a_guess_that_makes_no_sense_is_refused(change, outputs):
    assert answers.are_guesses({"first": GOOD, "last": GOOD})
    bad = {"first": GOOD | change, "last": GOOD}
    assert not answers.are_guesses(bad)
    text = page.write("Ada", "", {}, {"03": {"norm": {"first": GOOD, "last": GOOD}}})
    assert page.read(text.encode())["guesses"] == {("03", "norm"): GOOD}
    edited = text.replace(json.dumps({"first": GOOD, "last": GOOD}), json.dumps(bad))
    with pytest.raises(ValueError, match="no sense"):
        page.read(edited.encode())
    (outputs / "answers").mkdir(parents=True)
    (outputs / "answers" / "03.json").write_text(json.dumps({"guesses": {"norm": bad}}))
    assert answers.guesses("03") == {}


@pytest.mark.parametrize("wrong", [[], 3, {"03": []}, {"03": {"norm": 3}}])
def test_guesses_of_another_form_are_refused(wrong):
    text = page.write("Ada", "", {}, {}).replace('"guesses": {}', f'"guesses": {json.dumps(wrong)}')
    with pytest.raises(ValueError, match="no sense"):
        page.read(text.encode())


def test_pages_of_an_earlier_version_have_none():
    text = page.write("Ada", "", {}, {})
    assert ', "guesses": {}' in text
    assert page.read(text.replace(', "guesses": {}', "").encode())["guesses"] == {}


def test_what_is_handed_in_draws_the_guess(asked):
    asked.lock([0, 5])
    asked.beside(MAP)
    text = progress.hand_in("Ada").read_text("utf-8")
    assert "<pre>■···   0134\n·■··   578a\n····   bcef</pre>" in text
    assert page.read(text.encode())["guesses"]["03", "norm"]["picked"] == [0, 5]


# --- of a class ---

STILL = base64.b64encode(predict.jpeg(Image.new("RGB", (40, 30)))).decode()


def notebook(folder):
    """A lesson that asks two questions."""
    patches = 'guess = predict.patches("03", "norm", seen, encoded)\nguess.lock([1])'
    choice = 'pick = predict.choice("03", "which", [("가", "a<b"), ("나", "b")])'
    shown = new_output("display_data", {"image/jpeg": STILL})
    cells = [
        new_markdown_cell("## 노름 · Norm"),
        new_code_cell(patches, outputs=[shown]),
        new_code_cell(choice),
        new_code_cell("!ls"),
    ]
    folder.mkdir(exist_ok=True)
    (folder / "03_x.ipynb").write_text(writes(new_notebook(cells=cells)))
    return guesses.questions(folder)


def handed_in(name, **made):
    both = {"which": {"first": GOOD | made, "last": GOOD | made}}
    key = "norm" if made.get("grid", [3, 4])[0] > 1 else "which"
    return page.read(page.write(name, "", {}, {"03": {key: both["which"]}}).encode())


def test_the_questions_are_the_notebooks_own(tmp_path):
    asked = notebook(tmp_path / "notebooks")
    assert [*asked] == [("03", "norm"), ("03", "which")]
    assert asked["03", "norm"] == ("노름 · Norm", [], STILL)
    assert asked["03", "which"].options == [("가", "a<b"), ("나", "b")]


@pytest.mark.parametrize("options", ["two", "[f(1)]", "[g.x]", "[i for i in 'ab']"])
def test_nothing_of_a_cell_is_run(options):
    with pytest.raises(ValueError):
        guesses.calls(f'g = predict.choice("03", "q", {options})')


def test_the_classs_page(tmp_path):
    asked = notebook(tmp_path / "notebooks")
    class_ = [
        handed_in("<script>", picked=[0, 1], truth="f00000000000"),
        handed_in("Ben", grid=[6, 8], picked=[0, 1, 8, 9]),  # of another model
        handed_in("Cy", grid=[1, 2], picked=[1], truth="f0"),
        handed_in("Di", grid=[1, 2], picked=[0]),
        handed_in("Eve", grid=[1, 3], picked=[2]),  # there is no third answer
    ]
    strange = {"03": {"=1": {"first": GOOD, "last": GOOD}}}  # a question that no lesson asks
    class_.append(page.read(page.write("Fay", "", {}, strange).encode()))
    text = guesses.html(class_, asked)
    assert "script" not in text and "Ben" not in text and "=1" not in text
    assert "default-src 'none'" in text and "a&lt;b" in text and text.count("<h2>") == 2
    assert (
        "2 guesses" in text
        and text.count("data:image/png") == 2
        and STILL in text
        and "aspect-ratio: 40 / 30" in text
    )
    assert "met 55%, by chance 17%" in text
    rows = text.split("<tr>")[1:]
    assert ["✓" in row for row in rows] == [True, False]
    assert text.count('max="2"') == 2
    assert [row.split("<td>")[-1][0] for row in rows] == ["1", "1"]
    assert guesses.html([], asked) == ""


def test_the_table_has_a_column_a_question(tmp_path, monkeypatch, capsys):
    asked = notebook(tmp_path / "notebooks")
    monkeypatch.setattr(guesses, "questions", lambda: asked)
    monkeypatch.chdir(tmp_path)
    Path("class").mkdir()
    good = {"first": GOOD | {"truth": "0f0000000000"}, "last": GOOD}
    which = {"first": GOOD | {"grid": [1, 2], "truth": "f0"}, "last": GOOD | {"grid": [1, 2]}}
    text = page.write("Ada", "", {}, {"03": {"norm": good, "which": which}})
    Path("class/a.html").write_text(text, "utf-8")
    Path("class/b.html").write_text(page.write("Ben", "", {}), "utf-8")
    assert hand_ins.main(["class"]) == 0
    head, ada, ben = Path("hand_ins.csv").read_text("utf-8-sig").splitlines()
    assert head.endswith("03 norm,03 which")
    assert ada.endswith(",100%,2 ✗") and ben.endswith(",○,○")
    assert "hand_ins.guesses.html" in capsys.readouterr().out
    assert "met 100%" in Path("hand_ins.guesses.html").read_text("utf-8")


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
