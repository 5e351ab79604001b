"""The teacher's tables: whatever a platform exports is found, nothing that a file says is run."""

import csv
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from classroom import guesses, hand_ins, page
from classroom.checks.exercise import listed

ROOT = Path(__file__).resolve().parents[2]
HEAD = ["file", "name", "number", "right"]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """Work in a folder of our own; what is handed in lies in class/."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "class").mkdir()
    return tmp_path


def made(name, number="", right=(), wrong=()):
    """A page as a student hands it in, with some exercises done; ``("00", "check_overlay")``."""
    verdicts = {key: "right" for key in right} | {key: "not yet" for key in wrong}
    lessons = {
        lesson: [
            {
                "exercise": check,
                "title": title,
                "verdict": verdicts.get((lesson, check), "not tried"),
                "tries": [],
            }
            for check, title in exercises.items()
        ]
        for lesson, exercises in listed().items()
    }
    return page.write(name, number, lessons)


def put(where, text):
    path = Path("class", where)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def rows(name="hand_ins.csv", encoding="utf-8-sig"):
    with open(name, encoding=encoding, newline="") as file:
        return list(csv.reader(file))


def run(folder="class", *more):
    return hand_ins.main([str(folder), *map(str, more)])


OVERLAY, SOURCE = ("00", "check_overlay"), ("00", "check_source")


def test_a_line_a_student(capsys):
    put("a.html", made("Ada", "2026-1", right=[OVERLAY], wrong=[SOURCE]))
    put("b.html", made("홍길동"))
    assert run() == 0
    head, ada, hong = rows()
    assert head[:6] == [*HEAD, "00.1", "00.2"]
    assert len(head) == 4 + sum(map(len, listed().values())) + len(guesses.questions())
    assert ada[:7] == ["a.html", "Ada", "2026-1", "1", "✓", "✗", "○"]
    assert hong[:5] == ["b.html", "홍길동", "", "0", "○"] and set(hong[4:]) == {"○"}
    out, err = capsys.readouterr()
    assert "Ada\t2026-1\t1 / " in out and err == ""


def test_pages_are_found_as_platforms_export_them(capsys):
    """Folders (Moodle), flat names (Canvas), other spellings, zips, and zips in zips."""
    put("홍길동_123_assignsubmission_file/hand_in_홍길동.html", made("Hong"))
    put("deep/er/x.HTML", made("Deep"))
    put("adalovelace_4711_hand_in.htm", made("Ada"))
    put("notes.pdf", "no page")
    put("readme", "no page")
    with zipfile.ZipFile("inner.zip", "w") as pack:
        pack.writestr("hand_in.Html", made("Inner"))
    with zipfile.ZipFile("class/export.ZIP", "w") as pack:
        pack.writestr("one/hand_in.html", made("Zipped"))
        pack.writestr("__MACOSX/one/._hand_in.html", "\0\0")
        pack.writestr("photo.JPG", "no page")
        pack.write("inner.zip")
    assert run() == 0
    found = {row[1]: row[0] for row in rows()[1:]}
    assert set(found) == {"Hong", "Deep", "Ada", "Zipped", "Inner"}
    assert found["Inner"] == "export.ZIP/inner.zip/hand_in.Html"
    out = capsys.readouterr().out
    assert "passed over: 4 (.* 1, .jpg 1, .pdf 1, ? 1)" in out
    assert run("class/export.ZIP") == 0 and len(rows()) == 3


def test_what_cannot_be_read_is_named(capsys):
    good = made("Ada", right=[OVERLAY])
    put("a.html", good)
    put("c.html", "<p>hello")
    Path("class/d.html").write_bytes(b"\xff\xfe\x00")
    put("e.html", good.replace('"right"', '"perfect"'))
    put("f.html", good.replace('"lessons": {', '"lessons": [{'))
    put("g.html", good + " " * page.LARGEST)
    put("h.html/x.txt", "a folder of such a name")
    put("i.html", good.replace('"not tried"', '["not tried"]'))
    put("j.html", good.replace('"name": "Ada"', r'"name": "A\ud800"'))
    put("k.zip", "no zip file")
    put("l.html", page.START + "[" * 100_000 + page.END)
    put("m.html", page.START + "{}")
    os.mkfifo("class/n.html")
    assert run() == 1
    assert [row[1] for row in rows()] == ["name", "Ada"]
    err = capsys.readouterr().err.splitlines()
    named = [line.split(": ")[1] for line in err if "could not read" in line]
    assert named == [f"{letter}.html" for letter in "cdefgij"] + ["k.zip", "l.html", "m.html"]


class Counted(str):
    """A text that counts how many of its signs were looked at."""

    looked = 0

    def find(self, what, start=0):
        at = super().find(what, start)
        Counted.looked += (at if at >= 0 else len(self)) - start + len(what)
        return at


@pytest.mark.parametrize("times", [2000, 4000])
@pytest.mark.parametrize("what", [page.START, page.START + "<", page.START + page.START])
def test_a_page_that_repeats_itself_is_looked_at_once(times, what):
    text = Counted("<p>" + what * times)
    Counted.looked = 0
    with pytest.raises(ValueError, match="no answers"):
        page.embedded(text)
    assert len(text) <= Counted.looked <= len(text) + len(page.START + page.END)


def test_a_zip_of_more_than_anybody_hands_in_is_read_no_further(monkeypatch, capsys):
    monkeypatch.setattr(hand_ins, "LARGEST", 1000)
    with zipfile.ZipFile("inner.zip", "w", zipfile.ZIP_DEFLATED) as pack:
        for i in range(5):
            pack.writestr(f"{i}.html", " " * 300)
    with zipfile.ZipFile("class/a.zip", "w") as pack:
        pack.writestr("0.html", " " * 300)
        pack.write("inner.zip")
    put("b.html", made("Ada")[:300])  # a file of its own again
    assert run() == 1
    lines = capsys.readouterr().err.splitlines()
    names = [line.split(": ")[1] for line in lines]
    assert names == ["a.zip/0.html", "a.zip/inner.zip/0.html", "b.html"]
    assert "holds too much" in lines[1] and "no answers in it" in lines[2]


# --- nothing is a formula ---

SIGNS = "=+-@＝＋－＠"


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("before", ["", " ", "Ada;", 'Ada"; '])
def test_no_cell_is_a_formula(here, sign, before):
    risky = f"{before}{sign}1+1"
    put(f"{risky.strip()}.html", made(f"{before}{sign}1+1".strip(), number=f"{sign}2"))
    with zipfile.ZipFile("class/b.zip", "w") as pack:
        for name in (f"\t{sign}.html", f"\r{sign}.html"):
            pack.writestr(name, made(f"Ada{sign}"))
    assert run() == 0
    for name, encoding in (("", "utf-8-sig"), (".moodle", "utf-8"), (".canvas", "utf-8")):
        for row in rows(f"hand_ins{name}.csv", encoding):
            for cell in row:
                parts = [part.strip() for part in cell.split(";")]
                assert cell == "-" or not any(p and p[0] in SIGNS for p in parts), cell
                assert cell[:1] not in "\t\r" or not cell


@pytest.mark.parametrize("text", ["\t=1", "\r=1", "\t", "a\n=1"])
def test_signs_that_cannot_be_seen_hide_no_formula(text):
    assert hand_ins.inert(text) in ("'" + text, "'" + text.replace("=", "'="), "a\n'=1")


@pytest.mark.parametrize("text", ["Ada Lovelace-King", "2026-12345", "a=b", "12", "홍길동"])
def test_other_cells_stay(text):
    assert hand_ins.inert(text) == text


def test_a_file_adds_no_columns():
    data = {
        "name": "Eve",
        "made": "2026",
        "lessons": {
            '=HYPERLINK("x")': [{"exercise": "a", "verdict": "right"}],
            "00": [{"exercise": f"e{i}", "verdict": "right"} for i in range(20_000)]
            + [{"exercise": "check_overlay", "verdict": "right"}],
        },
    }
    put("a.html", page.START + json.dumps(data) + page.END)
    put("b.html", made("Ada"))
    assert run() == 0
    head, eve, _ = rows()
    assert len(head) == 4 + sum(map(len, listed().values())) + len(guesses.questions())
    assert eve[1:5] == ["Eve", "", "1", "✓"] and eve.count("✓") == 1


# --- for learning platforms ---


def hand_in_three():
    put("1.html", made("Ada", "2026-1", right=[OVERLAY, SOURCE], wrong=[("03", "check_norm_map")]))
    put("2.html", made("홍길동", "2026-2", right=[OVERLAY]))
    put("3.html", made("Nameless", right=[OVERLAY]))
    assert run() == 0


def test_a_table_that_moodle_imports(capsys):
    """An identifier, then grade items; no grade is "-"; whom it can't find stops the import."""
    hand_in_three()
    assert rows("hand_ins.moodle.csv", "utf-8") == [
        ["ID number", "Full name", "DINO 00", "DINO 03"],
        ["2026-1", "Ada", "2", "0"],
        ["2026-2", "홍길동", "1", "-"],
    ]
    assert "not for Moodle: 1" in capsys.readouterr().out


