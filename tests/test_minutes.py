"""The minutes that are promised can be believed, and are the same wherever they are promised."""

import re
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools import minutes
from tools.site import words

ROOT = Path(__file__).parents[1]
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", LESSONS, ids=lambda p: p.stem)
def test_a_lesson_takes_what_its_head_and_the_readmes_say(path):
    nb = nbformat.read(path, as_version=4)
    said = minutes.promised(nb)
    assert len(said) == 2, "the head announces no minutes: 약 N분, about N minutes"
    said += tuple(int(words.readme(code)["lessons"][path.stem][1]) for code in ("ko", "en"))
    assert len({*said}) == 1, said
    counted = minutes.count(nb)
    assert abs(counted.minutes - said[0]) <= 0.2 * counted.minutes, (said[0], counted)


@pytest.mark.parametrize("code", ["ko", "en"])
def test_the_guide_says_how_long_a_lesson_takes(code):
    text = (ROOT / "docs" / code / "teaching.md").read_text("utf-8")
    said = re.search(r"\((\d+)~(\d+)분\)|\((\d+) to (\d+) minutes\)", text)
    promised = [minutes.promised(nbformat.read(path, as_version=4))[0] for path in LESSONS]
    assert [int(n) for n in said.groups() if n] == [min(promised), max(promised)]


def test_what_is_counted():
    ko = '<div lang="ko">\n\n' + "낱말 " * 118 + "[또 하나](http://a.org/b) 끝\n\n"
    ko += "<details><summary>풀이</summary>\n\n```python\na b c\n```\n\n</details>\n\n</div>"
    cells = [
        new_markdown_cell(ko, metadata={"tags": ["lang-ko"]}),
        new_markdown_cell("one two", metadata={"tags": ["lang-en"]}),
        new_markdown_cell("## 가 · A"),
        new_code_cell("my = ...\nchecks.check_x(my)\nchecks.helper(my)"),
        new_code_cell("explorer.explore(photo)\nupload(lambda mine: explorer.explore(mine))"),
        new_code_cell('g = predict.patches("03", "x", a, b)\nother.patches(1)\nposts.choice(2)'),
    ]
    found = minutes.count(new_notebook(cells=cells))
    assert found == (121, 2, 3, 1, 3)
    assert found.minutes == pytest.approx(121 / 120 + 1 + 4 + 6)
