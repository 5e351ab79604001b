"""The teacher's guide and the students' sheets: minutes add up, and what they name is there."""

import re

import nbformat
import pytest

from tools.notebooks import LESSONS, ROOT
from tools.sheets import sheets
from tools.site.glossary import ENTRY, GLOSSARY

LANGUAGES = ("ko", "en")
GUIDES = {code: (ROOT / "docs" / code / "teaching.md").read_text("utf-8") for code in LANGUAGES}
NUMBERS = [path.name[:2] for path in sorted(LESSONS.glob("*.ipynb"))]
PLANS = (50, 100, 180)
HANGUL = re.compile("[가-힣]")
CODE = re.compile("`[^`]*`")


def in_language(heading, language):
    """One half of a lesson's heading "한국어 · English"."""
    halves = heading.lstrip("# ").split(" · ")
    return halves[0] if language == "ko" else halves[-1]


def headings(number, language):
    """A lesson's title and its sections, as a reader of one language sees them."""
    (path,) = LESSONS.glob(f"{number}_*.ipynb")
    cells = [c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "markdown"]
    title = in_language(cells[0].split("\n")[0], language)
    title = re.sub(r"^\d\d\. ", "", title)
    return title, [in_language(c, language) for c in cells if c.startswith("## ")]


TABLE = re.compile(r"^\|.*\n\|[-|]+\|\n((?:\|.*\n?)+)", re.MULTILINE)


def rows(text):
    """The cells of all tables in a text, without their heads."""
    lines = [line for body in TABLE.findall(text) for line in body.strip().split("\n")]
    return [[cell.strip() for cell in line[1:-1].split("|")] for line in lines]


def part(text, level, name):
    """What stands under the heading that begins with `name`."""
    (found,) = re.findall(
        rf"^{'#' * level} {name}(?!\d)(.*?)(?=^#{{1,{level}}} |\Z)", text, re.MULTILINE | re.DOTALL
    )
    return found


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("minutes", PLANS)
def test_a_plan_adds_up_and_names_what_is_there(language, minutes):
    plan = rows(part(GUIDES[language], 3, minutes))
    now = 0
    for start, length, lesson, section, doing in plan:
        assert int(start) == now and doing
        now += int(length)
        if lesson == "-":
            assert section == "-"
        else:
            assert section in headings(lesson, language)[1], section
    assert now == minutes and len(plan) >= 7


@pytest.mark.parametrize("minutes", PLANS)
def test_both_languages_plan_the_same(minutes):
    ko, en = (rows(part(GUIDES[code], 3, minutes)) for code in LANGUAGES)
    assert [row[:3] for row in ko] == [row[:3] for row in en]
    for a, b in zip(ko, en):
        if a[2] != "-":
            places = [headings(a[2], code)[1].index(row[3]) for code, row in (("ko", a), ("en", b))]
            assert places[0] == places[1]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("number", NUMBERS)
def test_every_lesson_has_aims_questions_a_picture_and_misconceptions(language, number):
    title, sections = headings(number, language)
    text = part(GUIDES[language], 3, rf"{number}\. {re.escape(title)}")
    words = {
        "ko": ("목표", "나올 그림", "흔한 오해"),
        "en": ("Aims", "The picture", "Misconceptions"),
    }
    for word in words[language]:
        assert re.search(rf"^\*\*{word}\.?\*\*", text, re.MULTILINE), word
    questions = rows(text)
    assert len(questions) >= 3
    for section, question, answer in questions:
        assert section in sections and "?" in question and answer, section
    assert f"payoff_{number}.jpg" in text
    answered = re.findall(r'^- "([^"]+)": (\S.+)$', text, re.MULTILINE)
    assert len(answered) >= 2 and len(re.findall("^- ", text, re.MULTILINE)) == len(answered)


def test_both_guides_are_built_alike():
    def skeleton(text):
        lines = (re.match(r"#+ |\| *-|\||- |\d+\. |\*\*", line) for line in text.split("\n"))
        return [line[0].rstrip("0123456789. ") for line in lines if line]

    assert skeleton(GUIDES["ko"]) == skeleton(GUIDES["en"])


@pytest.mark.parametrize("path", sorted((ROOT / "docs").rglob("*.md")), ids=lambda p: p.stem)
def test_links_lead_somewhere(path):
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", path.read_text("utf-8"))
    missing = [t for t in targets if "://" not in t and not (path.parent / t).exists()]
    assert missing == []


@pytest.mark.parametrize("path", sorted((ROOT / "docs" / "en").rglob("*.md")), ids=lambda p: p.stem)
def test_the_english_documents_are_english(path):
    text = CODE.sub("", path.read_text("utf-8")).replace("한국어", "")
    if path.parent.name == "sheets":  # which teach the Korean word, too
        text = re.sub(r"\| [^|]+ \| \|$", "", text, flags=re.MULTILINE)
    assert HANGUL.findall(text) == []


# --- the students' sheets ---


def test_every_lesson_has_a_sheet_in_each_language():
    found = [(path.parts[-3], path.stem) for path in sheets()]
    assert found == [(code, number) for code in sorted(LANGUAGES) for number in NUMBERS]


@pytest.mark.parametrize("path", sheets(), ids=lambda p: f"{p.parts[-3]}-{p.stem}")
def test_a_sheet_asks_and_does_not_answer(path):
    language, text = path.parts[-3], path.read_text("utf-8")
    assert text.startswith(f"# {path.stem}. {headings(path.stem, language)[0]}\n")
    terms = {(entry["ko"], entry["en"]) for entry in ENTRY.finditer(GLOSSARY.read_text("utf-8"))}
    *words, guess_1, guess_2, guess_3 = rows(text)
    assert len(words) >= 3
    for first, second, room in words:
        assert ((first, second) if language == "ko" else (second, first)) in terms and room == ""
    for question, before, after in (guess_1, guess_2, guess_3):
        assert question.endswith("?") and before == after == ""
    assert len(re.findall(r"^\d\. ", text, re.MULTILINE)) == 2
    assert re.search(r"!\[.+\]\((\.\./\.\./sheets/\w+\.svg|\.\./\.\./\.\./images/\w+\.jpg)\)", text)


def test_both_sheets_of_a_lesson_have_the_same_pictures_and_words():
    for number in NUMBERS:
        files = [ROOT / "docs" / code / "sheets" / f"{number}.md" for code in LANGUAGES]
        ko, en = (path.read_text("utf-8") for path in files)
        assert re.findall(r"\w+\.(?:svg|jpg)", ko) == re.findall(r"\w+\.(?:svg|jpg)", en)
        words = [[sorted(row[:2]) for row in rows(text)[:-3]] for text in (ko, en)]
        assert words[0] == words[1]
