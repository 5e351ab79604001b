"""How often patches find their own place, and which photos were found."""

import math

from PIL import ImageOps

from ..images import load_photo
from ..kinds import plain
from ..language import pick, say
from .frame import draw, new_figure


def rates(rows, *, weights):
    """Bars for shares of patches that found their own place: exactly, and within one patch.

    Parameters
    ----------
    rows : dict
        Label → (share exact, share within one patch), each 0..1.
    weights
        See ``plots.two_panel``.

    Returns
    -------
    matplotlib.figure.Figure
    """
    fig, (ax,) = new_figure(1, 1, (4, 1 + len(rows) / 3), weights)
    ax.set_axis_on()
    for place, (exact, near) in enumerate(rows.values()):
        ax.barh(place, near, 0.7, fill=False, ec="dimgray", hatch="////")
        ax.barh(place, exact, 0.7, color="#0072B2")
        ax.text(near + 0.01, place, f"{exact:.0%} | {near:.0%}", va="center", size=8)
    ax.set_yticks(range(len(rows)), map(pick, rows), size=8)
    ax.set(xlim=(0, 1.2), xticks=[0, 0.5, 1], xticklabels=["0 %", "50 %", "100 %"])
    ax.invert_yaxis()
    title = say(
        "제자리를 찾은 패치: 정확히 ■ | 한 패치 안 ▨",
        "patches that found their place: exact ■ | within one ▨",
        "제자리를 찾은 패치: 정확히 exact ■ | 한 패치 안 within one ▨",
    )
    ax.set_title(title, size=9)
    return fig


def retrieval(query, found, *, weights):
    """The photo that asks, and the photos that were found, the most similar first.

    Parameters
    ----------
    query : PIL.Image.Image
    found : list of search.Found
    weights
        See ``plots.two_panel``.

    Returns
    -------
    matplotlib.figure.Figure
    """
    columns = min(len(found) + 1, 6)
    rows = math.ceil((len(found) + 1) / columns)
    fig, axes = new_figure(rows, columns, (1, 1), weights, extra=0.3 * rows)
    pictures = [query] + [load_photo(one.path, max_side=240) for one in found]
    titles = ["질의 query"] + [f"{i}: {one.score:.2f}" for i, one in enumerate(found, start=1)]
    names = [""] + [plain(one.path.name) for one in found]
    for ax, picture, title, name in zip(axes, pictures, titles, names):
        square = ImageOps.pad(picture, (240, 240), color="white")
        draw(ax, square, f"{title}\n{name[:16]}")
        ax.title.set_size(8)
    return fig
