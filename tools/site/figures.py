"""Words for the figures of a lesson that is run for the site; used inside the lesson's kernel.

A figure's titles, axes and lines are already in the page's language, so they are its alternative
text. It travels as the metadata of the output, where nbconvert looks for it.
"""

from IPython import get_ipython
from matplotlib.figure import Figure

from bilingual import say

PANELS = 12  # titles to read out before it becomes a drone


def alt(figure):
    """What stands in a figure, in words; "" if it has only its foot: then its section says more."""
    titles, axes, lines = [], [], []
    for ax in figure.axes:
        titles += [ax.get_title(loc) for loc in ("left", "center", "right")]
        axes += [(say("가로축", "horizontal"), ax.get_xlabel())]
        axes += [(say("세로축", "vertical"), ax.get_ylabel())]
        if legend := ax.get_legend():
            lines += [text.get_text() for text in legend.get_texts()]
    titles = listed(titles)
    if (more := len(titles) - PANELS) > 0:
        titles[PANELS:] = [say(f"그 밖에 {more}개", f"and {more} more")]
    axes = listed(f"{axis}: {text}" for axis, text in axes if text)
    parts = listed([figure.get_suptitle(), *map(", ".join, (titles, axes, listed(lines)))])
    return ". ".join(parts + listed([figure.get_supxlabel()])) if parts else ""


def listed(texts):
    """Each text once, as plain words in one line; no empty ones."""
    plain = (" ".join(text.replace(r"\$", "$").split()) for text in texts)
    return list(dict.fromkeys(filter(None, plain)))


def describe():
    """From now on every figure that this kernel shows carries its words."""
    formatter = get_ipython().display_formatter
    plain = formatter.format

    def format(shown, *args, **kwargs):
        data, metadata = plain(shown, *args, **kwargs)
        for kind in {"image/png", "image/jpeg"} & data.keys():
            if isinstance(shown, Figure):
                metadata.setdefault(kind, {})["alt"] = alt(shown)
        return data, metadata

    formatter.format = format
