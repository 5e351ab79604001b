"""What every lesson promises its readers, checked on the stored notebooks.

Each rule is a function from a notebook to a list of problems (empty: kept). `test_lesson` holds
every lesson to every rule; `test_rule_can_fail` breaks a small good notebook in one way at a time
and demands that the rule notices, so that no rule is asleep.
"""

import copy
import re
import statistics
import tomllib
from collections import Counter
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from notebook_names import rebound

from classroom import guesses
from tools.notebooks import stored

ROOT = Path(__file__).parents[1]
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
REPO = PROJECT["urls"]["Repository"].removeprefix("https://github.com/")

HANGUL = re.compile(r"[\u3131-\u318e\uac00-\ud7a3]")
LANGUAGES = ("ko", "en")


# --- reading a notebook -------------------------------------------------------------------------


def language(cell):
    """'ko', 'en' or None (headings, links to launch it, code)."""
    tags = cell.metadata.get("tags", [])
    return next((lang for lang in LANGUAGES if f"lang-{lang}" in tags), None)


def code_cells(nb):
    return [cell for cell in nb.cells if cell.cell_type == "code"]


def prose(nb):
    """(cell number, language, source) of every tagged cell."""
    return [(i, language(c), c.source) for i, c in enumerate(nb.cells) if language(c)]


def code_length(cell):
    """Lines that are neither blank nor a comment."""
    lines = (line.strip() for line in cell.source.splitlines())
    return sum(1 for line in lines if line and not line.startswith("#"))


def outputs(nb, mime):
    return [
        (i, output)
        for i, cell in enumerate(nb.cells)
        for output in cell.get("outputs", [])
        if mime in output.get("data", {})
    ]


IMAGE = re.compile(r"!\[(?P<alt>[^\]]*)\]\((?P<url>[^)\s]+)[^)]*\)")
IMAGE_HTML = re.compile(r"<img\b[^>]*>")
LINK = re.compile(r"(?<!!)\[(?:[^\[\]]|!\[[^\]]*\]\([^)]*\))*\]\((?P<url>[^)\s]+)[^)]*\)")
CODE = re.compile(r"```.*?```|`[^`\n]+`", re.S)
EQUATION = re.compile(r"\$\$.+?\$\$|(?<![\\$])\$[^$\n]+\$", re.S)
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def attribute(name, tag):
    found = re.search(rf'\b{name}\s*=\s*"([^"]*)"', tag)
    return found.group(1) if found else ""


def images(source):
    """(alt, url) of every picture in a Markdown source."""
    text = CODE.sub(" ", source)
    return [(m["alt"], m["url"]) for m in IMAGE.finditer(text)] + [
        (attribute("alt", tag), attribute("src", tag)) for tag in IMAGE_HTML.findall(text)
    ]


def links(source):
    text = CODE.sub(" ", source)
    return [m["url"] for m in LINK.finditer(text)] + re.findall(r'<a\b[^>]*\bhref="([^"]+)"', text)


def ingredients(source):
    """What must be the same in both languages, as multisets."""
    code = CODE.findall(source)
    text = CODE.sub(" ", source)
    equations = EQUATION.findall(text)
    text = EQUATION.sub(" ", text)
    plain = re.sub(r"<[^>]+>", " ", re.sub(r"\]\([^)]*\)", "]", text))
    return {
        "links": Counter(links(source)),
        "images": Counter(url for _, url in images(source)),
        "code": Counter(code),
        "equations": Counter(equations),
        "numbers": Counter(n.replace(",", "") for n in NUMBER.findall(plain)),
    }


# --- the rules ----------------------------------------------------------------------------------
# A notebook carries its file name in `nb.metadata.name` here (set by `read`), for its links.

RULES = {}


def rule(function):
    RULES[function.__name__] = function
    return function


@rule
def valid(nb):
    """The file follows the notebook format."""
    try:
        nbformat.validate(nb)
    except nbformat.ValidationError as error:
        return [str(error).splitlines()[0]]
    return []


