"""Answers outlive the kernel, show what is done, and go into one file that a teacher can read."""

import csv
import json
import os

import pytest
from IPython.core.interactiveshell import InteractiveShell

from classroom import answers, checks, hand_ins, progress
from helpers import language

LESSON, NAME = "08", "check_collapse"
RIGHT, SWAPPED = ("centring", "sharpening"), ("sharpening", "centring")


@pytest.fixture
def typed(monkeypatch):
    """Let a check believe that a cell with this source is running."""

    def cell(source):
        shell = type("Shell", (), {})()
        shell.history_manager = type("History", (), {"input_hist_raw": ["", source]})()
        monkeypatch.setattr("IPython.get_ipython", lambda: shell)

    return cell


def test_a_later_wrong_try_leaves_the_right_one(said, typed):
    assert answers.read(LESSON) == {}
    said(checks.check_collapse, ...)
    assert answers.read(LESSON) == {}
    typed("my = 1")
    said(checks.check_collapse, RIGHT)
    typed("my = 2")
    said(checks.check_collapse, SWAPPED)
    kept = answers.read(LESSON)[NAME]
    assert (kept["right"]["code"], kept["right"]["correct"]) == ("my = 1", True)
    assert (kept["last"]["code"], kept["last"]["correct"]) == ("my = 2", False)
    (standing,) = [e for e in progress.standing(LESSON) if e["exercise"] == NAME]
    assert standing["verdict"] == "right" and [t["code"] for t in standing["tries"]] == [
        "my = 1",
        "my = 2",
    ]


def test_the_source_is_the_cell_that_ipython_runs(said):
    shell = InteractiveShell.instance()
    try:
        cell = f"from helpers import checks\nchecks.{NAME}({RIGHT!r})  # mine"
        shell.run_cell(cell, store_history=True)
        assert answers.read(LESSON)[NAME]["last"]["code"] == cell
    finally:
        InteractiveShell.clear_instance()


def test_a_check_says_the_same_when_nothing_can_be_kept(said, outputs, capsys):
    before = said(checks.check_collapse, RIGHT)
    (outputs / "answers" / f"{LESSON}.json").unlink()
    (outputs / "answers").rmdir()
    (outputs / "answers").write_text("a file in the folder's place")
    assert said(checks.check_collapse, RIGHT) == before
    progress.show(LESSON)
    out = capsys.readouterr().out
    assert "저장하지 못했습니다" in out and "could not be kept" in out
    (outputs / "answers").unlink()
    said(checks.check_collapse, RIGHT)
    progress.show(LESSON)
    assert "could not be kept" not in capsys.readouterr().out


def test_a_crash_while_writing_leaves_the_old_file(said, outputs, monkeypatch):
    said(checks.check_collapse, RIGHT)
    before = (outputs / "answers" / f"{LESSON}.json").read_text("utf-8")

    def full(*paths):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", full)
    said(checks.check_collapse, SWAPPED)
    assert [f.read_text("utf-8") for f in (outputs / "answers").iterdir()] == [before]


@pytest.mark.parametrize(
    "text", ["", "[1]", '{"check_collapse": 3}', '{"check_collapse": {"last": {"code": 1}}}', "{"]
)
def test_a_file_that_somebody_broke_counts_as_no_answer(said, outputs, text):
    (outputs / "answers").mkdir(parents=True)
    (outputs / "answers" / f"{LESSON}.json").write_text(text)
    assert {e["verdict"] for e in progress.standing(LESSON)} == {"not tried"}
    said(checks.check_collapse, RIGHT)
    assert answers.read(LESSON)[NAME]["right"]["correct"]


def test_show(said, typed, capsys, monkeypatch):
    shown = []
    monkeypatch.setattr(progress, "display", lambda html: shown.append(html.data))
    progress.show(LESSON)
    fresh = capsys.readouterr().out
    assert "0 / 3" in fresh and fresh.count("○") == 3 and not shown
    typed("my = '</pre><script>alert(1)</script>'")
    said(checks.check_collapse, RIGHT)
    said(checks.check_answers, 1, *[__import__("torch").ones(2, 2)] * 2, 0.02)
    progress.show(LESSON)
    out = capsys.readouterr().out
    assert "1 / 3" in out and [out.count(mark) for mark in "✓✗○"] == [1, 1, 1]
    assert "<script" not in shown[0] and "&lt;script&gt;" in shown[0]
    assert shown[0].count("<details>") == 2
    with pytest.raises(ValueError, match="그런 수업이 없습니다(.|\n)*There is no lesson"):
        progress.show("99")


