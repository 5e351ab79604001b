"""Can the rules of lesson_rules fail? A small good notebook is broken in one way at a time, and the
rule must notice: no rule is asleep."""

import copy

import pytest
from lesson_rules import RULES
from lesson_rules.reading import code_cells, read, setups
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from repository import LESSONS, REPO


def say(lang, text):
    source = f'<div lang="{lang}">\n\n{text}\n\n</div>'
    return new_markdown_cell(source, metadata={"tags": [f"lang-{lang}"]})


def good_notebook():
    """A small notebook that keeps every rule."""
    # The links of a real lesson, as links to this one.
    row = read(LESSONS[0]).cells[0].source.splitlines()[2].replace(LESSONS[0].name, "00_good.ipynb")
    png = new_output("display_data", {"image/png": "iVBORw0KGgo=", "text/plain": "<Figure>"})
    ko = "그림 왼쪽은 [사진](../README.md) 1,000개, `x` 는 $y$ ![고양이](../images/cat.jpg)"
    en = "Picture: 1000 [photos](../README.md), `x` is $y$ ![a cat](../images/cat.jpg)"
    cells = [
        new_markdown_cell(f"# 시작 · Start\n\n{row}\n\n![벌 · A bee](../images/bee.jpg)"),
        new_code_cell("# 준비 / Setup\nlessons.setup(language=None)"),
        new_code_cell(
            'show(photo)\nguess = predict.choice("00", "which", [("가", "a")])', outputs=[png]
        ),
        say("ko", ko),
        say("en", en),
    ]
    cells += [new_code_cell(f"x = {k}  # a number") for k in range(19)]
    cells.append(new_code_cell("guess.beside(0)"))
    cells.append(new_code_cell('progress.show("00")'))
    for k, cell in enumerate((c for c in cells if c.cell_type == "code"), 1):
        cell.execution_count = k
    return new_notebook(cells=cells, metadata={"name": "00_good.ipynb"})


def edit(i, old, new):
    """A breakage: replace a piece of one cell's source."""

    def breakage(nb):
        assert old in nb.cells[i].source
        nb.cells[i].source = nb.cells[i].source.replace(old, new)

    return breakage


def edit_both(old, new_ko, new_en):
    def breakage(nb):
        edit(3, old, new_ko)(nb)
        edit(4, old, new_en)(nb)

    return breakage


def put(i, cell):
    """A breakage: one more cell."""
    return lambda nb: nb.cells.insert(i, cell)


def output_of(i, output):
    """A breakage: one more output."""
    return lambda nb: nb.cells[i].outputs.append(output)


def attribute_of(i, name, value):
    return lambda nb: setattr(nb.cells[i], name, value)


def lengthen_all(nb):
    for cell in code_cells(nb)[1:]:
        cell.source = "x = 1\n" * 5


