"""Words for the figures of a lesson that is run for the site; used inside the lesson's kernel.

A figure's titles, axes and lines are already in the page's language, so they are its alternative
text. It travels as the metadata of the output, where nbconvert looks for it.
"""

from IPython import get_ipython
from matplotlib.figure import Figure

from helpers.language import say

PANELS = 12  # titles to read out before it becomes a drone


def alt(figure):
    """What stands in a figure, in words.

    Parameters
    ----------
    figure : matplotlib.figure.Figure

    Returns
    -------
    str
        Empty if nothing is written in it.
    """
    titles, axes, lines = [], [], []
    for ax in figure.axes:
        titles.append(ax.get_title())
        axes += [(say("가로축", "horizontal"), ax.get_xlabel())]
        axes += [(say("세로축", "vertical"), ax.get_ylabel())]
        if legend := ax.get_legend():
            lines += [text.get_text() for text in legend.get_texts()]
    titles = [title for title in titles if title]
    if (more := len(titles) - PANELS) > 0:
        titles[PANELS:] = [say(f"그 밖에 {more}개", f"and {more} more")]
    parts = [
        figure.get_suptitle(),
        ", ".join(titles),
        ", ".join(dict.fromkeys(f"{axis}: {text}" for axis, text in axes if text)),
        ", ".join(dict.fromkeys(lines)),
        figure.get_supxlabel(),
    ]
    return ". ".join(" ".join(part.replace(r"\$", "$").split()) for part in parts if part)


def describe():
    """From now on every figure that this kernel shows carries its words."""
    formatter = get_ipython().display_formatter
    plain = formatter.format

    def format(shown, *args, **kwargs):
        data, metadata = plain(shown, *args, **kwargs)
        if isinstance(shown, Figure) and "image/png" in data:
            metadata.setdefault("image/png", {})["alt"] = alt(shown)
        return data, metadata

    formatter.format = format
