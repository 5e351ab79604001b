"""Maps of one photo under several preprocessings, in their place on it, and how they differ."""

import numpy as np

from bilingual import say
from helpers.images import load_photo, to_tensor
from helpers.maps import attention_map
from helpers.overlay import resize_map
from helpers.plots import bar, draw, new_figure


def place(m, seen, photo):
    """Put a map in its place on the photo.

    Parameters
    ----------
    m : torch.Tensor or array (gh, gw)
    seen, photo : PIL.Image.Image, the photo or a crop from its centre, see ``images.to_tensor``

    Returns
    -------
    numpy.ndarray float32, (height, width) of the photo; NaN outside of `seen`
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
    a, b = ((m - m[both].min()) / (np.ptp(m[both]) or 1) for m in (a, b))  # or 1: constant maps
    return np.where(both, a - b, np.nan)


def compare(photo, model, ways):
    """Attention maps of one photo under several preprocessings, each in its ``place``.

    Parameters
    ----------
    photo : what ``images.load_photo`` reads
    model : timm model
    ways : dict, label → dict of settings for ``images.to_tensor``

    Returns
    -------
    dict, label → numpy.ndarray float32, (height, width) of the photo

    Raises
    ------
    PhotoError, BadInput
        As ``images.to_tensor``.
    """
    photo, placed = load_photo(photo, max_side=None), {}
    for label, settings in ways.items():
        tensor, seen = to_tensor(photo, model, **settings)
        placed[label] = place(attention_map(model, tensor), seen, photo)
    return placed


def changes(placed):
    """How much each map differs from the first, over what both show.

    Parameters
    ----------
    placed : dict, from ``compare``

    Returns
    -------
    dict, label → mean absolute ``difference``, 0..1
    """
    first = next(iter(placed.values()))
    return {k: float(np.nanmean(abs(difference(m, first)))) for k, m in placed.items()}


def draw_differences(photo, placed, *, weights):
    """Maps of one photo, and below each how it differs from the first.

    Parameters
    ----------
    photo : what ``images.load_photo`` reads
    placed : dict, from ``compare``
    weights : timm model or str, named at the foot

    Returns
    -------
    Figure
    """
    photo = load_photo(photo, max_side=None)
    first, *others = placed.values()
    below = [difference(m, first) for m in others]
    limit = max((np.nanmax(np.abs(d)) for d in below), default=1) or 1
    fig, _ = new_figure(2, len(placed), photo.size, weights, extra=0.33)
    grey = np.asarray(photo.convert("L")) // 2 + 100
    for ax, (label, m) in zip(fig.axes, placed.items()):
        draw(ax, grey, label, cmap="gray", vmin=0, vmax=255)
        ax.imshow(m, cmap="viridis", alpha=0.75)
        ax.title.set_size(8)
    for ax, d in zip(fig.axes[len(placed) + 1 :], below):
        draw(ax, grey, say("첫째와의 차이", "minus the first"), cmap="gray", vmin=0, vmax=255)
        shown = ax.imshow(d, cmap="RdBu_r", vmin=-limit, vmax=limit)
        ax.title.set_size(7)
    if others:
        scale = bar(fig, shown)
        scale.set_ticks([-limit, 0, limit], labels=[f"−{limit:.1f}", "0", f"+{limit:.1f}"], size=8)
    return fig
