"""Copies of the lessons in one language, for links that open on a language of their own.

    python -m tools.one_language ko en

writes ko/00_start.ipynb, en/00_start.ipynb and so on beside notebooks/, without what lies below a
guess. Git ignores them: they are made anew, by Binder's postBuild, and never edited. Elsewhere the
lessons' own switch does it all.
"""

import re
import sys
from pathlib import Path

import nbformat
from nbconvert.preprocessors import TagRemovePreprocessor

from tools.unopened import unopened

ROOT = Path(__file__).resolve().parents[1]
LANGUAGES = ("ko", "en")
SWITCH = "lessons.setup(language=None)"
OF_BOTH = ("- **두 언어**", "- **Two languages**")  # lesson 00 on how the two stand together
LABEL = re.compile(r"'([가-힣 ]+) ([A-Za-z ]+)'")  # of a menu or a button: '맵 map'
README = {"ko": "README.ko.md", "en": "README.md"}


def heading(line, language):
    """A "## 03. 한국어 · English" or "![한국어 · English](…)" in one; any other line as it is."""
    found = re.fullmatch(r"(#+ (?:\d+\. )?|!\[)(.*[가-힣].*?) · (.*?)(\]\(\S+\))?", line)
    return found[1] + found[2 if language == "ko" else 3] + (found[4] or "") if found else line


def in_one_language(nb, language):
    """A copy of a lesson without the other language's prose, set up for this one."""
    other = {"ko": "lang-en", "en": "lang-ko"}[language]
    remover = TagRemovePreprocessor(remove_cell_tags={other}, enabled=True)
    copy, _ = remover.preprocess(nbformat.from_dict(nb), {})
    for cell in copy.cells:
        if cell.cell_type == "markdown":
            lines = [ln for ln in cell.source.split("\n") if not ln.startswith(OF_BOTH)]
            lines = [heading(line, language) for line in lines]
            text = LABEL.sub(r"'\1'" if language == "ko" else r"'\2'", "\n".join(lines))
            cell.source = text.replace("../README.md", f"../{README[language]}")
        else:
            cell.source = cell.source.replace(SWITCH, f'lessons.setup(language="{language}")')
    return copy


def main(*languages):
    for language in languages:
        folder = ROOT / language
        folder.mkdir(exist_ok=True)
        for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
            copy = in_one_language(nbformat.read(path, as_version=4), language)
            nbformat.write(unopened(copy), folder / path.name)


if __name__ == "__main__":
    if not sys.argv[1:] or set(sys.argv[1:]) - set(LANGUAGES):
        sys.exit(__doc__)
    main(*sys.argv[1:])
