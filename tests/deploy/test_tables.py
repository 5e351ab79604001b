"""Grades as Moodle and Canvas import them."""

import subprocess
import sys

import pytest

from bilingual import BadInput
from deploy import settings
from deploy.grades import tables

HEAD = "assignment,duedate,timestamp,student_id,last_name,first_name,email,raw_score,"
HEAD += "late_submission_penalty,score,max_score\n"
GRADES = HEAD + (
    "lesson-00,,2026-03-02 10:00:00,kim,,,,2.0,0.0,2.0,3.0\n"
    "lesson-03,,2026-03-09 10:00:00,kim,,,,1.5,0.0,1.5,2.0\n"
    "lesson-00,,,lee,,,,0.0,0.0,0.0,3.0\n"
    "lesson-00,,2026-03-02 11:00:00,=1+1,,,,0.0,0.0,0.0,3.0\n"
)
CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,lesson-00 (4711),Final Score\n"
    "    Points Possible,,,,,3,(read only)\n"
    '"Kim, Min",101,u1,kim,A,,\n'
    '"Lee, Ha",102,u2,lee,A,,\n'
)


@pytest.fixture
def grades(tmp_path):
    path = tmp_path / "grades.csv"
    path.write_text(GRADES, "utf-8")
    return path


def test_moodle(grades):
    rows = tables.moodle(*tables.read(grades))
    assert rows == [
        ["username", "lesson-00", "lesson-03"],
        ["=1+1", "0", "-"],
        ["kim", "2", "1.5"],
        ["lee", "-", "-"],  # handed in nothing: no grade, which is not a grade of 0
    ]


def test_canvas(grades, tmp_path):
    (tmp_path / "book.csv").write_text(CANVAS, "utf-8-sig")
    book = tables.lines(tmp_path / "book.csv")
    rows, missing = tables.canvas(*tables.read(grades), *book)
    assert rows == [
        [*tables.CANVAS, "lesson-00 (4711)", "lesson-03"],
        ["    Points Possible", "", "", "", "", "3", "2"],
        ["Kim, Min", "101", "u1", "kim", "A", "2", "1.5"],
        ["Lee, Ha", "102", "u2", "lee", "A", "", ""],
    ]
    assert missing == ["=1+1"]


def test_other_files_are_turned_away(tmp_path):
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n", "utf-8")
    with pytest.raises(BadInput, match="nbgrader export"):
        tables.read(other)
    with pytest.raises(BadInput, match="SIS Login ID"):
        tables.canvas({}, {}, [], ["Student", "ID"])
    with pytest.raises(SystemExit, match="none.csv"):
        tables.main(str(tmp_path / "none.csv"))


def test_both_files_as_a_spreadsheet_may_open_them(grades, tmp_path):
    """A name such as "=1+1" is no formula; a student who is not in Canvas is told."""
    (tmp_path / "book.csv").write_text(CANVAS, "utf-8")
    command = [sys.executable, "-m", "deploy.grades.tables", grades, tmp_path / "book.csv"]
    done = subprocess.run(command, cwd=settings.ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and "not in Canvas" in done.stderr and "=1+1" in done.stderr
    assert (tmp_path / "grades.moodle.csv").read_text("utf-8") == (
        "username,lesson-00,lesson-03\n'=1+1,0,-\nkim,2,1.5\nlee,-,-\n"
    )
    assert (
        (tmp_path / "grades.canvas.csv").read_text("utf-8").endswith('"Lee, Ha",102,u2,lee,A,,\n')
    )