def test_a_table_that_canvas_imports():
    """Five columns of the student in this order, the points possible, then the students."""
    hand_in_three()
    names, exercises = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"], listed()
    points = [str(len(exercises["00"])), str(len(exercises["03"]))]
    assert rows("hand_ins.canvas.csv", "utf-8") == [
        [*names, "DINO 00", "DINO 03"],
        ["Points Possible", "", "", "", "", *points],
        ["Ada", "", "2026-1", "2026-1", "", "2", "0"],
        ["홍길동", "", "2026-2", "2026-2", "", "1", ""],
        ["Nameless", "", "", "", "", "1", ""],
    ]


def test_of_several_pages_of_a_student_the_platforms_get_the_last():
    early, late = made("Ada", "1", right=[SOURCE, OVERLAY]), made("Ada L.", "1", right=[SOURCE])
    at = json.loads(page.embedded(early))["made"]
    put("a.html", late.replace(at, "2026-03-02T10:00:00+09:00"))
    put("b.html", early.replace(at, "2026-03-01T10:00:00+09:00"))
    assert run() == 0
    assert len(rows()) == 3 and rows("hand_ins.moodle.csv", "utf-8")[1:] == [["1", "Ada L.", "1"]]


# --- the command ---


def test_nothing_to_do_is_said_and_fails(capsys):
    assert run("nowhere") == 2
    assert capsys.readouterr().err == (
        "그런 폴더가 없습니다: nowhere\nThere is no such folder: nowhere\n"
    )
    put("notes.pdf", "")
    assert run() == 1
    out = capsys.readouterr().out
    assert "passed over: 1 (.pdf 1)" in out and "No page was handed in: class" in out
    assert not list(Path().glob("*.csv"))


def test_a_table_that_is_open_elsewhere(capsys):
    put("a.html", made("Ada"))
    Path("busy.csv").mkdir()
    assert run("class", "busy.csv") == 2
    err = capsys.readouterr().err
    assert "파일을 저장할 수 없습니다: busy.csv" in err and "cannot be written: busy.csv" in err


SLOW = (pytest.param(encoding, marks=pytest.mark.slow) for encoding in ("cp949", "cp1252"))


@pytest.mark.parametrize("encoding", ["ascii", *SLOW])
def test_any_console_and_any_name_will_do(encoding):
    """Names of files that are no UTF-8 included."""
    put("a.html", made("뷁 ✓", "1"))
    Path(os.fsdecode(b"class/\xb0\xa1.html")).write_text(made("Kim"), "utf-8")
    Path(os.fsdecode(b"class/\xff.html")).write_text("no page")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": encoding}
    command = [sys.executable, "-m", "classroom.hand_ins", "class", "표.csv"]
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert done.returncode == 1 and b"Traceback" not in done.stderr
    assert [row[1] for row in rows("표.csv")] == ["name", "뷁 ✓", "Kim"]
    assert (b"could not read" in done.stderr) and b"1 / " not in done.stdout
