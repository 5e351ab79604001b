"""The reader's language in a class: chosen once, kept for the next lesson, and shown by the page.

The choice is the one made in ``lessons.setup``, else the environment variable ``DINO_LANGUAGE``,
else what ``outputs/settings.json`` remembers of the last lesson, else both.
"""

import contextlib
import json
import os

from IPython.display import display

import bilingual
from bilingual import say

DISPLAY = "dino-language"  # one place on the page, so that a later choice replaces an earlier one

_shown = False


def choose(wanted, folder):
    """Put a language in force, and remember it in a folder if it was asked for by name."""
    file = folder / "settings.json"
    bilingual.choose(wanted or os.environ.get(bilingual.VARIABLE) or _remembered(file))
    if wanted:
        with contextlib.suppress(OSError):  # a full disk: the choice holds for this lesson
            file.write_text(json.dumps({"language": bilingual.language()}) + "\n", "utf-8")


def show():
    """Hide the other language's prose, where a notebook's outputs can style its page.

    JupyterLab and Notebook 7 can; VS Code, Colab and GitHub show both languages, as ever. Nothing
    is shown as long as both languages are.
    """
    global _shown
    chosen = bilingual.language()
    if chosen == "both" and not _shown:
        return
    _shown = True
    other = {"ko": "en", "en": "ko", "both": None}[chosen]
    hidden = f'.jp-MarkdownCell:has(.jp-RenderedMarkdown [lang="{other}"])'
    style = f"<style>{hidden} {{ display: none; }}</style>\n" if other else ""
    how = ' lessons.language("both")' if other else ""
    ko = "언어: 한국어. 두 언어로:" if other else "언어: 한국어와 영어"
    en = "Language: English. For both:" if other else "Language: Korean and English"
    notice = say(ko, en, " · ") + how
    page = f'{style}<p lang="{chosen if other else "ko"}">{notice}</p>'
    display({"text/html": page, "text/plain": notice}, raw=True, display_id=DISPLAY)


def _remembered(file):
    try:
        return bilingual.known(json.loads(file.read_text("utf-8"))["language"])
    except (OSError, ValueError, TypeError, KeyError):  # nothing yet, or somebody edited it
        return "both"
