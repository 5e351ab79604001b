"""Patch features or a map in, an object out: its mask on the patch grid and its box.

No labels and no training: LOST and TokenCut look for patches that are alike and few.
"""

import math
from typing import NamedTuple

import numpy as np
import scipy  # which loads its parts when they are used: most lessons start without
import torch

from bilingual import BadInput
from helpers.encoding import one_photo, queries_keys
from helpers.images import load_photo
from helpers.maps import on_grid
from helpers.overlay import resize_map
from helpers.plots import draw, in_patches, new_figure, outline


class Found(NamedTuple):
    """An object that a method found on the patch grid."""

    mask: torch.Tensor  # bool (gh, gw), one connected piece
    seed: tuple[int, int]  # (row, column) of the patch that the search started from, in `mask`
    m: torch.Tensor  # (gh, gw): the numbers that were cut to make the mask

    @property
    def box(self):
        """(left, top, right, bottom) of the mask in patches, see ``mask_box``."""
        return mask_box(self.mask)


def key_features(model, tensor, block=-1):
    """The keys of one block's attention, heads side by side: what patches offer.

    Parameters
    ----------
    model, tensor : timm model, torch.Tensor (1, 3, H, W)
    block : int, -1 is the last

    Returns
    -------
    torch.Tensor (gh * gw, D), without prefix tokens

    Raises
    ------
    BadInput
        As ``encoding.attention_rows``; several pictures; no such block.
    """
    ((_, k),) = queries_keys(model, one_photo(tensor), (block,))
    return k[0].transpose(0, 1).flatten(1)[model.num_prefix_tokens :]


def component(mask, seed):
    """The 4-connected component of a mask bool (gh, gw) that holds a (row, column), if any."""
    pieces, _ = scipy.ndimage.label(np.asarray(mask))
    return torch.from_numpy((pieces == pieces[seed]) & np.asarray(mask))


def largest_component(mask):
    """Keep the largest 4-connected component of a mask; of equally large ones the first, by rows.

    Parameters
    ----------
    mask : array or torch.Tensor, bool (gh, gw)

    Returns
    -------
    torch.Tensor, bool (gh, gw); empty if `mask` is
    """
    pieces, _ = scipy.ndimage.label(np.asarray(mask))
    largest = np.bincount(pieces[pieces > 0], minlength=1).argmax()
    return torch.from_numpy((pieces == largest) & np.asarray(mask))


def mask_box(mask):
    """Box (left, top, right, bottom) around a mask bool (H, W); ``BadInput`` if that is empty.

    Right and bottom are the first column and row outside, so that the width is right - left.
    """
    rows, columns = np.nonzero(np.asarray(mask))
    if not len(rows):
        raise BadInput("빈 마스크에는 상자가 없습니다.", "An empty mask has no box.")
    return columns.min().item(), rows.min().item(), columns.max().item() + 1, rows.max().item() + 1


@torch.autocast("cpu", enabled=False)  # which would round to three digits
def lost(features, grid, k=100):
    """LOST: the object grows from the patch least like the rest.

    Siméoni et al. 2021 (arXiv:2109.14279), section 3.

    Two patches share an edge if the dot product of their features is at least 0. The *seed* is the
    patch of the lowest degree (fewest edges), as objects are small. It gathers those of the `k`
    patches of the lowest degree that it shares an edge with; the mask is where features point the
    way of all of these together.

    Parameters
    ----------
    features, grid : torch.Tensor (gh * gw, D), in the paper the last block's keys; (gh, gw)
    k : int, the paper's 100, of the some 900 patches of its photos

    Returns
    -------
    Found, `m` is the sum of products with the gathered patches

    Raises
    ------
    BadInput
        There are more or fewer features than patches.
    """
    features = features.detach().float().cpu().flatten(0, -2)
    products = features @ features.T
    degree = (products >= 0).sum(1)
    order = degree.argsort(stable=True)
    seed, few = order[0], order[:k]
    gathered = few[products[seed, few] >= 0]
    m = on_grid(products[:, gathered].sum(1), grid)
    place = divmod(seed.item(), grid[1])
    return Found(component(m >= 0, place), place, m)


