"""The questions that a lesson asks before anything runs, as a quiz for Moodle.

    python -m deploy.grades.quiz ko > quiz.xml

They are those of the guide for teachers (docs/ko/teaching.md): one category a lesson, and in each
the questions of its table as essays, with what there is to see as a note for whoever marks. In
Moodle: Question bank → Import → Moodle XML format.
"""

import re
import sys
from html import escape
from xml.etree import ElementTree as ET

from .. import settings

LESSON = re.compile(r"^### (\d\d\. .+)$", re.M)
ESSAY = {"defaultgrade": "1", "responseformat": "plain", "responserequired": "1"}
ESSAY |= {"responsefieldlines": "5"}
ROW = re.compile(r"^\| (.+?) \| (.+?) \| (.+?) \|$", re.M)


def questions(language):
    """The guide's questions: title of a lesson → list of (section, question, what to see)."""
    text = (settings.ROOT / "docs" / language / "teaching.md").read_text("utf-8")
    _, *parts = LESSON.split(text)
    found = {}
    for title, part in zip(parts[::2], parts[1::2]):
        part = part.partition("\n## ")[0]
        rows = ROW.findall(part)
        found[title] = [row for row in rows[1:] if not set(row[0]) <= {"-", ":"}]
    return found


def quiz(found):
    """Moodle XML of what ``questions`` returns."""
    root = ET.Element("quiz")
    for title, rows in found.items():
        # A slash in a name would make a category below it; Moodle writes two for one.
        name = f"$course$/top/DINO/{title.replace('/', '//')}"
        _texts(ET.SubElement(root, "question", type="category"), category=name)
        for number, (section, asked, seen) in enumerate(rows, 1):
            question = ET.SubElement(root, "question", type="essay")
            _texts(question, name=f"{title[:2]}.{number} {_plain(section)}")
            _texts(question, "html", questiontext=_html(asked), graderinfo=_html(seen))
            for tag, words in ESSAY.items():
                ET.SubElement(question, tag).text = words
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _texts(element, form=None, **texts):
    for tag, words in texts.items():
        part = ET.SubElement(element, tag, {"format": form} if form else {})
        ET.SubElement(part, "text").text = words


def _plain(words):
    return re.sub(r"[`*]|\[(.*?)\]\(.*?\)", r"\1", words)


def _html(words):
    """A table cell's Markdown; Moodle draws formulas between \\( and \\) by itself."""
    words = escape(re.sub(r"\[(.*?)\]\(.*?\)", r"\1", words), quote=False)
    words = re.sub(r"`([^`]+)`", r"<code>\1</code>", words)
    words = re.sub(r"\$([^$]+)\$", r"\\(\1\\)", words)
    return f"<p>{words}</p>"


if __name__ == "__main__":
    if sys.argv[1:] not in (["ko"], ["en"]):
        sys.exit(__doc__)
    sys.stdout.buffer.write(quiz(questions(sys.argv[1])).encode())  # as its first line says