@rule
def pairs(nb):
    """Every Korean cell is followed by its English twin, and no English cell stands alone."""
    langs = [language(cell) for cell in nb.cells]
    return [
        f"cell {i}: {lang} without its twin"
        for i, lang in enumerate(langs)
        if (lang == "ko" and (langs + [None])[i + 1] != "en")
        or (lang == "en" and (i == 0 or langs[i - 1] != "ko"))
    ]


@rule
def parity(nb):
    """Twins have the same links, images, code, equations and numbers."""
    problems = []
    for i, (ko, en) in enumerate(zip(nb.cells, nb.cells[1:], strict=False)):
        if (language(ko), language(en)) != ("ko", "en"):
            continue
        ours, theirs = ingredients(ko.source), ingredients(en.source)
        for kind, counts in ours.items():
            if counts != theirs[kind]:
                only_ko, only_en = dict(counts - theirs[kind]), dict(theirs[kind] - counts)
                problems.append(f"cell {i}: {kind}: only ko {only_ko}, only en {only_en}")
    return problems


@rule
def wrapped(nb):
    """Prose stands in <div lang="…"> with blank lines inside, so that Markdown works in it."""
    return [
        f"cell {i}: not wrapped in <div lang={lang}>"
        for i, lang, source in prose(nb)
        if not re.fullmatch(rf'<div lang="{lang}">\n\n.*\S\n\n</div>', source.strip(), re.S)
    ]


@rule
def right_language(nb):
    """A cell tagged Korean has Hangul; an English one is not mostly Hangul (it may quote some)."""
    problems = []
    for i, lang, source in prose(nb):
        hangul, latin = len(HANGUL.findall(source)), len(re.findall("[A-Za-z]", source))
        if (lang == "ko" and hangul == 0) or (lang == "en" and hangul > latin):
            problems.append(f"cell {i}: tagged {lang}: {hangul} Hangul, {latin} Latin letters")
    return problems


@rule
def untagged_is_heading(nb):
    """Markdown without a language is one bilingual heading, links or a picture: never prose."""
    problems = []
    for i, cell in enumerate(nb.cells):
        if cell.cell_type != "markdown" or language(cell):
            continue
        lines = [line for line in cell.source.splitlines() if line.strip()]
        for line in lines:
            if line.startswith("#"):
                if not (HANGUL.search(line) and re.search("[A-Za-z]", line)):
                    problems.append(f"cell {i}: heading in one language: {line!r}")
            elif re.sub(r"[\s·|]", "", IMAGE.sub("", LINK.sub("", line))):
                problems.append(f"cell {i}: prose without a language tag: {line[:60]!r}")
    return problems


@rule
def short_prose(nb):
    """At most 120 words a prose cell a language, markup and all: what split() finds."""
    count = {i: len(source.split()) for i, _, source in prose(nb)}
    return [f"cell {i}: {n} words" for i, n in count.items() if n > 120]


@rule
def cell_count(nb):
    """25 to 45 cells, a language pair counted once."""
    n = sum(1 for cell in nb.cells if language(cell) != "en")
    return [] if 25 <= n <= 45 else [f"{n} cells"]


@rule
def short_code(nb):
    """Code cells: median at most 4 lines, none over 12, blank lines and comments not counted."""
    lengths = [code_length(cell) for cell in code_cells(nb)]
    problems = [f"code cell {k}: {n} lines" for k, n in enumerate(lengths) if n > 12]
    if lengths and statistics.median(lengths) > 4:
        problems.append(f"median {statistics.median(lengths)} lines")
    return problems


@rule
def english_comments(nb):
    """Comments in code are English; 준비 / Setup in the setup cell is the one exception."""
    return [
        f"code cell {k}: {line!r}"
        for k, cell in enumerate(code_cells(nb)[1:], 1)
        for line in cell.source.splitlines()
        if line.strip().startswith("#") and HANGUL.search(line)
    ]


