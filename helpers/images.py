"""A photo in, whatever the reader has; a tensor out, and what of the photo the network saw."""

import io
import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from bilingual import BadInput, number, one_of, plain
from sources import colours, files, web
from sources.kinds import not_a_photo

IMAGES = Path(__file__).resolve().parent.parent / "images"
FITS = ("crop", "squash", "whole")
MODES = ("center", "squash", "border")  # timm's crop_mode
INTERPOLATIONS = ("bilinear", "bicubic", "nearest", "box", "hamming", "lanczos")
MAX_PATCHES = 16_384  # that a photo may be resized to; each is compared with all others


def sample_photos():
    """Paths of the photos that come with the lessons and have masks, sorted by name."""
    return sorted(IMAGES / f"{mask.stem}.jpg" for mask in IMAGES.glob("masks/*.png"))


def load_photo(source, max_side=1600):
    """Read a photo from anything a reader may have at hand.

    Parameters
    ----------
    source : str, Path, bytes, memoryview, PIL.Image.Image, numpy.ndarray, dict, tuple or list
        A path (a bare name is also looked for in ``images/``), an http(s) address, the bytes of a
        file, an array (H, W), (H, W, 3) or (H, W, 4) of whole numbers or of floats in 0..1, or
        the ``value`` of an ipywidgets 7 or 8 ``FileUpload``.
    max_side : int or None
        Longest side in pixels: a larger photo is shrunk to it. None keeps the photo's size; only a
        JPEG that would not fit into memory is still read at a half or less.

    Returns
    -------
    PIL.Image.Image
        RGB, upright (EXIF applied), transparency laid on white; of a file that holds several, the
        first. A Pillow picture that is all this already comes back itself.

    Raises
    ------
    PhotoError
        No such file; no photo; damaged or cut off; too large; or it can't be downloaded.
    """
    name = "bytes"
    if isinstance(source, (Mapping, tuple, list)):
        source, name = files.uploaded(source)
    if isinstance(source, np.ndarray):
        source = colours.from_array(source)
    if isinstance(source, Image.Image):
        return files.from_pillow(source, max_side)
    if isinstance(source, (str, Path)):
        address = str(source).strip()
        if not ("://" in address or address.lower().startswith(("data:", "file:"))):
            return files.read(files.find(source, IMAGES), max_side)
        source, name = web.download(address), address
    if isinstance(source, (bytes, bytearray, memoryview)):
        return files.decode(io.BytesIO(source), plain(name), max_side)
    raise not_a_photo(type(source).__name__)


def to_tensor(photo, model, fit="crop", size=None, **overrides):
    """Preprocess a photo for a model.

    Parameters
    ----------
    photo : PIL.Image.Image, or anything that ``load_photo`` reads
    model : timm model
        Mean, standard deviation, input size and interpolation come from its own data config.
    fit : {"crop", "squash", "whole"}
        ``crop``: timm's evaluation transform (resize the short side, cut out the centre).
        ``squash``: the blog post's ``Resize((S, S))``, bilinear, aspect ratio lost.
        ``whole``: nothing is lost; the short side gets S pixels, bicubic.
    size : int or tuple of int, optional
        S in pixels, or (height, width), instead of the model's own; rounded to whole patches.
    **overrides
        Settings of timm's data config instead of the model's own, such as ``crop_pct=0.875``,
        ``crop_mode="squash"`` or ``interpolation="bicubic"``; they change ``crop`` above all.

    Returns
    -------
    tensor : torch.Tensor (1, 3, H, W) float32, normalised; H and W are multiples of the patch
    seen : PIL.Image.Image
        What the network saw, at the photo's own resolution: a map laid over it is aligned.

    Raises
    ------
    PhotoError : see ``load_photo``
    BadInput
        No ViT; no such `fit`, `size` or setting; more than ``MAX_PATCHES`` (a narrow photo's).
    """
    from timm.data import create_transform

    photo = load_photo(photo, max_side=None)
    config, _, box = view(photo.size, model, fit, size, overrides)
    left, top, right, bottom = (round(edge) for edge in box)
    seen = photo.crop((left, top, max(right, left + 1), max(bottom, top + 1)))
    return create_transform(**config, is_training=False)(photo).unsqueeze(0), seen


