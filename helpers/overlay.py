"""A map and a photo in, a picture out."""

import matplotlib
import numpy as np
import torch
from PIL import Image

from bilingual import BadInput, number, one_of

from .images import load_photo

COLORMAPS = ("viridis", "cividis", "magma", "inferno", "gray", "jet")


def resize_map(m, size, smooth=True):
    """Resize a map to the size of a picture, as the blog post does.

    Parameters
    ----------
    m : torch.Tensor or array (gh, gw)
    size : tuple of int (width, height) in pixels, the order of ``Image.size``
    smooth : bool, bilinear if true; otherwise each patch stays one flat rectangle

    Returns
    -------
    numpy.ndarray (height, width) float32

    Raises
    ------
    BadInput : it is no single map
    """
    values = torch.as_tensor(m).detach().float().cpu().numpy()
    if values.ndim != 2:
        raise BadInput(
            f"맵의 모양은 (gh, gw)여야 합니다: {values.shape}. 맵 하나를 고르세요(예: m[0]).",
            f"A map must be (gh, gw): {values.shape}. Pick one map, for example m[0].",
        )
    resample = Image.Resampling.BILINEAR if smooth else Image.Resampling.NEAREST
    return np.asarray(Image.fromarray(values).resize(size, resample))


def colorize(values, cmap="viridis"):
    """Turn numbers (H, W) in 0..1 into colours, (H, W, 3) uint8; see ``colormap``."""
    return colormap(cmap)(values, bytes=True)[..., :3]


def colormap(cmap):
    """One of ``COLORMAPS``, or any other that matplotlib knows, by its name; else BadInput."""
    if cmap not in matplotlib.colormaps:
        one_of("cmap", cmap, COLORMAPS)
    return matplotlib.colormaps[cmap]


def blend(photo, m, alpha=0.5, cmap="viridis", smooth=True):
    """Lay a map over a photo: (1 - alpha) · photo + alpha · colours.

    Parameters
    ----------
    photo : PIL.Image.Image, or anything that ``images.load_photo`` reads
    m : torch.Tensor or array (gh, gw) in 0..1, see ``maps.min_max``
    alpha : float, opacity of the colours: 0 gives the photo, 1 the colours alone
    cmap, smooth : see ``colorize`` and ``resize_map``

    Returns
    -------
    PIL.Image.Image, RGB, at the photo's own size

    Raises
    ------
    BadInput, PhotoError
        alpha or the map lies outside 0..1 (NaN included), or as all that is called here.
    """
    number("alpha", alpha, 0, 1)
    photo = load_photo(photo, max_side=None)
    values = resize_map(m, photo.size, smooth)
    if not (values.min() >= 0 and values.max() <= 1):  # so written, NaN is refused too
        low, high = f"{values.min():.3g}", f"{values.max():.3g}"
        raise BadInput(
            f"맵의 값은 0~1이어야 합니다: {low}~{high}. maps.min_max로 맞추세요.",
            f"The map must lie in 0..1: {low}..{high}. Use maps.min_max.",
        )
    return Image.blend(photo, Image.fromarray(colorize(values, cmap)), alpha)
