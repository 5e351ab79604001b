"""Anything a reader calls a photo in, an upright RGB picture out."""

import io
import time
import urllib.parse
import urllib.request
import warnings
from collections.abc import Mapping
from http.client import HTTPException
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

IMAGES = Path(__file__).resolve().parent.parent / "images"
MAX_PIXELS = 100_000_000
URL_SECONDS = 10
URL_BYTES = 25_000_000
# Named, because Pillow would otherwise also run Ghostscript on an EPS file.
_FORMATS = ("JPEG", "MPO", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "AVIF")


class PhotoError(ValueError):
    """What was given cannot be used as a photo; the message says why, in Korean and English."""


def sample_photos():
    """Paths of the photos that come with the lessons, sorted by name."""
    return sorted(IMAGES.glob("*.jpg"))  # drawings that stand beside them are PNG


def load_photo(source, max_side=1600):
    """Read a photo from anything a reader may have at hand.

    Parameters
    ----------
    source : str, Path, bytes, memoryview, PIL.Image.Image, numpy.ndarray, dict, tuple or list
        A path (a bare name is also looked for in ``images/``), an http(s) address, the bytes of a
        file, an array (H, W), (H, W, 3) or (H, W, 4) of uint8 or of floats in 0..1, or the
        ``value`` of an ipywidgets 7 or 8 ``FileUpload``.
    max_side : int
        A photo whose longer side has more pixels than this is shrunk to it.

    Returns
    -------
    PIL.Image.Image
        RGB, upright (EXIF orientation applied), transparency laid on white.

    Raises
    ------
    PhotoError
        No such file, not a photo, too large (100 megapixels, 25 MB from the web), web too slow.
    """
    name = "bytes"
    if isinstance(source, (Mapping, tuple, list)):
        source, name = _uploaded(source)
    if isinstance(source, np.ndarray):
        photo = _from_array(source)
    elif isinstance(source, Image.Image):
        photo = _rgb(source)
    elif isinstance(source, (bytes, bytearray, memoryview)):
        photo = _decode(bytes(source), name)
    elif isinstance(source, (str, Path)):
        photo = _decode(*_read(source))
    else:
        raise _not_a_photo(type(source).__name__)
    photo.thumbnail((max_side, max_side))
    return photo


def _uploaded(value):
    """(content, file name) of a FileUpload value: v7 {name: {...}}, v8 ({...},)."""
    if not value:
        raise PhotoError("아직 올린 사진이 없습니다.\nNo photo has been uploaded yet.")
    try:
        if isinstance(value, Mapping):
            value = [{"content": f["content"], "name": name} for name, f in value.items()]
        return value[-1]["content"], value[-1]["name"]
    except (TypeError, KeyError) as error:
        raise _not_a_photo(type(value).__name__) from error


def _read(source):
    """(bytes, name) of a path or a web address."""
    if "://" in str(source):
        return _download(str(source)), str(source)
    path = Path(source).expanduser()
    if not path.exists() and path.name == str(source):
        path = IMAGES / path
    if not path.exists():
        names = ", ".join(p.name for p in sample_photos())
        raise PhotoError(
            f"파일이 없습니다: {source}. 함께 들어 있는 사진: {names}\n"
            f"No such file: {source}. Photos that come with the lessons: {names}"
        )
    try:
        return path.read_bytes(), path.name
    except OSError as error:
        raise _not_a_photo(path.name) from error


def _download(url):
    if not url.lower().startswith(("http://", "https://")):
        raise PhotoError(
            f"http나 https 주소만 쓸 수 있습니다: {url}\nOnly http(s) addresses can be used: {url}"
        )
    # Addresses copied from a Korean page often hold plain Hangul.
    ascii_url = urllib.parse.quote(url, safe=":/?#[]@!$&'()*+,;=%~")
    request = urllib.request.Request(ascii_url, headers={"User-Agent": "dino-tutorial"})
    deadline, data = time.monotonic() + URL_SECONDS, bytearray()
    try:
        with urllib.request.urlopen(request, timeout=URL_SECONDS) as response:
            while chunk := response.read1(65536):
                data += chunk
                if len(data) > URL_BYTES or time.monotonic() > deadline:
                    raise TimeoutError(f"> {URL_BYTES / 1e6:.0f} MB or > {URL_SECONDS} s")
    except (OSError, ValueError, HTTPException) as error:  # URLError and timeouts are OSErrors
        raise PhotoError(
            f"사진을 내려받지 못했습니다: {url} ({error})\n"
            f"Could not download the photo: {url} ({error})"
        ) from error
    return bytes(data)


def _decode(data, name):
    Image.init()
    formats = [known for known in _FORMATS if known in Image.OPEN]
    try:
        with warnings.catch_warnings():  # Pillow warns of large photos, the limit here is ours
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            photo = Image.open(io.BytesIO(data), formats=formats)
        if photo.width * photo.height > MAX_PIXELS:
            raise Image.DecompressionBombError
        return _rgb(photo)
    except Image.DecompressionBombError as error:
        raise PhotoError(
            f"사진이 너무 큽니다: {name}. {MAX_PIXELS // 10**6}메가픽셀까지 쓸 수 있습니다.\n"
            f"The photo is too large: {name}. The limit is {MAX_PIXELS // 10**6} megapixels."
        ) from error
    except Exception as error:  # a broken file makes Pillow raise nearly anything
        raise _not_a_photo(name) from error


def _rgb(photo):
    """A new upright RGB picture from a Pillow picture of any mode."""
    photo = ImageOps.exif_transpose(photo)
    if photo.mode.startswith(("I", "F")):  # 16 or 32 bits, which convert() would clip at 255
        values = np.asarray(photo, dtype=np.float64)
        top = values.max() if photo.mode == "F" else 65535
        photo = Image.fromarray((values / (top or 1) * 255).round().clip(0, 255).astype(np.uint8))
    if photo.has_transparency_data:
        photo = photo.convert("RGBA")
        white = Image.new("RGBA", photo.size, "white")
        photo = Image.alpha_composite(white, photo)
    return photo.convert("RGB")


def _from_array(array):
    floats = array.size and np.issubdtype(array.dtype, np.floating)
    if floats and 0 <= array.min() <= array.max() <= 1:
        array = (array * 255).round().astype(np.uint8)
    shaped = array.ndim == 2 or array.ndim == 3 and array.shape[2] in (3, 4)
    if array.dtype != np.uint8 or not shaped or not array.size:
        raise PhotoError(
            f"배열은 (H, W), (H, W, 3), (H, W, 4) 모양의 uint8이거나 0~1 사이의 실수여야 합니다: "
            f"{array.shape} {array.dtype}\n"
            f"An array must be (H, W), (H, W, 3) or (H, W, 4), of uint8 or of floats in 0..1: "
            f"{array.shape} {array.dtype}"
        )
    return _rgb(Image.fromarray(array))


def _not_a_photo(name):
    return PhotoError(
        f"사진이 아닙니다: {name}. JPEG, PNG, WebP 파일을 쓰세요.\n"
        f"Not a photo: {name}. Use a JPEG, PNG or WebP file."
    )
