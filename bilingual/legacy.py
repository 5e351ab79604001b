"""To be gone soon: a text that holds both languages, cut in two by guessing."""

import re

from bilingual import language

HANGUL = re.compile(r"[\u3131-\u3163\uac00-\ud7a3]")


def pick(text):
    """The chosen language's part of a text that holds both; any other text stays as it is.

    What follows the words belongs to both languages: "헤드 head 3" is "헤드 3" or "head 3", and
    "여기 있습니다 · here: A, B" keeps its list. A message is cut between its Korean and its English
    lines. Taking the part of a part changes nothing.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
    """
    if language() == "both" or not HANGUL.search(text):
        return text
    part = 0 if language() == "ko" else 1
    if halves := _message(text):
        return halves[part]
    labels = ((line, _label(line)) for line in text.split("\n"))
    return "\n".join(halves[part] if halves else line for line, halves in labels)


# "한국어 English …": the English words begin after the last Hangul and end before a number, a sign
# or a bracket. What stands behind a colon is a value, of no language: "가중치: vit_base".
_LABEL = re.compile(
    r"(?P<ko>.*[\uac00-\ud7a3][^\sA-Za-z]*(?<!:))(?!.*[\uac00-\ud7a3])\s+(?:[…|]\s+)?"
    r"(?P<en>(?:\d\w+ )?[A-Za-z][a-zA-Z0-9'’*-]*[,.;]?(?:\s[A-Za-z(][a-zA-Z0-9'’*-]*[,.;)?]?)*?)"
    r"(?P<rest>(?::(?:\s|$)|\s+\(|\s+[^A-Za-z\s]).*)?"
)
_ENGLISH = re.compile(r"(?P<en>[^:]*?)(?P<rest>(?::(?:\s|$)|\s+\().*)?")


def _label(line):
    """(Korean, English) of a label, or None if it is not in two languages."""
    ko, dot, english = line.partition(" · ")
    if dot and HANGUL.search(ko) and not HANGUL.search(english) and " · " not in english:
        found = _ENGLISH.fullmatch(english)
    else:
        found = _LABEL.fullmatch(line)
        ko = found and found["ko"]
    if not found or not re.search("[a-z]", found["en"]):  # a name, as in "내장 DINO", is Korean
        return None
    rest = found["rest"] or ""
    return ko + rest, found["en"] + rest


def _message(text):
    """(Korean, English) of a message of several lines, or None."""
    lines = text.split("\n")
    # File names may hold Hangul in either language, so it is its share that tells them apart.
    share = [len(HANGUL.findall(ln)) / (len(re.findall(r"\w", ln)) or 1) for ln in lines]

    def contrast(cut):
        before, after = share[:cut], share[cut:]
        return sum(before) / len(before) - sum(after) / len(after)

    cut = max(range(1, len(lines)), key=contrast, default=0)
    if not cut or contrast(cut) <= 0 or _label(lines[0]):
        return None
    ko, en = "\n".join(lines[:cut]), "\n".join(lines[cut:])
    return (ko, en) if re.search("[A-Za-z]+,? [A-Za-z]+", en) else None