@rule
def short_setup(nb):
    """The first code cell is the setup, in at most 10 lines."""
    first = code_cells(nb)[0].source
    call = "lessons.setup(language=None)"  # what a learner changes, and tools/one_language.py
    problems = [] if call in first else [f"the first code cell has no {call}"]
    n = len(first.strip().splitlines())
    return problems + ([f"setup has {n} lines"] if n > 10 else [])


@rule
def ends_with_progress(nb):
    """The last code cell shows how the exercises of this very lesson stand."""
    last, wanted = code_cells(nb)[-1].source, f'progress.show("{nb.metadata.name[:2]}")'
    return [] if last.splitlines()[-1:] == [wanted] else [f"the last code cell is not {wanted}"]


@rule
def guesses_are_named(nb):
    """The teacher's command finds a lesson's questions by names of their own, and reads answers."""
    problems, names = [], Counter()
    for i, cell in enumerate(nb.cells):
        if cell.cell_type == "code":
            try:
                asked = guesses.calls(cell.source)
            except ValueError:
                problems.append(f"cell {i}: a name or the answers are computed")
                continue
            names.update(name for _, name, _ in asked)
            wrong = [lesson for lesson, _, _ in asked if lesson != nb.metadata.name[:2]]
            problems += [f"cell {i}: of lesson {lesson}" for lesson in wrong]
    later = "\n".join(cell.source for cell in code_cells(nb))
    if later.count("predict.") - later.count("import predict.") != later.count(".beside("):
        problems.append("not as many results (.beside) as guesses")
    return problems + [f"{name}: asked {n} times" for name, n in names.items() if n > 1]


@rule
def no_widget_state(nb):
    """GitHub calls a notebook with widget state invalid."""
    return ["metadata.widgets is there"] if "widgets" in nb.metadata else []


@rule
def executed(nb):
    """Every code cell ran, from top to bottom in a fresh kernel."""
    counts = [cell.execution_count for cell in code_cells(nb)]
    return [] if counts == list(range(1, len(counts) + 1)) else [f"execution counts {counts}"]


@rule
def no_errors(nb):
    """No stored output is an error, and nothing that looks like a warning reached the reader."""
    return [
        f"cell {i}: {output.get('ename', 'warning in stderr')}"
        for i, cell in enumerate(nb.cells)
        for output in cell.get("outputs", [])
        if output.output_type == "error"
        or (output.get("name") == "stderr" and "Warning" in output.text)
    ]


@rule
def small(nb):
    """The whole notebook is under 500 KB."""
    kb = len(nbformat.writes(nb).encode()) / 1024
    return [] if kb < 500 else [f"{kb:.0f} KB"]


@rule
def no_svg(nb):
    """Pictures are PNG: SVG outputs are large and differ from run to run."""
    return [f"cell {i}: SVG" for i, _ in outputs(nb, "image/svg+xml")]


@rule
def launch(nb):
    """The lesson can be launched from its own page, in five ways, from one line below its title."""
    name = nb.metadata.name
    lines = [line for line in IMAGE.sub("", nb.cells[0].source).splitlines() if line.strip()]
    urls = [u for u in links(lines[-1])]
    wanted = {
        "JupyterLab": f"https://github.com/{REPO}#start",
        "Binder": f"https://mybinder.org/v2/gh/{REPO}/main?urlpath=lab/tree/notebooks/{name}",
        "Colab": f"https://colab.research.google.com/github/{REPO}/blob/main/notebooks/{name}",
        "JupyterHub": "https://nbgitpuller.readthedocs.io/en/latest/link.html?repo="
        f"https%3A%2F%2Fgithub.com%2F{REPO.replace('/', '%2F')}&branch=class"
        f"&urlpath=lab%2Ftree%2F{REPO.split('/')[1]}%2Fnotebooks%2F{name}",
        "VS Code": "https://vscode.dev/redirect?url=vscode://vscode.git/clone?url="
        f"https://github.com/{REPO}",
    }
    problems = [f"no link to {place}" for place, url in wanted.items() if url not in urls]
    return problems + ([f"{len(lines)} lines, not two"] if len(lines) != 2 else [])


