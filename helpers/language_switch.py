"""The language switch of a notebook: what the helpers don't say themselves follows the choice, too.

Prose is hidden by a style in an output, widgets get their labels as they are made, and errors are
cut to one language before they are shown. Nothing is touched as long as both languages are shown.
"""

import contextlib

from IPython import get_ipython
from IPython.display import display

from .language import chosen, notice, pick, prose

DISPLAY = "dino-language"  # one place on the page, so that a later choice replaces an earlier one
_LABELS = ("description", "placeholder", "tooltip", "title")

_started = False


def switch(language):
    """Make the notebook follow a language that ``language.choose`` has put in force."""
    global _started
    if language == "both" and not _started:
        return
    if not _started:
        _started = True
        import ipywidgets  # only where a choice was made; the first picture comes sooner

        ipywidgets.Widget.on_widget_constructed(translate)
        if shell := get_ipython():
            shell.set_custom_exc((Exception,), _show_error)
    page = {"text/html": prose(), "text/plain": notice()}
    display(page, raw=True, display_id=DISPLAY)


def translate(widget):
    """Put a widget's labels, and the words of a menu, into the chosen language."""
    if chosen() == "both":
        return
    for name in _LABELS:
        text = getattr(widget, name, None)
        if isinstance(text, str) and pick(text) != text:
            setattr(widget, name, pick(text))
    options = getattr(widget, "options", None)
    if options and isinstance(getattr(widget, "index", None), (int, type(None))):
        pairs = options.items() if isinstance(options, dict) else options
        pairs = [p if isinstance(p, tuple) and len(p) == 2 else (str(p), p) for p in pairs]
        if any(pick(label) != label for label, _ in pairs):
            widget.options = [(pick(label), value) for label, value in pairs]


def _show_error(shell, kind, error, traceback, tb_offset=None):
    if len(error.args) == 1 and isinstance(error.args[0], str):
        with contextlib.suppress(Exception):  # some errors make their text themselves
            error.args = (pick(error.args[0]),)
    shell.showtraceback((kind, error, traceback), tb_offset=tb_offset)
