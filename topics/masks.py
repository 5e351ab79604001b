"""Masks: drawn by hand for the bundled photos, on the patch grid, and cut out of a map."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from bilingual import plain
from helpers.images import IMAGES, view
from sources.kinds import PhotoError


def load_masks(name):
    """The hand-drawn masks of a bundled photo's objects (images/CREDITS.md).

    Parameters
    ----------
    name : str or Path, of the photo, with or without its folder and its ending

    Returns
    -------
    numpy.ndarray, bool (objects, H, W), of the photo's size; no pixel belongs to two objects

    Raises
    ------
    PhotoError
        No masks were drawn for such a photo; it names those that have some.
    """
    path = IMAGES / "masks" / f"{Path(name).stem}.png"
    if not path.exists():
        names, name = ", ".join(p.stem for p in sorted(path.parent.glob("*.png"))), plain(name)
        raise PhotoError(
            f"이 사진의 마스크는 없습니다: {name}. 마스크가 있는 사진: {names}",
            f"No masks were drawn for this photo: {name}. Photos with masks: {names}",
        )
    labels = np.asarray(Image.open(path))
    return labels == np.arange(1, labels.max() + 1)[:, None, None]


def masks_on_grid(masks, model, fit="crop", size=None, **overrides):
    """Which patches an object covers by more than half, in the view that ``to_tensor`` gave.

    Parameters
    ----------
    masks : array or torch.Tensor, bool (objects, H, W), pixels of the photo
    model, fit, size, **overrides : what ``images.to_tensor`` was given

    Returns
    -------
    torch.Tensor, bool (objects, gh, gw); an object that is cut off or very small may cover none

    Raises
    ------
    BadInput
        As ``images.to_tensor``.
    """
    masks = torch.as_tensor(masks).float()
    rows, columns = masks.shape[-2:]
    _, pixels, (left, top, right, bottom) = view((columns, rows), model, fit, size, overrides)
    gh, gw = (side // step for side, step in zip(pixels, model.patch_embed.patch_size))
    down = _overlap(rows, top, (bottom - top) / gh, gh)
    across = _overlap(columns, left, (right - left) / gw, gw)
    return down @ masks @ across.T > 0.5


def mass_mask(m, mass=0.6):
    """Which of the largest patches together hold a share of the map.

    Caron et al. 2021 (arXiv:2104.14294), section 4.2.2.

    Parameters
    ----------
    m : torch.Tensor (..., gh, gw), at least 0
    mass : float, share of the map's sum to keep, 0..1; the patch that crosses the line still counts

    Returns
    -------
    torch.Tensor, bool (..., gh, gw)
    """
    flat = m.flatten(-2)
    values, order = (flat / flat.sum(-1, keepdim=True)).sort(-1, descending=True)
    keep = values.cumsum(-1) - values < mass
    return torch.zeros_like(keep).scatter(-1, order, keep).view_as(m)


def _overlap(pixels, start, step, count):
    """(count, pixels): the share of each of `count` intervals of length `step` on each pixel."""
    edges, pixel = start + step * torch.arange(count + 1)[:, None], torch.arange(pixels)
    return (edges[1:].minimum(pixel + 1) - edges[:-1].maximum(pixel)).clamp(min=0) / step