BREAKAGES = [
    (
        "lasting_names",
        put(5, new_code_cell("def show(a):\n    return [k for k in x]\n_ = interact(show, a=1)")),
    ),
    ("lasting_names", put(5, new_code_cell("my_x = ...\nchecks.check_x(my_x, x)"))),
    (
        "lasting_names",
        lambda nb: nb.cells.__setitem__(
            slice(5, 5), [say("en", "```python\nmy = x\n```"), new_code_cell("checks.check(1)")]
        ),
    ),
    ("valid", lambda nb: nb.cells[2].update(cell_type="cheese")),
    ("pairs", lambda nb: nb.cells.pop(4)),
    ("pairs", lambda nb: nb.cells.pop(3)),
    ("pairs", lambda nb: nb.cells.insert(3, nb.cells.pop(4))),
    ("parity", edit(4, "../README.md", "../README.ko.md")),
    ("parity", edit(4, "cat.jpg", "bat.jpg")),
    ("parity", edit(4, "`x`", "`z`")),
    ("parity", edit(4, "`x` ", "")),
    ("parity", edit(4, "$y$", "$y^2$")),
    ("parity", edit(4, "1000", "1001")),
    ("parity", edit(4, "1000", "1000 of 1000")),
    ("wrapped", edit(3, '<div lang="ko">', "<div>")),
    ("wrapped", edit(3, '"ko">\n\n', '"ko">\n')),
    ("wrapped", edit(4, '"en"', '"ko"')),
    ("right_language", edit(4, "Picture:", "그림 " * 40 + "Picture:")),
    ("untagged_is_heading", put(3, new_markdown_cell("이 글은 태그가 없습니다. This has no tag."))),
    ("untagged_is_heading", put(3, new_markdown_cell("## Only English"))),
    ("short_prose", edit(3, "그림", "그림 " * 120)),
    ("short_prose", edit(4, "Picture", "Picture " * 120)),
    ("short_prose", lambda nb: nb.cells.__setitem__(4, say("en", "word " * 118))),  # and its <div>
    ("cell_count", lambda nb: nb.cells.pop()),
    ("cell_count", lambda nb: nb.cells.extend(new_markdown_cell("## 가 · A") for _ in range(21))),
    ("cell_count", lambda nb: nb.cells.extend(new_code_cell("guess.beside(0)") for _ in range(21))),
    ("short_code", edit(6, "x = 1  # a number", "x = 1\n" * 13)),
    ("short_code", lengthen_all),
    ("english_comments", edit(6, "x = 1  # a number", "# 숫자\nx = 1")),
    ("short_setup", edit(1, "lessons.setup(", "setup(")),
    ("short_setup", edit(1, "=None)", "=None)" + "\nx = 1" * 9)),
    ("ends_with_progress", lambda nb: nb.cells.pop()),
    ("ends_with_progress", edit(-1, "00", "01")),
    ("guesses_are_named", edit(2, '"00"', '"01"')),
    ("guesses_are_named", edit(2, '"which"', 'f"which{k}"')),
    ("guesses_are_named", edit(2, '[("가", "a")]', "answers")),
    ("guesses_are_named", edit(-2, "guess.beside(0)", "x = 0")),
    (
        "guesses_are_named",
        lambda nb: nb.cells.insert(
            5, new_code_cell('g = predict.patches("00", "which", seen, grid)\ng.beside(m)')
        ),
    ),
    ("lasting_names", put(-1, new_code_cell("guess = 3"))),
    ("no_widget_state", lambda nb: nb.metadata.update(widgets={})),
    ("executed", attribute_of(6, "execution_count", None)),
    ("executed", attribute_of(6, "execution_count", 99)),
    ("no_errors", output_of(6, new_output("error", ename="E", evalue="", traceback=[]))),
    ("no_errors", output_of(6, new_output("stream", name="stderr", text="UserWarning: old name"))),
    ("small", output_of(6, new_output("stream", text="x" * 512_000))),
    ("no_svg", output_of(6, new_output("display_data", {"image/svg+xml": "<svg/>"}))),
    ("launch", edit(0, "colab.research", "colab.example")),
    ("launch", edit(0, "lab/tree/notebooks/00_good", "lab/tree/notebooks/01_other")),
    ("launch", edit(0, REPO, "someone/else")),
    ("launch", edit(0, "git/clone", "git/pull")),
    ("launch", edit(0, "%2F00_good", "%2F01_other")),
    ("launch", edit(0, "#start", "#end")),
    ("launch", edit(0, ") · [VS Code]", ")\n[VS Code]")),
    ("local_targets", edit_both("../README.md", "../NONE.md", "../NONE.md")),
    ("local_targets", edit_both("cat.jpg", "none.png", "none.png")),
    ("local_targets", edit(0, "../images/bee.jpg", "https://a.org/bee.jpg")),
    ("alt_text", edit(3, "![고양이]", "![]")),
    ("alt_text", edit(3, "![고양이]", "![a cat]")),
    ("alt_text", edit(4, "![a cat]", "![고양이]")),
    ("alt_text", edit(0, "벌 · A bee", "")),
    ("outputs_described", put(3, new_markdown_cell("## 다음 · Next"))),
    ("outputs_described", edit(4, "Picture: 1000 [photos]", "Thus: 1000 [things]")),
]


def test_good_notebook_keeps_every_rule():
    nb = good_notebook()
    assert {name: check(nb) for name, check in RULES.items() if check(nb)} == {}


@pytest.mark.parametrize(("name", "breakage"), BREAKAGES)
def test_rule_can_fail(name, breakage):
    nb = good_notebook()
    breakage(nb)
    assert RULES[name](nb), f"{name} did not notice"


def test_every_rule_has_been_seen_to_fail():
    assert {name for name, _ in BREAKAGES} == set(RULES)


def test_different_setups_are_noticed():
    other = copy.deepcopy(good_notebook())
    edit(1, "Setup", "Set-up")(other)
    assert len(setups([good_notebook(), other])) == 2
