"""Rules of the pictures: each is described in words, in both languages."""

import re

from repository import HANGUL

from lesson_rules.reading import LANGUAGES, images, language, outputs
from lesson_rules.registry import rule


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