@torch.autocast("cpu", enabled=False)
def token_cut(features, grid, tau=0.2):
    """TokenCut: cut the patches in two where they are least alike.

    Wang et al. 2022 (arXiv:2202.11539), section 3.

    The edge between two patches weighs 1 if their cosine similarity is over `tau`, else 1e-5. The
    second smallest eigenvector of (D - E) x = λ D x, E the edges' weights and D the degrees, their
    sums, is the normalised cut (Shi and Malik 2000): patches above its mean are one side. The
    object is the side that holds the entry largest in size, the *seed*.

    Parameters
    ----------
    features, grid : see ``lost``
    tau : float, the paper's 0.2

    Returns
    -------
    Found, `m` is the eigenvector, with its sign turned so that the object is high

    Raises
    ------
    BadInput
        There are more or fewer features than patches.
    """
    unit = torch.nn.functional.normalize(features.detach().cpu().double().flatten(0, -2), dim=-1)
    # In double precision: at float32 the cut blurs into the eigenvector of 0, a constant.
    edges = np.where((unit @ unit.T).numpy() > tau, 1.0, 1e-5)
    degrees = np.diag(edges.sum(1))
    _, vectors = scipy.linalg.eigh(degrees - edges, degrees, subset_by_index=[1, 1])
    vector = torch.from_numpy(vectors[:, 0])
    seed = vector.abs().argmax().item()
    if vector[seed] < vector.mean():
        vector = -vector
    m = on_grid(vector, grid)
    place = divmod(seed, grid[1])
    return Found(component(m > m.mean(), place), place, m)


def draw_regions(seen, found, *, weights):
    """Lay what was found over the photo, at most four panels a row; outside a mask is darkened.

    Parameters
    ----------
    seen : PIL.Image.Image, from ``images.to_tensor``
    found : dict
        Label → a photo or a map (gh, gw) of floats, drawn as they are; a mask bool (..., gh, gw),
        of several the union; or a ``Found``: its mask, its box in orange and its seed in yellow.
    weights : timm model or str, named at the foot

    Returns
    -------
    Figure
    """
    seen = load_photo(seen, max_side=None)
    panels = {label: (seen, what) for label, what in found.items()}
    return draw_gallery(panels, weights=weights, size=seen.size, most=4)


def draw_gallery(found, *, weights, size=(1, 1), most=5):
    """``draw_regions`` of several photos.

    Parameters
    ----------
    found : dict, label → (photo, what was found on it, see ``draw_regions``)
    weights : timm model or str, named at the foot
    size : tuple of float, (width, height) of a panel, of which only the ratio counts
    most : int, panels in a row

    Returns
    -------
    Figure
    """
    rows = math.ceil(len(found) / most)
    fig, axes = new_figure(rows, math.ceil(len(found) / rows), size, weights)
    for ax, (label, (seen, what)) in zip(axes, found.items()):
        _panel(ax, load_photo(seen, max_side=None), label, what)
    return fig


def _panel(ax, seen, label, what):
    if not hasattr(what, "mask") and not hasattr(what, "ndim"):
        return draw(ax, load_photo(what, max_side=None), label)
    mask = np.asarray(getattr(what, "mask", what))
    shape = in_patches(seen, mask.shape[-2:])
    if mask.dtype != bool:
        return draw(ax, mask, label, interpolation="nearest", **shape)
    union = resize_map(mask.reshape(-1, *mask.shape[-2:]).any(0), seen.size, smooth=False)
    bright = 0.25 + 0.75 * union[..., None]
    draw(ax, (np.asarray(seen) * bright).astype(np.uint8), label, **shape)
    if hasattr(what, "box"):
        left, top, right, bottom = what.box
        outline(ax, (left, top), right - left, bottom - top, "orange")
        row, column = what.seed
        outline(ax, (column + 0.25, row + 0.25), 0.5, 0.5)