def view(photo_size, model, fit="crop", size=None, overrides=()):
    """What of a photo the network gets to see, without reading it; raises as ``to_tensor``.

    Parameters
    ----------
    photo_size : tuple of int (width, height) in pixels, the order of ``Image.size``
    model, fit, size : as in ``to_tensor``
    overrides : dict, the same settings of timm's data config, as one argument

    Returns
    -------
    config : dict, timm's data config, for ``timm.data.create_transform``
    pixels : tuple of int (height, width) that the network gets, multiples of the patch
    box : tuple of float (left, top, right, bottom) of what they are made from, in photo pixels
    """
    from timm.data import resolve_model_data_config

    patch, config = patch_size(model), resolve_model_data_config(model)
    for name in overrides:
        one_of("**overrides", name, config)
    config.update(overrides)
    number("crop_pct", config["crop_pct"], 0.01, 1)
    one_of("crop_mode", config["crop_mode"], MODES)
    one_of("interpolation", config["interpolation"], INTERPOLATIONS)
    one_of("fit", fit, FITS)
    sides = _sides(config["input_size"] if size is None else size)
    if fit == "whole":
        scale = min(_multiples(sides, patch)) / min(photo_size)
        sides = [side * scale for side in reversed(photo_size)]
    if fit != "crop":
        how = "bicubic" if fit == "whole" else "bilinear"
        config.update(crop_mode="squash", crop_pct=1, interpolation=how)
    height, width = _multiples(sides, patch)
    config["input_size"] = (3, height, width)
    box = _crop_box(photo_size, config)
    # The parts that are cut off are resized, too.
    share = math.prod(photo_size) / ((box[2] - box[0]) * (box[3] - box[1]))
    patches = round(height * width / math.prod(patch) * max(1, share))
    if patches > MAX_PATCHES:
        what = f"{photo_size[0]} × {photo_size[1]} → {patches:,}"
        raise BadInput(
            f"패치가 {MAX_PATCHES:,}개를 넘습니다: {what}. 사진이 너무 길쭉하면 일부를 잘라 "
            '쓰거나 fit="squash"를 쓰고, 그렇지 않으면 size를 줄이세요.',
            f"More than {MAX_PATCHES:,} patches: {what}. If the photo is long and narrow, cut out "
            'a part or use fit="squash"; else use a smaller size.',
        )
    return config, (height, width), box


def patch_size(model):
    """(height, width) of a model's patches in pixels; ``BadInput`` if it is no ViT."""
    try:
        return model.patch_embed.patch_size
    except AttributeError:
        raise BadInput(
            f"ViT 모델이 아닙니다: {type(model).__name__}. models.load_model로 불러오세요.",
            f"Not a ViT: {type(model).__name__}. Give what models.load_model returns.",
        ) from None


def fitting(model, tensor):
    """A tensor on the model's device and in its precision; ``BadInput`` if no ViT can read it."""
    ph, pw = patch_size(model)
    shape = tuple(tensor.shape) if isinstance(tensor, torch.Tensor) else type(tensor).__name__
    # What is no multiple timm would pad, and a map of that would lie askew on the photo.
    if len(shape) != 4 or shape[1] != 3 or 0 in shape or shape[2] % ph or shape[3] % pw:
        raise BadInput(
            f"텐서는 (B, 3, H, W)이고 H와 W가 패치({ph} × {pw})의 배수여야 합니다: {shape}. "
            "unsqueeze(0)이나 images.to_tensor를 쓰세요.",
            f"The tensor must be (B, 3, H, W), H and W multiples of the patch ({ph} × {pw}): "
            f"{shape}. Use unsqueeze(0) or images.to_tensor.",
        )
    if not tensor.isfinite().all():
        raise BadInput("텐서에 NaN이나 무한대가 있습니다.", "There is NaN or inf in the tensor.")
    weight = next(model.parameters())
    return tensor.to(weight.device, weight.dtype)


def _sides(size):
    """(height, width) of a size that the reader gave as one number, two, or timm's three."""
    sides = tuple(size)[-2:] if isinstance(size, (tuple, list)) else (size, size)
    fine = (isinstance(s, (int, float, np.number)) and 1 <= s < math.inf for s in sides)
    if len(sides) == 2 and all(fine):
        return sides
    raise BadInput(
        f"size는 양의 정수 하나이거나 (높이, 너비)여야 합니다: {size!r}",
        f"size must be one whole number from 1 up, or (height, width): {size!r}",
    )


def _multiples(sides, steps):
    return [max(1, round(side / step)) * step for side, step in zip(sides, steps)]


def _crop_box(photo_size, config):
    """(left, top, right, bottom) in photo pixels of what timm's evaluation transform keeps.

    Follows ``timm.data.transforms_factory.transforms_imagenet_eval``: resize, then CenterCrop.
    """
    kept = config["input_size"][:0:-1]  # (width, height), as all that follows
    resized = [math.floor(side / config["crop_pct"]) for side in kept]
    ratios = [length / side for length, side in zip(photo_size, resized)]
    if config["crop_mode"] == "border":  # all of the photo, and a border
        resized = [round(length / max(ratios)) for length in photo_size]
    elif config["crop_mode"] != "squash" and resized[0] == resized[1]:  # torchvision's Resize
        resized = [int(resized[0] * length / min(photo_size)) for length in photo_size]
    elif config["crop_mode"] != "squash":  # timm's ResizeKeepRatio
        resized = [round(length / min(ratios)) for length in photo_size]
    start = [round((side - length) / 2) for side, length in zip(resized, kept)]
    scales = [photo / side for photo, side in zip(photo_size, resized)]
    left, top = (at * scale for at, scale in zip(start, scales))
    return left, top, left + kept[0] * scales[0], top + kept[1] * scales[1]
