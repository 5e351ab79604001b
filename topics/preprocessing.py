"""Maps of one photo under several preprocessings, in their place on it, and how they differ."""

import numpy as np

from bilingual import say
from helpers.images import load_photo, to_tensor
from helpers.maps import attention_map
from helpers.overlay import resize_map
from helpers.plots import bar, draw, new_figure


def place(m, seen, photo):
    """Put a map (gh, gw) in its place on the photo: float32, (height, width) of the photo.

    `seen` is the photo or a crop from its centre (``images.to_tensor``); outside it are NaN.
    """
    photo, seen = (load_photo(picture, max_side=None) for picture in (photo, seen))
    canvas = np.full((photo.height, photo.width), np.nan, dtype=np.float32)
    top, left = (photo.height - seen.height) // 2, (photo.width - seen.width) // 2
    canvas[top : top + seen.height, left : left + seen.width] = resize_map(m, seen.size)
    return canvas


def difference(a, b):
    """a - b, (H, W), of two maps from ``place``, each stretched to 0..1 over the part both show.

    In -1..1; NaN where one of them shows nothing.
    """
    both = ~np.isnan(a + b)
    low, span = ([measure(m[both]) for m in (a, b)] for measure in (np.min, np.ptp))
    a, b = ((m - low[i]) / (span[i] or 1) for i, m in enumerate((a, b)))  # or 1: constant maps
    return np.where(both, a - b, np.nan)


def compare(photo, model, ways):
    """Attention maps of a photo, each in its ``place``, by label → settings of ``to_tensor``."""
    photo, placed = load_photo(photo, max_side=None), {}
    for label, settings in ways.items():
        tensor, seen = to_tensor(photo, model, **settings)
        placed[label] = place(attention_map(model, tensor), seen, photo)
    return placed


def changes(placed):
    """Mean size of the ``difference`` from the first, over what both show: label → 0..1."""
    first = next(iter(placed.values()))
    return {k: float(np.nanmean(abs(difference(m, first)))) for k, m in placed.items()}


def draw_differences(photo, placed, *, weights):
    """Maps of one photo by ``compare``, and below each how it differs from the first."""
    photo = load_photo(photo, max_side=None)
    first, *others = placed.values()
    below = [None, *(difference(m, first) for m in others)]
    limit = max((np.nanmax(np.abs(d)) for d in below[1:]), default=1) or 1
    fig, axes = new_figure(2, len(placed), photo.size, weights, extra=0.33)
    grey = np.asarray(photo.convert("L")) // 2 + 100
    for i, (label, m) in enumerate(placed.items()):
        draw(axes[i], grey, label, cmap="gray", vmin=0, vmax=255)
        axes[i].imshow(m, cmap="viridis", alpha=0.75)
        axes[i].title.set_size(8)
        if below[i] is not None:
            low = axes[i + len(placed)]
            draw(low, grey, say("첫째와의 차이", "minus the first"), cmap="gray", vmin=0, vmax=255)
            shown = low.imshow(below[i], cmap="RdBu_r", vmin=-limit, vmax=limit)
            low.title.set_size(7)
    if others:
        scale = bar(fig, shown)
        scale.set_ticks([-limit, 0, limit], labels=[f"−{limit:.1f}", "0", f"+{limit:.1f}"], size=8)
    return fig
