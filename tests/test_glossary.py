"""The glossary: every term in both languages, and linked where it first comes up."""

import re

import nbformat
import pytest

from tools.notebooks import LESSONS
from tools.site.glossary import ENTRY, GLOSSARY, terms

TEXT = GLOSSARY.read_text("utf-8")
ENTRIES = {entry["id"]: entry for entry in ENTRY.finditer(TEXT)}
LINK = re.compile(r"\]\(\.\./docs/glossary\.md#([^)]+)\)")
HANGUL = re.compile("[가-힣]")


def anchor(heading):
    return heading.replace(" ", "-")


@pytest.fixture(scope="module")
def links():
    """(lesson's file, language) of every link, by what it points to."""
    found = {}
    for path in sorted(LESSONS.glob("*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            language = {"ko", "en"} & {
                tag.removeprefix("lang-") for tag in cell.metadata.get("tags", [])
            }
            for target in LINK.findall(cell.source if cell.cell_type == "markdown" else ""):
                found.setdefault(target, []).append((path.name, *language))
    return found


def test_every_heading_is_a_whole_entry():
    headings = re.findall("^## (.+)$", TEXT, re.MULTILINE)
    assert headings == list(ENTRIES) == sorted(headings) and len(headings) > 50
    for entry in ENTRIES.values():
        assert HANGUL.search(entry[3]) and not HANGUL.search(entry["en"] + entry[5])


def test_jupyterlab_and_github_make_the_same_anchor():
    """JupyterLab keeps capitals and turns spaces into hyphens; GitHub drops all but words."""
    for heading in ENTRIES:
        assert re.fullmatch("[a-z]+([ -][a-z]+)*", heading)


def test_terms_are_linked_once_a_language_in_the_lesson_the_glossary_names(links):
    assert links.keys() == {anchor(heading) for heading in ENTRIES}
    for heading, entry in ENTRIES.items():
        (lesson,) = {*re.findall(r"\(\.\./notebooks/(\S+?)\)", entry[3] + entry[5])}
        assert sorted(links[anchor(heading)]) == [(lesson, "en"), (lesson, "ko")], heading


def test_korean_readers_find_every_term_in_their_order():
    (index,) = re.findall(r"^\*\*가나다순\*\*: (.+)$", TEXT, re.MULTILINE)
    listed = re.findall(r"\[(.+?)\]\(#(.+?)\)", index)
    assert listed == [(term["name"], term["id"]) for term in terms("ko", "owner/name")]
    assert len(listed) == len(ENTRIES)


def test_cross_references_lead_somewhere():
    own = {anchor(heading) for heading in ENTRIES}
    assert set(re.findall(r"\]\(#([^)]+)\)", TEXT)) <= own


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_site_has_the_terms_in_one_language(language):
    page = terms(language, "owner/name")
    assert {term["id"] for term in page} == {anchor(heading) for heading in ENTRIES}
    for term in page:
        assert bool(HANGUL.search(term["text"])) == (language == "ko")
        assert re.search(r'<a href="\d\d_\w+\.html">\d\d</a>', term["text"])
        assert "$" not in term["text"] and "**" not in term["text"]
