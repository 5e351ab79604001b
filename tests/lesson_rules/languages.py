"""Rules of the text: Korean and English cells are twins, wrapped, and short."""

import re
from collections import Counter

from repository import HANGUL

from lesson_rules.reading import CODE, IMAGE, LINK, images, language, links, prose
from lesson_rules.registry import rule

EQUATION = re.compile(r"\$\$.+?\$\$|(?<![\\$])\$[^$\n]+\$", re.S)
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


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
