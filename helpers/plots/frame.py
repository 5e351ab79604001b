"""The frame of every figure: size, Hangul, and at its foot the weights that made it.

Importing this room teaches matplotlib Hangul, with a font of our own (helpers/fonts).
"""

from pathlib import Path

import matplotlib
import numpy as np
from matplotlib import font_manager
from matplotlib import pyplot as plt

from ..language import pick
from ..models import caption

FONT = Path(__file__).resolve().parent.parent / "fonts" / "NanumGothic-subset.ttf"
WIDTH = 6.2  # inches
HEIGHT = 3.0  # inches at most, of pictures
DPI = 80  # figures are stored in the notebooks, so they are kept small

font_manager.fontManager.addfont(FONT)
HANGUL = font_manager.FontProperties(fname=FONT).get_name()
matplotlib.rcParams["font.family"] = ["DejaVu Sans", HANGUL]


def new_figure(rows, columns, size, weights, extra=0):
    """A closed figure (shown once, where it is returned) and its axes, empty ones switched off."""
    height = min(WIDTH / columns * size[1] / size[0], HEIGHT / rows)
    fig, axes = plt.subplots(
        rows,
        columns,
        figsize=(WIDTH, rows * (height + 0.25) + 0.3 + extra),
        dpi=DPI,
        layout="constrained",
        squeeze=False,
    )
    plt.close(fig)
    for ax in axes.flat:
        ax.set_axis_off()
    made_by = pick(weights) if isinstance(weights, str) else caption(weights)
    foot = f"{pick('가중치 weights')}: {made_by}"
    foot = foot.replace("$", r"\$")  # no formula; parse_math=False and wrap do not go together
    fig.supxlabel(foot, size=8, color="dimgray", wrap=True)
    return fig, axes.flat


def draw(ax, picture, title, **kwargs):
    """A picture on its axes, its title in the reader's language."""
    ax.imshow(np.asarray(picture), **kwargs)
    ax.set_title(pick(title), size=10, parse_math=False)  # a file's name may hold two dollars
