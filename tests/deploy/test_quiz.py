"""The guide's questions as a quiz for Moodle."""

import subprocess
import sys
from xml.etree import ElementTree as ET

import pytest

from deploy import settings
from deploy.grades import lesson, quiz


def test_both_languages_ask_the_same():
    ko, en = quiz.questions("ko"), quiz.questions("en")
    assert [len(rows) for rows in ko.values()] == [len(rows) for rows in en.values()]
    numbers = [path.name[:2] for path in sorted(lesson.NOTEBOOKS.glob("*.ipynb"))]
    assert [title[:2] for title in ko] == [title[:2] for title in en] == numbers
    assert all(len(rows) >= 3 for rows in ko.values())


@pytest.mark.parametrize("language", ["ko", "en"])
def test_it_is_moodle_xml(language):
    command = [sys.executable, "-m", "deploy.grades.quiz", language]
    root = ET.fromstring(subprocess.run(command, cwd=settings.ROOT, capture_output=True).stdout)
    kinds = [question.get("type") for question in root]
    found = quiz.questions(language)
    assert root.tag == "quiz" and {*kinds} == {"category", "essay"}
    assert kinds.count("category") == len(found)
    assert kinds.count("essay") == sum(map(len, found.values()))
    for question in root.iter("question"):
        if question.get("type") == "essay":
            for part in ("name", "questiontext", "graderinfo"):
                assert question.find(f"{part}/text").text.strip()
            assert question.find("responseformat").text == "plain"


def test_what_a_cell_of_the_table_holds():
    rows = [("A `b` [c](d.md)", "Is a < b & $K$, as `x`?", "See [d](e.md).")]
    text = quiz.quiz({"00. A/B": rows})
    root = ET.fromstring(text.encode())
    assert root.find("question/category/text").text.endswith("DINO/00. A//B")
    essay = root.findall("question")[1]
    assert essay.find("name/text").text == "00.1 A b c"
    shown = essay.find("questiontext/text").text
    assert shown == "<p>Is a &lt; b &amp; \\(K\\), as <code>x</code>?</p>"
    assert essay.find("graderinfo/text").text == "<p>See d.</p>"
