"""A map and a photo in, a picture out."""

import matplotlib
import numpy as np
from PIL import Image

COLORMAPS = ("viridis", "cividis", "magma", "inferno", "gray", "jet")


def resize_map(m, size, smooth=True):
    """Resize a map to the size of a picture, as the blog post does.

    Parameters
    ----------
    m : torch.Tensor or numpy.ndarray
        (gh, gw).
    size : tuple of int
        (width, height) in pixels, the order of ``Image.size``.
    smooth : bool
        Bilinear if true; otherwise each patch stays one flat rectangle.

    Returns
    -------
    numpy.ndarray
        (height, width) float32.
    """
    values = np.asarray(m, dtype=np.float32)
    if values.ndim != 2:
        raise ValueError(
            f"맵의 모양은 (gh, gw)여야 합니다: {values.shape}. 맵 하나를 고르세요(예: m[0]).\n"
            f"A map must be (gh, gw): {values.shape}. Pick one map, for example m[0]."
        )
    resample = Image.Resampling.BILINEAR if smooth else Image.Resampling.NEAREST
    return np.asarray(Image.fromarray(values).resize(size, resample))


def place(m, seen, photo):
    """Put a map in its place on the photo, so that maps of different crops can be compared.

    Parameters
    ----------
    m : torch.Tensor or numpy.ndarray
        (gh, gw).
    seen : PIL.Image.Image
        What the network saw: the photo, or a crop from its centre (see ``images.to_tensor``).
    photo : PIL.Image.Image
        The whole photo.

    Returns
    -------
    numpy.ndarray
        (photo.height, photo.width) float32; NaN where the network saw nothing.
    """
    canvas = np.full((photo.height, photo.width), np.nan, dtype=np.float32)
    top, left = (photo.height - seen.height) // 2, (photo.width - seen.width) // 2
    canvas[top : top + seen.height, left : left + seen.width] = resize_map(m, seen.size)
    return canvas


def difference(a, b):
    """How far two maps of one photo differ, each stretched to 0..1 over the part both show.

    Parameters
    ----------
    a, b : numpy.ndarray
        (H, W) from ``place``.

    Returns
    -------
    numpy.ndarray
        a - b, (H, W), in -1..1; NaN where one of them shows nothing.
    """
    both = ~np.isnan(a + b)
    low, span = ([measure(m[both]) for m in (a, b)] for measure in (np.min, np.ptp))
    a, b = ((m - low[i]) / (span[i] or 1) for i, m in enumerate((a, b)))  # or 1: constant maps
    return np.where(both, a - b, np.nan)


def colorize(values, cmap="viridis"):
    """Turn numbers in 0..1 into colours with one of matplotlib's colour tables.

    Parameters
    ----------
    values : numpy.ndarray
        (H, W).
    cmap : str
        One of ``COLORMAPS``, or any other name that matplotlib knows.

    Returns
    -------
    numpy.ndarray
        (H, W, 3) uint8.
    """
    if cmap not in matplotlib.colormaps:
        raise ValueError(
            f"그런 컬러맵이 없습니다: {cmap}. 이 가운데 고르세요: {', '.join(COLORMAPS)}\n"
            f"No such colormap: {cmap}. Choose one of {', '.join(COLORMAPS)}"
        )
    return matplotlib.colormaps[cmap](values, bytes=True)[..., :3]


def blend(photo, m, alpha=0.5, cmap="viridis", smooth=True):
    """Lay a map over a photo: (1 - alpha) · photo + alpha · colours.

    Parameters
    ----------
    photo : PIL.Image.Image
    m : torch.Tensor or numpy.ndarray
        (gh, gw) in 0..1, see ``maps.min_max``.
    alpha : float
        0 gives the photo, 1 the colours alone.
    cmap, smooth
        See ``colorize`` and ``resize_map``.

    Returns
    -------
    PIL.Image.Image
        RGB, at the photo's own size.
    """
    if not 0 <= alpha <= 1:
        raise ValueError(
            f"투명도 alpha는 0과 1 사이여야 합니다: {alpha}\nalpha must be between 0 and 1: {alpha}"
        )
    values = resize_map(m, photo.size, smooth)
    if not (values.min() >= 0 and values.max() <= 1):  # so written, NaN is refused too
        raise ValueError(
            f"맵의 값은 0~1이어야 합니다: {values.min():.3g}~{values.max():.3g}. "
            f"maps.min_max로 맞추세요.\n"
            f"The map must lie in 0..1: {values.min():.3g}..{values.max():.3g}. Use maps.min_max."
        )
    colours = Image.fromarray(colorize(values, cmap))
    return Image.blend(photo.convert("RGB"), colours, alpha)
