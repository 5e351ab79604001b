"""Figures of objects found in a photo, and of curves that score a map."""

import numpy as np
from matplotlib import patheffects
from matplotlib.patches import Rectangle
from PIL import Image

from ..language import pick
from .frame import draw, new_figure

_LINES = ("-", "--", "-.", ":")


def regions(seen, found, *, weights):
    """Lay what was found over the photo: what lies outside a mask is darkened.

    Parameters
    ----------
    seen : PIL.Image.Image
        From ``images.to_tensor``.
    found : dict
        Label → the photo itself or a map (gh, gw) of floats, drawn as they are; a mask bool
        (..., gh, gw), of several the union; or an ``objects.Found``: its mask, its box in orange
        and its seed as a small yellow square.
    weights
        See ``two_panel``.

    Returns
    -------
    matplotlib.figure.Figure
        At most four panels in a row.
    """
    rows = -(-len(found) // 4)
    fig, axes = new_figure(rows, -(-len(found) // rows), seen.size, weights)
    for ax, (label, what) in zip(axes, found.items()):
        _panel(ax, seen, label, what)
    return fig


def gallery(found, *, weights):
    """Draw what was found in several photos, as ``regions`` does for one.

    Parameters
    ----------
    found : dict
        Label → (photo, what was found in it).
    weights
        See ``two_panel``.

    Returns
    -------
    matplotlib.figure.Figure
        At most five panels in a row.
    """
    rows = -(-len(found) // 5)
    fig, axes = new_figure(rows, -(-len(found) // rows), (1, 1), weights)
    for ax, (label, (seen, what)) in zip(axes, found.items()):
        _panel(ax, seen, label, what)
    return fig


def _panel(ax, seen, label, what):
    if isinstance(what, Image.Image):
        return draw(ax, what, label)
    mask = np.asarray(getattr(what, "mask", what))
    gh, gw = mask.shape[-2:]
    # The axes count patches; the picture is stretched over them and keeps its own shape.
    shape = {"extent": (0, gw, gh, 0), "aspect": seen.height / seen.width * gw / gh}
    if mask.dtype != bool:
        return draw(ax, mask, label, interpolation="nearest", **shape)
    union = Image.fromarray(mask.reshape(-1, gh, gw).any(0)).resize(seen.size, Image.NEAREST)
    bright = np.where(np.asarray(union)[..., None], 1, 0.25)
    draw(ax, (np.asarray(seen) * bright).astype(np.uint8), label, **shape)
    if hasattr(what, "box"):
        left, top, right, bottom = what.box
        _outline(ax, (left, top), right - left, bottom - top, "orange")
        row, column = what.seed
        _outline(ax, (column + 0.25, row + 0.25), 0.5, 0.5, "yellow")


def _outline(ax, corner, width, height, colour):
    box = Rectangle(corner, width, height, fill=False, ec=colour, lw=2, zorder=3, clip_on=False)
    box.set_path_effects([patheffects.withStroke(linewidth=4, foreground="black")])
    ax.add_patch(box)


def deletion_curves(values, *, weights, xlabel, ylabel):
    """Draw curves over 0..100 %, told apart by line style as well as by colour.

    Parameters
    ----------
    values : dict
        Label → (steps + 1,) numbers, from nothing to everything.
    weights
        See ``two_panel``.
    xlabel, ylabel : str

    Returns
    -------
    matplotlib.figure.Figure
    """
    fig, (ax,) = new_figure(1, 1, (2, 1), weights)
    ax.set_axis_on()
    for i, (label, curve) in enumerate(values.items()):
        share = np.linspace(0, 100, len(curve))
        ax.plot(share, np.asarray(curve), _LINES[i % len(_LINES)], marker=".", label=pick(label))
    ax.set(xlabel=pick(xlabel), ylabel=pick(ylabel))
    ax.grid(alpha=0.3)
    ax.legend(fontsize=9)
    return fig
