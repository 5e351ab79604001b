"""Answers outlive the kernel, show what is done, and go into one file to hand in."""

import json
import os
from html import unescape

import pytest
from IPython.core.interactiveshell import InteractiveShell

from bilingual import choose
from classroom import answers, lessons, page, progress
from classroom.checks import lesson_11
from classroom.checks.exercise import listed

LESSON, NAME = "11", "check_collapse"
RIGHT, SWAPPED = ("centring", "sharpening"), ("sharpening", "centring")


@pytest.fixture
def typed(monkeypatch):
    """Let a check believe that a cell with this source is running."""

    def cell(source):
        shell = type("Shell", (), {})()
        shell.history_manager = type("History", (), {"input_hist_raw": ["", source]})()
        monkeypatch.setattr(answers, "get_ipython", lambda: shell)

    return cell


def test_a_later_wrong_try_leaves_the_right_one(said, typed):
    assert answers.read(LESSON) == {}
    said(lesson_11.check_collapse, ...)
    assert answers.read(LESSON) == {}
    typed("my = 1")
    said(lesson_11.check_collapse, RIGHT)
    typed("my = 2")
    said(lesson_11.check_collapse, SWAPPED)
    kept = answers.read(LESSON)[NAME]
    assert (kept["right"]["code"], kept["right"]["correct"]) == ("my = 1", True)
    assert (kept["last"]["code"], kept["last"]["correct"]) == ("my = 2", False)
    (standing,) = [e for e in progress.standing(LESSON) if e["exercise"] == NAME]
    codes = [t["code"] for t in standing["tries"]]
    assert standing["verdict"] == "right" and codes == ["my = 1", "my = 2"]


def test_answers_that_an_earlier_version_kept(outputs):
    """The very text of a file from before; what else is in it takes nothing away."""
    (outputs / "answers").mkdir(parents=True)
    attempt = '{"correct": true, "code": "my = 1", "time": "2026-09-01T10:00:00+09:00"}'
    kept = '{\n "check_collapse": {\n  "last": LAST,\n  "right": LAST\n },\n "x": {"last": 3}\n}\n'
    (outputs / "answers" / "11.json").write_text(kept.replace("LAST", attempt))
    assert [e["verdict"] for e in progress.standing("11")].count("right") == 1


def test_the_source_is_the_cell_that_ipython_runs(said):
    shell = InteractiveShell.instance()
    try:
        cell = f"from classroom.checks import lesson_11\nlesson_11.{NAME}({RIGHT!r})  # mine"
        shell.run_cell(cell, store_history=True)
        assert answers.read(LESSON)[NAME]["last"]["code"] == cell
    finally:
        InteractiveShell.clear_instance()


def test_a_check_says_the_same_when_nothing_can_be_kept(said, outputs, capsys):
    before = said(lesson_11.check_collapse, RIGHT)
    (outputs / "answers" / f"{LESSON}.json").unlink()
    (outputs / "answers").rmdir()
    (outputs / "answers").write_text("a file in the folder's place")
    assert said(lesson_11.check_collapse, RIGHT) == before
    progress.show(LESSON)
    out = capsys.readouterr().out
    assert "저장하지 못했습니다" in out and "could not be kept" in out
    (outputs / "answers").unlink()
    said(lesson_11.check_collapse, RIGHT)
    progress.show(LESSON)
    assert "could not be kept" not in capsys.readouterr().out


def test_a_crash_while_writing_leaves_the_old_file(said, outputs, monkeypatch):
    said(lesson_11.check_collapse, RIGHT)
    before = (outputs / "answers" / f"{LESSON}.json").read_text("utf-8")

    def full(*paths):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", full)
    said(lesson_11.check_collapse, SWAPPED)
    assert [f.read_text("utf-8") for f in (outputs / "answers").iterdir()] == [before]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[1]",
        '{"check_collapse": {"last": 3}}',
        '{"check_collapse": 3}',
        '{"check_collapse": {"last": {"code": 1}}}',
        "{",
    ],
)
def test_a_file_that_somebody_broke_counts_as_no_answer(said, outputs, text):
    (outputs / "answers").mkdir(parents=True)
    (outputs / "answers" / f"{LESSON}.json").write_text(text)
    assert {e["verdict"] for e in progress.standing(LESSON)} == {"not tried"}
    said(lesson_11.check_collapse, RIGHT)
    assert answers.read(LESSON)[NAME]["right"]["correct"]


