"""The lessons' copies in one language, and the READMEs that open them."""

import re
from pathlib import Path

import nbformat
import pytest
from repository import HANGUL, LESSONS, ROOT

from tools import one_language


@pytest.mark.parametrize("language", one_language.LANGUAGES)
@pytest.mark.parametrize("path", LESSONS, ids=lambda p: p.stem)
def test_copies_speak_one_language(path, language):
    nb = nbformat.read(path, as_version=4)
    before = nbformat.writes(nb)
    copy = one_language.in_one_language(nb, language)
    assert nbformat.writes(nb) == before
    nbformat.validate(copy)
    other = {"ko": "lang-en", "en": "lang-ko"}[language]
    tags = [tag for cell in copy.cells for tag in cell.metadata.get("tags", [])]
    assert other not in tags and tags.count(f"lang-{language}") > 10
    headings = [
        line
        for cell in copy.cells
        if cell.cell_type == "markdown"
        for line in cell.source.splitlines()
        if re.match("#+ ", line)
    ]
    assert len(headings) > 3 and not [h for h in headings if " · " in h]
    if language == "en":
        assert not [h for h in headings if HANGUL.search(h)]
    assert headings[0].startswith(f"# {path.name[:2]}. ")
    text = "".join(cell.source for cell in copy.cells)
    assert "두 언어**" not in text and "Two languages**" not in text
    code = [cell for cell in copy.cells if cell.cell_type == "code"]
    assert f'lessons.setup(language="{language}")' in code[0].source
    assert len(code) == sum(cell.cell_type == "code" for cell in nb.cells)


def test_readmes_open_the_copy_of_their_own_language():
    for language, name in one_language.README.items():
        text = (ROOT / name).read_text("utf-8")
        opened = re.findall(r"mybinder\.org/v2/gh/[^)]*urlpath=lab/tree/([^)]*)", text)
        assert opened == [f"{language}/00_start.ipynb"]
        assert (ROOT / "notebooks" / Path(opened[0]).name).exists()