@rule
def local_targets(nb):
    """Links into the repository point at something, and pictures are in it: a classroom may have
    no internet."""
    problems = []
    for i, cell in enumerate(nb.cells):
        if cell.cell_type != "markdown":
            continue
        shown = [url for _, url in images(cell.source)]
        for url in links(cell.source) + shown:
            target = re.sub("#.*", "", url)
            if not target or (re.match("[a-z]+:", url) and url not in shown):
                continue
            if not (ROOT / "notebooks" / target).exists():
                problems.append(f"cell {i}: {url}")
    return problems


@rule
def lasting_names(nb):
    """After Run All every slider still moves, and every exercise can still be answered."""
    return rebound(nb.cells)


@rule
def alt_text(nb):
    """Every picture in the text has a description, in the language of its cell."""
    problems = []
    for i, cell in enumerate(nb.cells):
        if cell.cell_type != "markdown":
            continue
        for alt, url in images(cell.source):
            good = {"ko": HANGUL.search(alt), "en": re.search("[A-Za-z]", alt), None: alt.strip()}
            if not good[language(cell)]:
                problems.append(f"cell {i}: {url}: alt {alt!r}")
    return problems


# Words by which a sentence speaks of something to be seen.
SEEING = {
    "ko": re.compile(
        "그림|사진|보[이입여세시면]|봅|왼쪽|오른쪽|가운데|위쪽|아래쪽|밝|어두|어둡|노란|색|맵"
    ),
    "en": re.compile(
        r"\b(pictures?|figures?|photos?|images?|see|look|shows?|left|right|middle|above|below"
        r"|bright\w*|dark\w*|yellow|colou?rs?|maps?|overlays?)\b",
        re.I,
    ),
}


@rule
def outputs_described(nb):
    """Every stored picture is described in words, in both languages, for those who can't see it.

    An output has no Markdown to carry alt text, so the description is the lesson's own prose: the
    pair right after the cell, or right before it, speaks of what is to be seen (it has one of the
    words above). A heading or another code cell in between breaks the tie. A picture that carries
    `output.metadata["image/…"]["alt"]`, which nbconvert writes into its pages, will do too.
    """

    def says(pair):
        return len(pair) == 2 and all(
            language(c) == lang and SEEING[lang].search(re.sub(r"<[^>]+>|\]\(\S+\)", "", c.source))
            for c, lang in zip(pair, LANGUAGES, strict=True)
        )

    problems = []
    kinds = "image/png", "image/jpeg"
    for i, output in (found for kind in kinds for found in outputs(nb, kind)):
        before, after = nb.cells[max(i - 2, 0) : i], nb.cells[i + 1 : i + 3]
        own = any(output.get("metadata", {}).get(kind, {}).get("alt") for kind in kinds)
        if not (own or says(before) or says(after)):
            problems.append(f"cell {i}: a picture that no neighbouring text describes")
    return problems


# --- the lessons --------------------------------------------------------------------------------


def read(path):
    nb = nbformat.read(path, as_version=4)
    nb.metadata["name"] = path.name
    return nb


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("path", LESSONS, ids=lambda p: p.stem)
def test_lesson(path, name):
    problems = RULES[name](read(path))
    assert not problems, f"{RULES[name].__doc__.splitlines()[0]}\n" + "\n".join(problems)


def setups(notebooks):
    """The different setup cells among some notebooks."""
    return {code_cells(nb)[0].source for nb in notebooks}


def test_setup_cell_is_the_same_everywhere():
    assert len(setups(map(read, LESSONS))) == 1


def test_file_size():
    assert {p.name: n for p in LESSONS if (n := len(stored(p))) >= 500 * 1024} == {}


# --- can the rules fail? ------------------------------------------------------------------------


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
