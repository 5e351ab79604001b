"""What patch tokens know: similarity, components, parts, matches."""

import numpy as np
from matplotlib import patheffects
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.patches import ConnectionPatch, Rectangle

from ..language import pick
from ..overlay import blend
from .frame import draw, new_figure

THIN_EDGE = patheffects.withStroke(linewidth=2, foreground="black")
DARK_EDGE = [patheffects.withStroke(linewidth=3.5, foreground="black")]
# Okabe & Ito's colours, told apart by nearly all eyes; the marker's number says the same.
COLOURS = ("#E69F00", "#56B4E9", "#F0E442", "#CC79A7", "#009E73", "#D55E00")


def similarity(panels, query, *, weights, cmap="viridis"):
    """Cosine similarity to one patch, laid over photos; the patch itself is outlined in the first.

    Parameters
    ----------
    panels : dict
        Label → (photo, map (gh, gw)); all maps share one scale, from the lowest to the highest.
    query : tuple of int
        (row, column) of the patch that asks.
    weights : timm model or str
        Names what made the maps, in the caption.
    cmap : str
        See ``plots.two_panel``.

    Returns
    -------
    matplotlib.figure.Figure
    """
    pairs = [*panels.values()]
    low = min(float(m.min()) for _, m in pairs)
    high = max(float(m.max()) for _, m in pairs)
    narrowest = min((photo.size for photo, _ in pairs), key=lambda size: size[0] / size[1])
    fig, axes = new_figure(1, len(pairs) + 1, narrowest, weights, extra=0.5)
    (photo, m), axes = pairs[0], [*axes]
    draw(axes[0], photo, "질의 query", **_in_patches(photo, m.shape))
    for ax, (label, (photo, m)) in zip(axes[1:], panels.items()):
        overlay = blend(photo, (m - low) / ((high - low) or 1), alpha=0.75, cmap=cmap, smooth=False)
        draw(ax, overlay, label, **_in_patches(photo, m.shape))
    for ax in axes[:2]:
        _outline(ax, query)
    scale = fig.colorbar(
        ScalarMappable(Normalize(low, high), cmap), ax=axes, location="bottom", shrink=0.5
    )
    scale.ax.tick_params(labelsize=8)
    scale.set_label(pick("코사인 유사도 cosine similarity"), size=8)
    return fig


def pca(photo, picture, *, weights):
    """A photo with its foreground's contour, the PCA colours, and the components in grey.

    The grey maps hold the same values as red, green and blue, for eyes that take these for one.

    Parameters
    ----------
    photo : PIL.Image.Image
    picture : patches.PcaPicture
        Of this photo alone: ``rgb`` is (gh, gw, 3).
    weights
        See ``similarity``.

    Returns
    -------
    matplotlib.figure.Figure
    """
    inside, colours = picture.foreground.numpy(), picture.rgb.numpy()
    fig, axes = new_figure(2, 3, photo.size, weights)
    shape = {"interpolation": "nearest", **_in_patches(photo, inside.shape)}
    draw(axes[0], photo, "전경 foreground", **shape)
    draw(axes[1], picture.first, "첫째 성분 1st component", cmap="gray", **shape)
    panels = {
        "PCA → RGB": colours,
        "빨강 red": colours[..., :1],
        "초록 green": colours[..., 1:2],
        "파랑 blue": colours[..., 2:],
    }
    for ax, (name, values) in zip(axes[2:], panels.items()):
        shown = np.where(inside[..., None], np.broadcast_to(values, colours.shape), 1)
        draw(ax, shown, name, **shape)
    for ax in axes:
        _contour(ax, inside)
    return fig


def parts(photo, labels, *, weights):
    """A photo cut along its parts, and the parts with a number on every patch.

    Parameters
    ----------
    photo : PIL.Image.Image
    labels : torch.Tensor
        int (gh, gw) from ``patches.parts``.
    weights
        See ``similarity``.

    Returns
    -------
    matplotlib.figure.Figure
    """
    fig, (left, right) = new_figure(1, 2, photo.size, weights)
    shape, k = _in_patches(photo, labels.shape), int(labels.max()) + 1
    draw(left, photo, "사진 photo", **shape)
    for label in range(k):
        _contour(left, labels.numpy() == label)
    flat = dict(cmap="cividis", vmin=-0.5, vmax=max(k - 0.5, 1), interpolation="nearest")
    draw(right, labels, f"부분 parts: 0 … {k - 1}", **flat, **shape)
    for (row, column), label in np.ndenumerate(labels.numpy()):
        colour = "white" if label < k / 2 else "black"
        centre = {"ha": "center", "va": "center_baseline"}
        right.text(column + 0.5, row + 0.5, label, size=6, color=colour, **centre)
    return fig


def matches(photos, grids, pairs, *, weights, most=12):
    """Two photos side by side, and numbered lines between patches that belong together.

    Parameters
    ----------
    photos : pair of PIL.Image.Image
    grids : pair of tuple of int
        (gh, gw) of each.
    pairs : torch.Tensor
        int (M, 2), index of a patch in the first and in the second photo, best pair first.
    weights
        See ``similarity``.
    most : int
        Draw only so many of the best pairs.

    Returns
    -------
    matplotlib.figure.Figure
    """
    narrowest = min((photo.size for photo in photos), key=lambda size: size[0] / size[1])
    fig, axes = new_figure(1, 2, narrowest, weights)
    axes = [*axes]
    for ax, photo, grid, name in zip(axes, photos, grids, ("첫째 first", "둘째 second")):
        draw(ax, photo, name, **_in_patches(photo, grid))
    for number, pair in enumerate(pairs.tolist()[:most], start=1):
        colour = COLOURS[number % len(COLOURS)]
        ends = [(i % gw + 0.5, i // gw + 0.5) for i, (_, gw) in zip(pair, grids)]
        line = ConnectionPatch(*ends, "data", axesA=axes[0], axesB=axes[1], color=colour, lw=1.2)
        fig.add_artist(line)
        for ax, end in zip(axes, ends):
            name = ax.text(*end, number, size=8, ha="center", va="center", zorder=5)
            name.set(color=colour, path_effects=[THIN_EDGE])
    return fig


def _in_patches(photo, grid):
    """So that the axes count patches and the photo keeps its own shape."""
    gh, gw = grid
    return {"extent": (0, gw, gh, 0), "aspect": photo.height / photo.width * gw / gh}


def _outline(ax, patch):
    row, column = patch
    box = Rectangle((column, row), 1, 1, fill=False, ec="yellow", lw=1.5, zorder=3)
    box.set_path_effects(DARK_EDGE)
    ax.add_patch(box)


def _contour(ax, inside):
    """The border of a set of patches, along their sides."""
    edge = {"color": "yellow", "lw": 1.2, "path_effects": DARK_EDGE}
    rows, columns = np.nonzero(inside[:, 1:] != inside[:, :-1])
    ax.vlines(columns + 1, rows, rows + 1, **edge)
    rows, columns = np.nonzero(inside[1:] != inside[:-1])
    ax.hlines(rows + 1, columns, columns + 1, **edge)
