"""The teacher's table: whatever a platform exports is found, and what can't be read is named."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from handed_in import OVERLAY, SOURCE, made, put, rows, run

from classroom import guesses, hand_ins, page
from classroom.checks.exercise import listed

pytestmark = pytest.mark.usefixtures("here")

ROOT = Path(__file__).resolve().parents[2]
HEAD = ["file", "name", "number", "right"]


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
