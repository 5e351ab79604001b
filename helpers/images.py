"""A photo in, a tensor out."""

import math

from timm.data import create_transform, resolve_model_data_config
from torchvision import transforms as T
from torchvision.transforms import InterpolationMode

from .photos import PhotoError, load_photo, sample_photos

__all__ = ["FITS", "PhotoError", "load_photo", "sample_photos", "to_tensor"]

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
    config = resolve_model_data_config(model)
    config.update(overrides)
    if size is not None:
        config["input_size"] = (3, size, size)
    height, width = config["input_size"][-2:]
    if fit == "crop":
        transform = create_transform(**config, is_training=False)
        return transform(photo).unsqueeze(0), photo.crop(_crop_box(photo.size, config))
    if fit == "squash":
        resize = T.Resize((height, width))
    elif fit == "whole":
        scale = min(height, width) / min(photo.size)
        sides = zip(reversed(photo.size), model.patch_embed.patch_size)
        whole = [max(1, round(side * scale / patch)) * patch for side, patch in sides]
        resize = T.Resize(whole, InterpolationMode.BICUBIC)
    else:
        raise ValueError(
            f"fit는 {', '.join(FITS)} 가운데 하나여야 합니다: {fit!r}\n"
            f"fit must be one of {', '.join(FITS)}: {fit!r}"
        )
    transform = T.Compose([resize, T.ToTensor(), T.Normalize(config["mean"], config["std"])])
    return transform(photo).unsqueeze(0), photo


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
    box = left * x_scale, top * y_scale, (left + width) * x_scale, (top + height) * y_scale
    return tuple(round(edge) for edge in box)
