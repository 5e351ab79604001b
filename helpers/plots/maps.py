"""Maps beside and over their photo."""

import math

import numpy as np
from matplotlib import patheffects
from matplotlib.cm import ScalarMappable
from matplotlib.patches import Rectangle
from PIL import Image

from ..language import pick
from ..maps import min_max
from ..overlay import blend
from .frame import draw, new_figure


def two_panel(photo, m, *, weights, alpha=0.5, cmap="viridis", title=None):
    """The blog post's figure: the photo, and the map laid over it.

    Parameters
    ----------
    photo : PIL.Image.Image
    m : torch.Tensor or numpy.ndarray
        (gh, gw) in 0..1, see ``maps.min_max``.
    weights : timm model or str
        Names what made the map, in the caption.
    alpha : float
        0 shows the photo, 1 the colours alone.
    cmap : str
        A colormap, see ``overlay.COLORMAPS``.
    title : str, optional
        Title of the overlay.

    Returns
    -------
    matplotlib.figure.Figure
    """
    fig, (left, right) = new_figure(1, 2, photo.size, weights, extra=0.5)
    draw(left, photo, "사진 photo")
    draw(right, blend(photo, m, alpha, cmap), title or "겹침 그림 overlay")
    scale = fig.colorbar(
        ScalarMappable(cmap=cmap), ax=[left, right], location="bottom", shrink=0.5, aspect=36
    )
    scale.set_ticks([0, 1], labels=[pick("낮음 low"), pick("높음 high")], size=8)
    scale.set_label(pick("이 그림 안에서 relative to this map"), size=8, labelpad=-9)
    return fig


def compare(panels, *, weights, cmap="viridis"):
    """Labelled pictures and maps side by side, at most four in a row.

    Parameters
    ----------
    panels : dict
        Label → PIL image, or a map (gh, gw), drawn patch by patch from its lowest to its highest.
    weights, cmap
        See ``two_panel``.

    Returns
    -------
    matplotlib.figure.Figure
    """
    sizes = [p.size if isinstance(p, Image.Image) else np.shape(p)[::-1] for p in panels.values()]
    narrowest = min(sizes, key=lambda size: size[0] / size[1])
    rows = math.ceil(len(panels) / 4)
    fig, axes = new_figure(rows, math.ceil(len(panels) / rows), narrowest, weights)
    for ax, (label, panel) in zip(axes, panels.items()):
        draw(ax, panel, label, cmap=cmap, interpolation="nearest")
    return fig


def heads(photo, m, *, weights, cmap="viridis"):
    """One overlay a head, each map on its own scale.

    Parameters
    ----------
    photo : PIL.Image.Image
    m : torch.Tensor
        (heads, gh, gw), see ``maps.cls_attention``.
    weights, cmap
        See ``two_panel``.

    Returns
    -------
    matplotlib.figure.Figure
    """
    overlays = {
        f"헤드 head {i}": blend(photo, head, cmap=cmap) for i, head in enumerate(min_max(m))
    }
    return compare(overlays, weights=weights)


def patch_grid(seen, grid, *, weights, highlight=None):
    """What the network saw, cut into its patches.

    Parameters
    ----------
    seen : PIL.Image.Image
        From ``images.to_tensor``.
    grid : tuple of int
        (gh, gw).
    weights
        See ``two_panel``.
    highlight : tuple of int, optional
        (row, column) of a patch to outline.

    Returns
    -------
    matplotlib.figure.Figure
    """
    fig, (ax,) = new_figure(1, 1, seen.size, weights)
    gh, gw = grid
    # The axes count patches; the picture is stretched over them and keeps its own shape.
    shape = {"extent": (0, gw, gh, 0), "aspect": seen.height / seen.width * gw / gh}
    draw(ax, seen, f"패치 patches: {gh} × {gw} = {gh * gw}", **shape)
    ax.vlines(range(gw + 1), 0, gh, color="white", lw=0.6)
    ax.hlines(range(gh + 1), 0, gw, color="white", lw=0.6)
    if highlight is not None:
        row, column = highlight
        outline = Rectangle((column, row), 1, 1, fill=False, ec="yellow", lw=2, zorder=3)
        outline.set_path_effects([patheffects.withStroke(linewidth=4, foreground="black")])
        ax.add_patch(outline)
    return fig
