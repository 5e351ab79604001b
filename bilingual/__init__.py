"""A text in two languages: an explicit pair, from where it is written to where it is shown.

Whoever writes a text writes it twice, ``say("사진", "photo")``; the reader's choice decides here
which of the two comes out. An error carries both, so it can be shown in either.
"""

import contextlib
import os
import sys
from pathlib import Path
from unicodedata import normalize

LANGUAGES = {"ko": "한국어", "en": "English", "both": "한국어 · English"}
VARIABLE = "DINO_LANGUAGE"
# What the code calls the things that it compares, and figures do in Korean.
NAMES = {
    "attention": "어텐션",
    "average": "평균",
    "centre": "가운데",
    "chance": "우연",
    "colours": "색",
    "copied": "첫 마스크",
    "embedded": "내장",
    "middle": "가운데",
    "pixels": "픽셀",
    "random": "무작위",
    "step": "스텝",
    "untrained": "학습 안 됨",
    "you": "내 예상",
}

_chosen = None


class Bilingual(Exception):
    """An error told in both languages.

    Parameters
    ----------
    ko, en : str
        What happened and what to do about it. ``str()`` gives what the reader's language is.
    """

    def __init__(self, ko, en):
        super().__init__(ko, en)
        self.ko, self.en = ko, en

    def __str__(self):
        try:
            return say(self.ko, self.en, "\n")
        except BadInput:  # the language itself is what is wrong
            return f"{self.ko}\n{self.en}"


class BadInput(Bilingual, ValueError):
    """A value that cannot be used."""


def language():
    """The language in force, one of ``LANGUAGES``: the one chosen, else DINO_LANGUAGE, else both.

    Raises
    ------
    BadInput : DINO_LANGUAGE holds anything else
    """
    return _chosen or known(os.environ.get(VARIABLE) or "both")


def choose(name):
    """Put a language in force: "ko", "en" or "both"; None leaves it to the environment."""
    global _chosen
    _chosen = name and known(name)


def known(name):
    """The code of a language by its code or its name, in any case; else ``BadInput``."""
    name = str(name).strip().lower()
    name = {label.lower(): code for code, label in LANGUAGES.items()}.get(name, name)
    one_of("language", name, LANGUAGES)
    return name


def one_of(what, value, choices):
    """``BadInput`` if a value, of the argument called `what`, is none of the choices."""
    if value not in choices:
        known = ", ".join(choices)
        ko = f"{what}에 쓸 수 있는 값은 다음과 같습니다: {known}. 받은 값: {value!r}"
        raise BadInput(ko, f"{what} must be one of {known}: {value!r}")


def number(what, value, low, high):
    """``BadInput`` if a value, of the argument called `what`, is no number in low..high."""
    with contextlib.suppress(TypeError, ValueError, RuntimeError):
        if low <= value + 0 <= high:  # so written, a text and NaN are refused too
            return
    ko = f"{what}에 쓸 수 있는 값은 {low}부터 {high}까지의 수입니다. 받은 값: {value!r}"
    raise BadInput(ko, f"{what} must be a number between {low} and {high}: {value!r}")


@contextlib.contextmanager
def writing(path):
    """Make a file's folder, give its Path; ``BadInput`` if the file then cannot be written."""
    path = Path(path).expanduser()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield path
    except Bilingual:
        raise
    except (OSError, ValueError) as error:  # ValueError: matplotlib knows no such format
        name, why = plain(path), getattr(error, "strerror", None) or error
        raise BadInput(
            f"파일을 저장할 수 없습니다: {name} ({why}). 폴더가 아닌 파일의 이름을 쓰고, 다른 "
            "프로그램에서 열려 있으면 닫으세요.",
            f"The file cannot be written: {name} ({why}). Name a file, not a folder, and close it "
            "where it is open.",
        ) from error


def say(ko, en, between=" "):
    """Of a pair the text to show; for "both", one after the other.

    Parameters
    ----------
    ko, en : str
    between : str, what stands between the two: a blank in a label, a new line in a message
    """
    return {"ko": ko, "en": en, "both": f"{ko}{between}{en}"}[language()]


def named(label):
    """A label of the code's as figures show it: "untrained 0" → "학습 안 됨 untrained 0"."""
    word, *rest = str(label).split(" ")
    return " ".join([say(NAMES[word], word) if word in NAMES else word, *rest])


def tell(ko, en):
    """Print a message."""
    show(say(ko, en, "\n"))


def show(text):
    """Print a text; a console of a narrow encoding (cp949, cp1252) shows ? for what it lacks.

    Parameters
    ----------
    text : str, as ``say`` gives it
    """
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    print(text.encode(encoding, "replace").decode(encoding))


def counted(things, ko, en, total=None):
    """Yield things and count them in one line, so that a long cell is seen to work; then it goes.

    Parameters
    ----------
    things : iterable
    ko, en : str, what they are
    total : int, optional, how many, if `things` does not know
    """
    from tqdm import tqdm  # to stdout, as Jupyter paints the other stream red

    line = {"desc": say(ko, en), "bar_format": "{desc}: {n_fmt}/{total_fmt}", "leave": False}
    yield from tqdm(things, total=total, file=sys.stdout, **line)


def plain(name, longest=200):
    """A file name or address as it can stand in a message: on one line, valid, not too long.

    In HTML it must still be escaped.
    """
    # U+200D joins the parts of an emoji; other signs that cannot be seen could turn a line around.
    name = "".join(
        sign if sign.isprintable() or sign == "\u200d" else "\ufffd"
        for sign in normalize("NFC", str(name))
    )
    return name if len(name) <= longest else f"{name[: longest - 20]}…{name[-19:]}"
