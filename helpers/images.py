"""A photo in, whatever the reader has; a tensor out, and what of the photo the network saw."""

import io
import math
from collections.abc import Mapping
from pathlib import Path
from unicodedata import normalize

import numpy as np
from PIL import Image

from bilingual import BadInput, plain
from sources import files, web
from sources.kinds import PhotoError, not_a_photo

IMAGES = Path(__file__).resolve().parent.parent / "images"
FITS = ("crop", "squash", "whole")


def sample_photos():
    """Paths of the photos that come with the lessons, sorted by name."""
    # Those that masks were drawn for; a reader may have put more into the folder.
    masks = (IMAGES / "masks").glob("*.png")
    return sorted(IMAGES / f"{mask.stem}.jpg" for mask in masks)


def load_photo(source, max_side=1600):
    """Read a photo from anything a reader may have at hand.

    Parameters
    ----------
    source : str, Path, bytes, memoryview, PIL.Image.Image, numpy.ndarray, dict, tuple or list
        A path (a bare name is also looked for in ``images/``), an http(s) address, the bytes of a
        file, an array (H, W), (H, W, 3) or (H, W, 4) of uint8 or of floats in 0..1, or the
        ``value`` of an ipywidgets 7 or 8 ``FileUpload``.
    max_side : int or None
        A photo whose longer side has more pixels than this is shrunk to it; None keeps its size.

    Returns
    -------
    PIL.Image.Image
        RGB, upright (EXIF orientation applied), transparency laid on white; the first picture of
        a file that holds several.

    Raises
    ------
    PhotoError
        No such file; not a photo; damaged or cut off; too large; or it can't be downloaded. The
        message names the file and says what to do.
    """
    name = "bytes"
    if isinstance(source, (Mapping, tuple, list)):
        source, name = _uploaded(source)
    if isinstance(source, np.ndarray):
        source = _from_array(source)
    if isinstance(source, Image.Image):
        return files.from_pillow(source, max_side)
    if isinstance(source, (str, Path)):
        address = str(source).strip()
        if not ("://" in address or address.lower().startswith(("data:", "file:"))):
            return files.read(_find(source), max_side)
        source, name = _download(address), address
    if isinstance(source, (bytes, bytearray, memoryview)):
        return files.decode(io.BytesIO(source), plain(name), max_side)
    raise not_a_photo(type(source).__name__)


def to_tensor(photo, model, fit="crop", size=None, **overrides):
    """Preprocess a photo for a model.

    Parameters
    ----------
    photo : PIL.Image.Image
        Or anything that ``load_photo`` reads.
    model : timm model
        Mean, standard deviation, input size and interpolation come from its own data config.
    fit : {"crop", "squash", "whole"}
        ``crop``: timm's evaluation transform (resize the short side, cut out the centre).
        ``squash``: the blog post's ``Resize((S, S))``, bilinear, aspect ratio lost.
        ``whole``: nothing is lost; the short side gets S pixels, bicubic.
    size : int, optional
        S in pixels, instead of the model's own input size; rounded to a multiple of the patch.
    **overrides
        Settings of timm's data config to use instead of the model's own, for example
        ``crop_pct=0.875`` or ``crop_mode="squash"``; they change ``crop`` above all.

    Returns
    -------
    tensor : torch.Tensor
        (1, 3, H, W) float32, normalised; H and W are multiples of the patch.
    seen : PIL.Image.Image
        The part of the photo that the network saw, at the photo's own resolution, so that a map
        laid over it is aligned.

    Raises
    ------
    PhotoError
        See ``load_photo``.
    BadInput
        No such `fit`; or a photo so narrow that ``whole`` would make too many patches.
    """
    from timm.data import create_transform
    from torchvision import transforms as T

    photo = load_photo(photo, max_side=None)
    config, (height, width), box = view(photo.size, model, fit, size, overrides)
    if fit == "crop":
        transform = create_transform(**config, is_training=False)
        return transform(photo).unsqueeze(0), photo.crop(tuple(round(edge) for edge in box))
    how = T.InterpolationMode.BICUBIC if fit == "whole" else T.InterpolationMode.BILINEAR
    resize = T.Resize((height, width), how)
    transform = T.Compose([resize, T.ToTensor(), T.Normalize(config["mean"], config["std"])])
    return transform(photo).unsqueeze(0), photo