def test_show(said, typed, capsys, monkeypatch):
    shown = []
    monkeypatch.setattr(progress, "display", lambda html: shown.append(html.data))
    progress.show(LESSON)
    fresh = capsys.readouterr().out
    assert "0 / 3" in fresh and fresh.count("○") == 3 and not shown
    typed("my = '</pre><script>alert(1)</script>'")
    said(lesson_11.check_collapse, RIGHT)
    said(lesson_11.check_loss, 1)
    progress.show(LESSON)
    out = capsys.readouterr().out
    assert "1 / 3" in out and [out.count(mark) for mark in "✓✗○"] == [1, 1, 1]
    assert "<script" not in shown[0] and "&lt;script&gt;" in shown[0]
    assert shown[0].count("<details>") == 2
    with pytest.raises(ValueError, match="lesson에 쓸 수(.|\n)*lesson must be one of 00, 01"):
        progress.show("99")


@pytest.mark.parametrize("choice", ["ko", "en"])
def test_progress_follows_the_language_and_keeps_its_marks(capsys, choice):
    choose(choice)
    try:
        progress.show("03")
    finally:
        choose(None)
    said = capsys.readouterr().out
    assert said.count("○ ") == len(listed()["03"]) and "progress.hand_in(" in said
    for ko, en in listed()["03"].values():
        assert (ko in said, en in said) == (choice == "ko", choice == "en")
    assert ("아직 안 함" in said, "not tried" in said) == (choice == "ko", choice == "en")


# --- handing in ---


def test_what_is_handed_in_can_be_read_again(said, typed, capsys):
    typed("x = '</script><b>'")
    said(lesson_11.check_collapse, RIGHT)
    path = progress.hand_in(" 홍길동 <i> ", number=" 2026-12345 ")
    out = capsys.readouterr().out
    assert f"이 파일을 내세요: {path}\nHand in this file: {path}" in out
    text = path.read_text("utf-8")
    assert "<i>" not in text and "<b>" not in text and text.count("</script>") == 1
    assert path.parent == lessons.outputs() and path.name == "hand_in_2026-12345_홍길동_i_.html"
    read = page.read(path.read_bytes())
    assert (read["name"], read["number"]) == ("홍길동 <i>", "2026-12345")
    assert len(read["verdicts"]) == sum(map(len, listed().values()))
    assert read["verdicts"]["11", NAME] == "right"
    assert read["verdicts"]["11", "check_loss"] == "not tried"
    code = json.loads(page.embedded(text))["lessons"]["11"][2]["tries"][0]["code"]
    assert code == "x = '</script><b>'"
    for title in listed()["11"].values():
        assert all(words in unescape(text) for words in title)


def test_a_number_may_be_left_out_or_be_a_number():
    assert page.read(progress.hand_in("Ada").read_bytes())["number"] == ""
    assert page.read(progress.hand_in("Ada", 20261).read_bytes())["number"] == "20261"


@pytest.mark.parametrize("name", [[], [""], ["  "], ["a" * 81], ["a\nb"], ["a\x00"], [None]])
def test_a_name_that_will_not_do(name):
    with pytest.raises(ValueError, match="이름(.|\n)*Write your name"):
        progress.hand_in(*name)


@pytest.mark.parametrize("name", ["👩\u200d🎓", "ශ්\u200dරී", 'O\'Neil "x"', "🦖"])
def test_a_name_that_takes_a_joiner_will_do(name):
    """As many in Sinhala, Persian and Hindi do, and emoji of several signs."""
    assert page.read(progress.hand_in(name).read_bytes())["name"] == name


@pytest.mark.parametrize("number", ["1" * 41, "1\t2"])
def test_a_number_that_will_not_do(number):
    with pytest.raises(ValueError, match="학번(.|\n)*number"):
        progress.hand_in("Ada", number)


@pytest.mark.parametrize("name", ["../../etc", "a/b\\c", "..", "C:x", "뷁" * 80])
def test_a_name_stays_within_the_folder_and_its_limits(name, outputs):
    path = progress.hand_in(name, number="1/" * 20)
    assert path.resolve().parent == outputs.resolve() and len(os.fsencode(path.name)) <= 255
