"""The glossary (docs/glossary.md), a page of the site in each language."""

import re

from tools.one_language import ROOT

from .lesson import links, markdown

GLOSSARY = ROOT / "docs" / "glossary.md"
ENTRY = re.compile(
    r"^## (?P<id>.+)\n\n\*\*(?P<ko>.+?)\*\*: (.+)\n\n\*\*(?P<en>.+?)\*\*: (.+)$", re.MULTILINE
)


def terms(language, address):
    """The terms in one language, in its own order.

    Parameters
    ----------
    language : {"ko", "en"}
    address : str
        See ``lesson.cells``.

    Returns
    -------
    list of dict
        ``id`` to link to, the same in both languages; ``name``; ``english``, its name in English
        (Korean only, where that is another); ``text``, what it means, in HTML.
    """
    found = []
    for entry in ENTRY.finditer(GLOSSARY.read_text("utf-8")):
        korean, english = entry["ko"], entry["en"]
        soup = markdown(entry[3] if language == "ko" else entry[5])
        links(soup, address)
        found.append(
            {
                "id": entry["id"].replace(" ", "-"),
                "name": korean if language == "ko" else english,
                "english": english if language == "ko" and korean != english else "",
                "text": soup.p.decode_contents(),
            }
        )
    # Code points have Hangul in the order of a Korean dictionary, but Latin letters before it.
    return sorted(
        found, key=lambda t: (language == "ko" and t["name"][0] < "가", t["name"].lower())
    )
