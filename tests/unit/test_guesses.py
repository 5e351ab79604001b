"""Guesses that were handed in: which are refused, and what is shown of a whole class."""

import base64
import json
from pathlib import Path

import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, writes
from PIL import Image

from classroom import answers, guesses, hand_ins, page, predict


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
