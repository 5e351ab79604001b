"""Many models, or many preprocessings, of one photo in one figure."""

import math
import re

import numpy as np
from matplotlib.colors import LogNorm
from PIL import Image

from ..language import pick
from ..norms import medians, share_above
from ..overlay import difference
from .frame import draw, new_figure

BELOW = "그림마다 그 아래에 · under each picture"


def side_by_side(panels, *, weights):
    """One picture a model, each with the weights that made it written underneath.

    Parameters
    ----------
    panels : dict
        Label → PIL image, or a map (gh, gw).
    weights : dict
        Label → caption, see ``models.caption``; every panel must have its own.

    Returns
    -------
    matplotlib.figure.Figure
    """
    if nameless := [label for label in panels if label not in weights]:
        raise ValueError(
            f"어느 가중치로 그렸는지 알 수 없습니다: {', '.join(nameless)}\n"
            f"No weights are named for: {', '.join(nameless)}"
        )
    sizes = [p.size if isinstance(p, Image.Image) else np.shape(p)[::-1] for p in panels.values()]
    rows = math.ceil(len(panels) / 3)
    narrowest = min(sizes, key=lambda size: size[0] / size[1])
    extra = 0.45 * rows + 0.6 * (rows - 1)  # three lines of caption; and pictures large enough
    fig, axes = new_figure(rows, math.ceil(len(panels) / rows), narrowest, BELOW, extra)
    for ax, (label, panel) in zip(axes, panels.items()):
        draw(ax, panel, label, cmap="viridis", interpolation="nearest")
        under = {"transform": ax.transAxes, "ha": "center", "va": "top", "size": 6}
        ax.text(0.5, -0.02, _in_lines(weights[label]), color="dimgray", linespacing=1.3, **under)
    return fig


def block_histogram(norms, times, *, weights):
    """How long the patch tokens are after each block: a histogram a block, standing upright.

    Parameters
    ----------
    norms : torch.Tensor
        (blocks, ...) from ``norms.block_norms``.
    times : float
        Cut-off, in medians of the block: the line. Above each block stands the share of patches
        over the line.
    weights : timm model or str
        Names what made the tokens, in the caption.

    Returns
    -------
    matplotlib.figure.Figure
    """
    values = np.asarray(norms.flatten(1))
    cut, shares = times * np.asarray(medians(norms)), np.asarray(share_above(norms, times))
    bins = np.geomspace(values.min() * 0.99, values.max() * 1.01, 41)
    share = np.stack([np.histogram(row, bins)[0] / row.size for row in values], axis=1)
    fig, (ax,) = new_figure(1, 1, (2, 1), weights, extra=0.3)
    ax.set_axis_on()
    edges = np.arange(len(values) + 1) + 0.5
    scale = LogNorm(1 / values.shape[1], 1)  # so that a single patch is seen beside thousands
    mesh = ax.pcolormesh(edges, bins, np.ma.masked_equal(share, 0), norm=scale, cmap="viridis_r")
    line = pick(f"중앙값 median × {times:g}")
    ax.stairs(cut, edges, baseline=None, color="crimson", lw=2, label=line)
    top = max(values.max(), cut.max()) * 1.15
    ax.set(yscale="log", ylim=(bins[0], top), xticks=range(1, len(values) + 1))
    ax.set_xlabel(pick("블록 block"), size=8)
    ax.set_ylabel(pick("토큰의 길이 length (log)"), size=8)
    ax.tick_params(labelsize=7, which="both")
    for block, over in enumerate(shares, 1):
        ax.text(block, top, f"{over:.1%}", ha="center", va="bottom", size=7, color="crimson")
    ax.set_title(pick("선을 넘는 패치의 비율 share of patches over the line"), size=8, pad=14)
    ax.legend(loc="lower right", fontsize=7)
    fig.colorbar(mesh, ax=ax).set_label(pick("패치의 비율 share of patches"), size=8)
    return fig


def differences(photo, placed, *, weights):
    """Maps of one photo in their place on it, and below each how it differs from the first.

    Parameters
    ----------
    photo : PIL.Image.Image
    placed : dict
        Label → (H, W) map from ``overlay.place``; the first is what the others are compared with.
    weights
        See ``block_histogram``.

    Returns
    -------
    matplotlib.figure.Figure
    """
    first, *others = placed.values()
    below = [None, *(difference(m, first) for m in others)]
    limit = max((np.nanmax(np.abs(d)) for d in below[1:]), default=1) or 1
    fig, axes = new_figure(2, len(placed), photo.size, weights, extra=0.5)
    grey = np.asarray(photo.convert("L")) // 2 + 100
    for i, (label, m) in enumerate(placed.items()):
        draw(axes[i], grey, label, cmap="gray", vmin=0, vmax=255)
        axes[i].imshow(m, cmap="viridis", alpha=0.75)
        axes[i].title.set_size(8)
        if below[i] is not None:
            low = axes[i + len(placed)]
            draw(low, grey, "첫째와의 차이 minus the first", cmap="gray", vmin=0, vmax=255)
            shown = low.imshow(below[i], cmap="RdBu_r", vmin=-limit, vmax=limit)
            low.title.set_size(7)
    if others:
        scale = fig.colorbar(shown, ax=list(axes), location="bottom", shrink=0.5, aspect=36)
        scale.set_ticks([-limit, 0, limit], labels=[f"−{limit:.1f}", "0", f"+{limit:.1f}"], size=7)
    return fig


def _in_lines(caption):
    """A caption in lines that fit under a small picture; timm's long names break at the tag."""
    lines = caption.split(" · ")
    return "\n".join(re.sub(r"(?<=\w)\.(?=\w)", "\n.", ln) if len(ln) > 34 else ln for ln in lines)
