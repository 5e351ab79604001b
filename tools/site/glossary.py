"""The glossary (docs/glossary.md), a page of the site in each language."""

import re

from tools.one_language import ROOT

from .lesson import links, markdown

GLOSSARY = ROOT / "docs" / "glossary.md"
ENTRY = re.compile(
    r"^## (?P<id>.+)\n\n\*\*(?P<ko>.+?)\*\*: (.+)\n\n\*\*(?P<en>.+?)\*\*: (.+)$", re.MULTILINE
)


def terms(language, address):
    """The terms in one language, in its own order, as dicts; for `address` see ``lesson.cells``.

    ``id`` is to link to, the same in both languages; ``english`` is the name in English (Korean
    only, where that is another); ``text`` is HTML.
    """
    found, korean = [], language == "ko"
    for entry in ENTRY.finditer(GLOSSARY.read_text("utf-8")):
        soup = markdown(entry[3 if korean else 5])
        links(soup, address)
        other = korean and entry["ko"] != entry["en"]
        one = {"id": entry["id"].replace(" ", "-"), "name": entry[language]}
        one |= {"english": entry["en"] if other else "", "text": soup.p.decode_contents()}
        found.append(one)
    # Code points have Hangul in the order of a Korean dictionary, but Latin letters before it.
    return sorted(found, key=lambda t: (korean and t["name"][0] < "가", t["name"].lower()))
