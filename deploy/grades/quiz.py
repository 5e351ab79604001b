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
ROW = re.compile(r"^\| (.+?) \| (.+?) \| (.+?) \|$", re.M)


def questions(language):
    """The guide's questions.

    Parameters
    ----------
    language : {"ko", "en"}

    Returns
    -------
    dict
        Title of a lesson → list of (section, question, what to see).
    """
    text = (settings.ROOT / "docs" / language / "teaching.md").read_text("utf-8")
    _, *parts = LESSON.split(text)
    found = {}
    for title, part in zip(parts[::2], parts[1::2]):
        part = part.partition("\n## ")[0]
        rows = ROW.findall(part)
        found[title] = [row for row in rows[1:] if not set(row[0]) <= {"-", ":"}]
    return found


def quiz(found):
    """Moodle XML of questions.

    Parameters
    ----------
    found : dict
        From ``questions``.

    Returns
    -------
    str
    """
    root = ET.Element("quiz")
    for title, rows in found.items():
        category = ET.SubElement(ET.SubElement(root, "question", type="category"), "category")
        # A slash in a name would make a category below it; Moodle writes two for one.
        _text(category, "$course$/top/" + f"DINO/{title.replace('/', '//')}")
        for number, (section, asked, seen) in enumerate(rows, 1):
            question = ET.SubElement(root, "question", type="essay")
            _text(ET.SubElement(question, "name"), f"{title[:2]}.{number} {_plain(section)}")
            _text(ET.SubElement(question, "questiontext", format="html"), _html(asked))
            ET.SubElement(question, "defaultgrade").text = "1"
            ET.SubElement(question, "responseformat").text = "plain"
            ET.SubElement(question, "responserequired").text = "1"
            ET.SubElement(question, "responsefieldlines").text = "5"
            _text(ET.SubElement(question, "graderinfo", format="html"), _html(seen))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _text(element, words):
    ET.SubElement(element, "text").text = words


def _plain(words):
    return re.sub(r"[`*]|\[(.*?)\]\(.*?\)", r"\1", words)


def _html(words):
    """A table cell's Markdown; Moodle draws formulas between \\( and \\) by itself."""
    words = escape(re.sub(r"\[(.*?)\]\(.*?\)", r"\1", words), quote=False)
    words = re.sub(r"`([^`]+)`", r"<code>\1</code>", words)
    words = re.sub(r"\$([^$]+)\$", r"\\(\1\\)", words)
    return f"<p>{words}</p>"


def main(argv=None):
    argv = sys.argv[1:] if argv is None else argv
    if argv not in (["ko"], ["en"]):
        sys.exit(__doc__)
    sys.stdout.write(quiz(questions(argv[0])))
    return 0


if __name__ == "__main__":
    sys.exit(main())
