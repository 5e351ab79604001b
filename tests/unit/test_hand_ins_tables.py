"""The teacher's tables: no cell is a formula, and learning platforms import them."""

import json
import zipfile

import pytest
from handed_in import OVERLAY, SOURCE, made, put, rows, run

from classroom import guesses, hand_ins, page
from classroom.checks.exercise import listed

pytestmark = pytest.mark.usefixtures("here")

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