def view(photo_size, model, fit="crop", size=None, overrides=()):
    """What of a photo of some size the network gets to see.

    Returns
    -------
    config : dict
        timm's data config.
    pixels : tuple of int
        (height, width) that the network gets.
    box : tuple of float
        (left, top, right, bottom) of the part of the photo that they are made from.
    """
    from timm.data import resolve_model_data_config

    config, patch = resolve_model_data_config(model), model.patch_embed.patch_size
    config.update(overrides)
    sides = config["input_size"][-2:] if size is None else (size, size)
    height, width = (_multiple(side, step) for side, step in zip(sides, patch))
    config["input_size"] = (3, height, width)
    if fit == "crop":
        return config, (height, width), _crop_box(photo_size, config)
    if fit == "whole":
        scale = min(height, width) / min(photo_size)
        height, width = (
            _multiple(side * scale, step) for side, step in zip(reversed(photo_size), patch)
        )
    elif fit != "squash":
        raise BadInput(
            f"fit는 {', '.join(FITS)} 가운데 하나여야 합니다: {fit!r}",
            f"fit must be one of {', '.join(FITS)}: {fit!r}",
        )
    return config, (height, width), (0, 0, *photo_size)


def _multiple(side, step):
    return max(1, round(side / step)) * step


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


def _uploaded(value):
    """(content, file name) of a FileUpload value: v7 {name: {...}}, v8 ({...},)."""
    if not value:
        raise PhotoError("아직 올린 사진이 없습니다.", "No photo has been uploaded yet.")
    try:
        if isinstance(value, Mapping):
            value = [{"content": f["content"], "name": name} for name, f in value.items()]
        return value[-1]["content"], value[-1]["name"]
    except (TypeError, KeyError) as error:
        raise not_a_photo(type(value).__name__) from error


def _find(source):
    """The path of a file, which a bare name may have among the lessons' own photos."""
    path = Path(source)
    try:
        path = path.expanduser()
        # macOS writes Hangul in file names as single letters, and a keyboard types whole syllables.
        forms = [path, *(Path(normalize(form, str(path))) for form in ("NFC", "NFD"))]
        if path.name == str(source):
            forms.append(IMAGES / path)
        for form in forms:
            if form.exists():
                return form
    except PermissionError:
        return path
    except (OSError, RuntimeError, ValueError):  # too long a name, no such user, a zero byte
        pass
    names, source = ", ".join(p.name for p in sample_photos()), plain(source)
    raise PhotoError(
        f"파일이 없습니다: {source}. 함께 들어 있는 사진: {names}",
        f"No such file: {source}. Photos that come with the lessons: {names}",
    )


def _download(url):
    url = str(url).strip()
    shown = plain(url)
    if not url.lower().startswith(("http://", "https://")):
        raise PhotoError(
            f"http나 https 주소만 쓸 수 있습니다: {shown}. 사진을 파일로 저장해 그 이름을 쓰세요.",
            f"Only http(s) addresses can be used: {shown}. "
            "Save the photo as a file and use its name.",
        )
    try:
        return web.download(url)
    except web.WebError as error:
        korean, english = error.args
        raise PhotoError(
            f"사진을 내려받지 못했습니다: {shown} ({plain(korean)}). "
            "브라우저에서 사진을 저장해 그 파일을 쓰세요.",
            f"Could not download the photo: {shown} ({plain(english)}). "
            "Save it in your browser and use the file.",
        ) from error


def _from_array(array):
    floats = array.size and np.issubdtype(array.dtype, np.floating)
    if floats and 0 <= array.min() <= array.max() <= 1:
        array = (array * 255).round().astype(np.uint8)
    shaped = array.ndim == 2 or array.ndim == 3 and array.shape[2] in (3, 4)
    if array.dtype != np.uint8 or not shaped or not array.size:
        what = f"{array.shape} {array.dtype}"
        raise PhotoError(
            f"배열은 (H, W), (H, W, 3), (H, W, 4) 모양의 uint8이거나 0~1 사이의 실수여야 합니다: "
            f"{what}",
            f"An array must be (H, W), (H, W, 3) or (H, W, 4), of uint8 or of floats in 0..1: "
            f"{what}",
        )
    return Image.fromarray(array)
