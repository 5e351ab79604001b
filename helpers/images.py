"""A photo in, a tensor out; and the hand-drawn masks of its objects, brought onto the patches."""

import math
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from timm.data import create_transform, resolve_model_data_config
from torchvision import transforms as T
from torchvision.transforms import InterpolationMode

from .photos import IMAGES, PhotoError, load_photo, sample_photos

__all__ = [
    "FITS",
    "PhotoError",
    "load_masks",
    "load_photo",
    "masks_on_grid",
    "sample_photos",
    "to_tensor",
]

FITS = ("crop", "squash", "whole")


def to_tensor(photo, model, fit="crop", size=None, **overrides):
    """Preprocess a photo as the model was trained to see it.

    Parameters
    ----------
    photo : PIL.Image.Image
        RGB.
    model : timm model
        Mean, standard deviation, input size and interpolation come from its own data config.
    fit : {"crop", "squash", "whole"}
        ``crop``: timm's evaluation transform (resize the short side, cut out the centre).
        ``squash``: the blog post's ``Resize((S, S))``, bilinear, aspect ratio lost.
        ``whole``: nothing is lost; the short side gets S pixels, each side is rounded to a multiple
        of the patch, bicubic.
    size : int, optional
        S in pixels, instead of the model's own input size.
    **overrides
        Settings of timm's data config to use instead of the model's own, for example
        ``crop_pct=0.875`` or ``crop_mode="squash"``; they change ``crop`` above all.

    Returns
    -------
    tensor : torch.Tensor
        (1, 3, H, W) float32, normalised.
    seen : PIL.Image.Image
        The part of the photo that the network saw, at the photo's own resolution, so that a map
        laid over it is aligned.
    """
    config, (height, width), box = _view(photo.size, model, fit, size, overrides)
    if fit == "crop":
        transform = create_transform(**config, is_training=False)
        return transform(photo).unsqueeze(0), photo.crop(tuple(round(edge) for edge in box))
    how = InterpolationMode.BICUBIC if fit == "whole" else InterpolationMode.BILINEAR
    resize = T.Resize((height, width), how)
    transform = T.Compose([resize, T.ToTensor(), T.Normalize(config["mean"], config["std"])])
    return transform(photo).unsqueeze(0), photo


def load_masks(name):
    """Read the hand-drawn masks of a bundled photo's objects (images/CREDITS.md says what counts).

    Parameters
    ----------
    name : str or Path
        The photo's name, with or without a folder and ``.jpg``.

    Returns
    -------
    numpy.ndarray
        bool (objects, H, W) of the photo's size; no pixel belongs to two objects.

    Raises
    ------
    PhotoError
        No mask was drawn for such a photo.
    """
    path = IMAGES / "masks" / f"{Path(name).stem}.png"
    if not path.exists():
        names = ", ".join(p.stem for p in sorted(path.parent.glob("*.png")))
        raise PhotoError(
            f"이 사진의 마스크는 없습니다: {name}. 마스크가 있는 사진: {names}\n"
            f"No masks were drawn for this photo: {name}. Photos with masks: {names}"
        )
    with Image.open(path) as drawn:
        labels = np.asarray(drawn)
    return labels == np.arange(1, labels.max() + 1)[:, None, None]


def masks_on_grid(masks, model, fit="crop", size=None, **overrides):
    """Which patches an object covers by more than half, in the view that ``to_tensor`` gave.

    Parameters
    ----------
    masks : array
        bool (objects, H, W), pixels of the photo.
    model, fit, size, **overrides
        As given to ``to_tensor``.

    Returns
    -------
    torch.Tensor
        bool (objects, gh, gw). An object that was cut off or is very small may cover no patch.
    """
    masks = torch.as_tensor(masks).float()
    rows, columns = masks.shape[-2:]
    _, pixels, (left, top, right, bottom) = _view((columns, rows), model, fit, size, overrides)
    grid, patch = model.patch_embed.dynamic_feat_size(pixels), model.patch_embed.patch_size
    down = _overlap(rows, top, (bottom - top) / pixels[0] * patch[0], grid[0])
    across = _overlap(columns, left, (right - left) / pixels[1] * patch[1], grid[1])
    return down @ masks @ across.T > 0.5


def _overlap(pixels, start, step, count):
    """(count, pixels): the share of each of `count` intervals of length `step` on each pixel."""
    edges = start + step * torch.arange(count + 1)[:, None]
    pixel = torch.arange(pixels)
    shared = edges[1:].minimum(pixel + 1) - edges[:-1].maximum(pixel)
    return shared.clamp(min=0) / step


def _view(photo_size, model, fit, size, overrides):
    """(data config, (height, width) the network gets, box of the photo that it is made from)."""
    config = resolve_model_data_config(model)
    config.update(overrides)
    if size is not None:
        config["input_size"] = (3, size, size)
    height, width = config["input_size"][-2:]
    if fit == "crop":
        return config, (height, width), _crop_box(photo_size, config)
    if fit == "whole":
        scale = min(height, width) / min(photo_size)
        sides = zip(reversed(photo_size), model.patch_embed.patch_size)
        height, width = (max(1, round(side * scale / patch)) * patch for side, patch in sides)
    elif fit != "squash":
        raise ValueError(
            f"fit는 {', '.join(FITS)} 가운데 하나여야 합니다: {fit!r}\n"
            f"fit must be one of {', '.join(FITS)}: {fit!r}"
        )
    return config, (height, width), (0, 0, *photo_size)


def _crop_box(photo_size, config):
    """(left, top, right, bottom) in photo pixels of what timm's evaluation transform keeps.

    Follows ``timm.data.transforms_factory.transforms_imagenet_eval``: resize, then CenterCrop.
    """
    height, width = config["input_size"][-2:]
    resized = [math.floor(side / config["crop_pct"]) for side in (width, height)]
    if config["crop_mode"] != "squash":
        short = min(photo_size)
        resized = [int(min(resized) * side / short) for side in photo_size]
    left, top = (round((side - kept) / 2) for side, kept in zip(resized, (width, height)))
    x_scale, y_scale = (photo / side for photo, side in zip(photo_size, resized))
    return left * x_scale, top * y_scale, (left + width) * x_scale, (top + height) * y_scale