# --- handing in ---


def test_what_is_handed_in_can_be_read_again(said, typed, capsys):
    typed("x = '</script><b>'")
    said(checks.check_collapse, RIGHT)
    path = progress.hand_in(" 홍길동 <i> ")
    out = capsys.readouterr().out
    assert f"이 파일을 내세요: {path}\nHand in this file: {path}" in out
    text = path.read_text("utf-8")
    assert "<i>" not in text and "<b>" not in text and text.count("</script>") == 1
    assert path.parent == answers.lessons.outputs() and path.name == "hand_in_홍길동_i_.html"
    name, verdicts = hand_ins.read(path)
    assert name == "홍길동 <i>" and len(verdicts) == sum(map(len, checks.LESSONS.values()))
    assert verdicts["08.3"] == "right" and verdicts["08.1"] == "not tried"
    data = json.loads(hand_ins.DATA.search(text)[1])
    assert data["lessons"]["08"][2]["tries"][0]["code"] == "x = '</script><b>'"
    assert all(title in text.replace("&#x27;", "'") for title in checks.LESSONS["08"].values())


@pytest.mark.parametrize("name", ["", "  ", "a" * 81, "a\nb", "a\x00", None, 3])
def test_a_name_that_will_not_do(name):
    with pytest.raises(ValueError, match="이름을(.|\n)*Write your name"):
        progress.hand_in(name)


@pytest.mark.parametrize("name", ["../../etc", "a/b\\c", "..", "C:x"])
def test_a_name_stays_within_the_folder(name, outputs):
    assert progress.hand_in(name).resolve().parent == outputs.resolve()


def test_a_table_of_many_files_names_the_broken_ones(said, tmp_path, capsys):
    said(checks.check_collapse, RIGHT)
    folder = tmp_path / "class"
    folder.mkdir()
    good = progress.hand_in("Ada").read_text("utf-8")
    (folder / "a.html").write_text(good, "utf-8")
    (folder / "b.html").write_text(good.replace("Ada", "=1+1"), "utf-8")
    (folder / "c.html").write_text("<p>hello")
    (folder / "d.html").write_bytes(b"\xff\xfe\x00")
    (folder / "e.html").write_text(good.replace('"right"', '"perfect"'), "utf-8")
    (folder / "f.html").write_text(good.replace('"lessons": {', '"lessons": [{'), "utf-8")
    (folder / "g.html").write_text(good + " " * hand_ins.LARGEST, "utf-8")
    (folder / "h.html").mkdir()
    out = tmp_path / "table.csv"
    assert hand_ins.main(folder, out) == 6
    head, ada, other = csv.reader(out.open(encoding="utf-8-sig"))
    assert head[:4] == ["file", "name", "right", "00.1"] and head[-1] == "08.3"
    assert ada[:3] == ["a.html", "Ada", "1"] and ada[-1] == "✓" and ada.count("○") == 25
    assert other[1] == "'=1+1"
    said_of = capsys.readouterr().err
    assert all(f"{letter}.html" in said_of for letter in "cdefgh")


@pytest.mark.parametrize("choice", ["ko", "en"])
def test_progress_follows_the_language_and_keeps_its_marks(monkeypatch, capsys, choice):
    monkeypatch.setattr(language, "_chosen", choice)
    progress.show("03")
    said = capsys.readouterr().out
    assert said.count("○ ") == len(checks.LESSONS["03"]) and "progress.hand_in(" in said
    for title in checks.LESSONS["03"].values():
        ko, en = title.split(" · ")
        assert (ko in said, en in said) == (choice == "ko", choice == "en")
    assert ("아직 안 함" in said, "not tried" in said) == (choice == "ko", choice == "en")
