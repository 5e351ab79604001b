"""The reader's language: Korean, English or both, chosen once and kept for the next lesson.

A text is written once, in both languages, and becomes the reader's where it is about to be seen: in
a figure, a widget, a message. A label is "한국어 · English" or "한국어 English"; a message has its
Korean lines first, then its English ones. With "both", the default, every text stays as it is.

The choice is the one made in ``lessons.setup``, else the environment variable ``DINO_LANGUAGE``,
else what ``outputs/settings.json`` remembers of the last lesson, else "both".
"""

import json
import os
import re

CHOICES = {"ko": "한국어", "en": "English", "both": "한국어 · English"}
VARIABLE = "DINO_LANGUAGE"
SETTINGS = "settings.json"
HANGUL = re.compile(r"[\u3131-\u3163\uac00-\ud7a3]")

_chosen = "both"


def chosen():
    """The language in force: "ko", "en" or "both"."""
    return _chosen


def choose(wanted, folder):
    """Put a language in force, and remember it if it was asked for by name.

    Parameters
    ----------
    wanted : {"ko", "en", "both"} or None
        None takes the environment's choice, else the remembered one, else both.
    folder : Path
        Where ``settings.json`` is.

    Returns
    -------
    str
        The language in force.

    Raises
    ------
    ValueError
        For any other name, the environment's included.
    """
    global _chosen
    _chosen = _known(wanted or os.environ.get(VARIABLE) or _remembered(folder))
    if wanted:
        _remember(folder)
    return _chosen


def say(ko, en, both=None):
    """Of two texts the one to show; for both, ``both`` or else one under the other."""
    return {"ko": ko, "en": en, "both": f"{ko}\n{en}" if both is None else both}[_chosen]


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
    if _chosen == "both" or not HANGUL.search(text):
        return text
    part = 0 if _chosen == "ko" else 1
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


def prose():
    """HTML that hides the other language's prose where a notebook's outputs can style its page.

    JupyterLab and Notebook 7 can; VS Code, Colab and GitHub show both languages, as ever.
    """
    other = {"ko": "en", "en": "ko"}.get(_chosen)
    hidden = f'.jp-MarkdownCell:has(.jp-RenderedMarkdown [lang="{other}"])'
    style = f"<style>{hidden} {{ display: none; }}</style>\n" if other else ""
    return f'{style}<p lang="{_chosen if other else "ko"}">{notice()}</p>'


def notice():
    """One line: which language it is, and how to have the other."""
    return say(
        '언어: 한국어. 바꾸려면 lessons.language("both")라고 쓰세요.',
        'Language: English. To change it, write lessons.language("both").',
        "언어: 한국어와 영어 · Language: Korean and English",
    )


def _known(name):
    names = {label.lower(): code for code, label in CHOICES.items()} | {c: c for c in CHOICES}
    if code := names.get(str(name).strip().lower()):
        return code
    raise ValueError(
        f'언어는 "ko", "en", "both" 가운데 하나여야 합니다: {name!r}\n'
        f'The language must be "ko", "en" or "both": {name!r}'
    )


def _remembered(folder):
    try:
        return _known(_settings(folder)["language"])
    except (KeyError, ValueError):  # nothing remembered, or a file that somebody edited
        return "both"


def _remember(folder):
    settings = json.dumps(_settings(folder) | {"language": _chosen}, indent=1)
    try:
        (folder / SETTINGS).write_text(settings + "\n", encoding="utf-8")
    except OSError:  # a full disk: the choice holds for this lesson
        pass


def _settings(folder):
    try:
        settings = json.loads((folder / SETTINGS).read_text("utf-8"))
        return settings if isinstance(settings, dict) else {}
    except (OSError, ValueError):
        return {}
