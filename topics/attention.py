"""Attention: all blocks and heads, one map on three scales, who asks, and where two maps agree."""

import numpy as np
from matplotlib.patches import Patch
from PIL import Image

from bilingual import say
from helpers.images import load_photo
from helpers.maps import min_max
from helpers.overlay import blend
from helpers.plots import WIDTH, compare, draw, in_patches, narrowest, new_figure, outline

BOTH, NORM, ATTENTION, NEITHER = (240, 228, 66), (0, 114, 178), (213, 94, 0), (70, 70, 70)


def draw_heads(photo, m, *, weights):
    """One overlay a head.

    Parameters
    ----------
    photo : PIL.Image.Image, or anything that ``images.load_photo`` reads
    m : torch.Tensor (heads, gh, gw); each map is min-max normalised on its own here
    weights : see ``plots.two_panel``

    Returns
    -------
    plots.Figure
    """
    name = say("헤드", "head")
    each = {f"{name} {i}": blend(photo, min_max(head)) for i, head in enumerate(m)}
    return compare(each, weights=weights)


def draw_blocks_heads(m, *, weights):
    """A row a block, a column a head.

    Parameters
    ----------
    m : torch.Tensor (blocks, heads, gh, gw), each map drawn from its own lowest to its own highest
    weights : see ``plots.two_panel``

    Returns
    -------
    plots.Figure
    """
    labels = [f"{say('블록', 'block')} 0", *map(str, range(1, len(m)))]
    return _table(m, labels, [{}] * len(m), weights)


def draw_scales(m, *, weights):
    """The same maps three times: as shares of 0..1, on one shared scale, each on its own.

    Parameters
    ----------
    m : torch.Tensor (heads, gh, gw), shares of attention
    weights : see ``plots.two_panel``

    Returns
    -------
    plots.Figure
    """
    top = m.max().item()
    rows = {
        f"{say('그대로', 'raw')}\n0..1": {"vmin": 0, "vmax": 1},
        f"{say('공통', 'shared')}\n0..{top:.2g}": {"vmin": 0, "vmax": top},
        f"{say('저마다', 'each')}\nmin..max": {},
    }
    return _table(m.expand(3, *m.shape), rows.keys(), rows.values(), weights)


def draw_queries(photo, asked, *, weights):
    """Where at most four tokens look: one overlay each, with the asking patch outlined.

    Parameters
    ----------
    photo : PIL.Image.Image, or anything that ``images.load_photo`` reads
    asked : dict, label → (map, patch)
        torch.Tensor (gh, gw), the asking token's row, min-max normalised here; and (row, column) of
        its patch, or None if it has no place, as CLS.
    weights : see ``plots.two_panel``

    Returns
    -------
    plots.Figure
    """
    photo = load_photo(photo, max_side=None)
    fig, axes = new_figure(1, len(asked), photo.size, weights)
    for ax, (label, (m, patch)) in zip(axes, asked.items()):
        draw(ax, blend(photo, min_max(m), 0.6), label, **in_patches(photo, m.shape))
        if patch is not None:
            outline(ax, patch[::-1])
    return fig


def draw_agreement(panels, *, weights):
    """Where norm and attention map have their largest fifth of patches: both, or one of them.

    Parameters
    ----------
    panels : dict, label → (photo, norm map, attention map), at most four
        Photos as ``images.load_photo`` reads them; maps torch.Tensor (gh, gw), on any scale.
    weights : see ``plots.two_panel``

    Returns
    -------
    plots.Figure
    """
    photos = [load_photo(photo, max_side=None) for photo, _, _ in panels.values()]
    fig, axes = new_figure(2, len(panels), narrowest(photos), weights, extra=0.35)
    colours = np.array([NEITHER, NORM, ATTENTION, BOTH], np.uint8)
    for i, (photo, (label, (_, *pair))) in enumerate(zip(photos, panels.items())):
        norm, attention = (m >= m.flatten().topk(round(m.numel() / 5)).values[-1] for m in pair)
        draw(axes[i], photo, label)
        cells = Image.fromarray(colours[norm + 2 * attention])
        axes[len(panels) + i].imshow(cells.resize(photo.size, Image.Resampling.NEAREST))
    names = ("둘 다", "both"), ("노름", "norm"), ("어텐션", "attention"), ("둘 다 아님", "neither")
    legend = zip((BOTH, NORM, ATTENTION, NEITHER), names)
    handles = [Patch(fc=np.divide(rgb, 255), label=say(*name)) for rgb, name in legend]
    fig.legend(handles=handles, loc="outside upper center", ncols=4, fontsize=8, frameon=False)
    return fig


def _table(m, labels, limits, weights):
    """Many small maps (rows, heads, gh, gw) close together, each row on the scale of its limits."""
    rows, heads, gh, gw = m.shape
    fig, (ax,) = new_figure(1, 1, (gw, gh), weights)
    # All on one pair of axes, whose unit is a map's width: 144 pairs take 40 MB and two seconds.
    tall, gap = gh / gw, 0.06
    for row, (maps, label, limit) in enumerate(zip(np.asarray(m), labels, limits)):
        top = row * (tall + gap)
        for head, values in enumerate(maps):
            left = head * (1 + gap)
            place = (left, left + 1, top + tall, top)
            ax.imshow(values, cmap="viridis", interpolation="nearest", extent=place, **limit)
        ax.text(-0.1, top + tall / 2, label, size=8, ha="right", va="center")
    for head in range(heads):
        name = str(head) if head else f"{say('헤드', 'head')} 0"
        ax.text(head * (1 + gap) + 0.5, -0.08, name, size=8, ha="center", va="bottom")
    width, height = heads * (1 + gap) - gap, rows * (tall + gap) - gap
    ax.set(xlim=(0, width), ylim=(height, 0))
    fig.set_size_inches(WIDTH, (WIDTH - 0.6) * height / width + 0.55)
    return fig
