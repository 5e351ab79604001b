"""Anything a reader calls a photo in, an upright RGB picture out."""

import io
from collections.abc import Mapping
from pathlib import Path
from unicodedata import normalize

import numpy as np
from PIL import Image

from . import formats, kinds, web
from .colours import rgb
from .kinds import PhotoError, plain

IMAGES = Path(__file__).resolve().parent.parent / "images"


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
    max_side : int
        A photo whose longer side has more pixels than this is shrunk to it.

    Returns
    -------
    PIL.Image.Image
        RGB, upright (EXIF orientation applied), transparency laid on white; the first picture of
        a file that holds several.

    Raises
    ------
    PhotoError
        No such file; not a photo; damaged or cut off; too large (100 megapixels, a JPEG 500, or
        more than ``formats.MEMORY`` to decode); or what ``web.download`` cannot fetch. The message
        names the file and says what to do, in Korean and English.
    """
    name = "bytes"
    if isinstance(source, (Mapping, tuple, list)):
        source, name = _uploaded(source)
    if isinstance(source, np.ndarray):
        return rgb(_from_array(source), max_side)
    if isinstance(source, Image.Image):
        try:
            return rgb(source, max_side)
        except Exception as error:  # opened, and only now read from a broken file
            raise kinds.not_a_photo(f"PIL {source.mode} {source.size}") from error
    if isinstance(source, (str, Path)):
        if not _is_address(source):
            return _read(_find(source), max_side)
        source, name = _download(source), str(source)
    if isinstance(source, (bytes, bytearray, memoryview)):
        return _decode(io.BytesIO(source), plain(name), max_side)
    raise kinds.not_a_photo(type(source).__name__)


def _is_address(source):
    source = str(source).strip().lower()
    return "://" in source or source.startswith(("data:", "file:"))


def _uploaded(value):
    """(content, file name) of a FileUpload value: v7 {name: {...}}, v8 ({...},)."""
    if not value:
        raise PhotoError("아직 올린 사진이 없습니다.\nNo photo has been uploaded yet.")
    try:
        if isinstance(value, Mapping):
            value = [{"content": f["content"], "name": name} for name, f in value.items()]
        return value[-1]["content"], value[-1]["name"]
    except (TypeError, KeyError) as error:
        raise kinds.not_a_photo(type(value).__name__) from error


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
    names = ", ".join(p.name for p in sample_photos())
    source = plain(source)
    raise PhotoError(
        f"파일이 없습니다: {source}. 함께 들어 있는 사진: {names}\n"
        f"No such file: {source}. Photos that come with the lessons: {names}"
    )


def _read(path, max_side):
    name = plain(path.name)
    try:
        if path.is_dir():
            raise PhotoError(
                f"사진이 아니라 폴더입니다: {name}. 그 안의 사진 파일을 쓰세요.\n"
                f"A folder, not a photo: {name}. Use a photo file in it."
            )
        if not path.is_file():  # a pipe or a device may never end
            raise kinds.not_a_photo(name)
        with path.open("rb") as file:
            return _decode(file, name, max_side)
    except OSError as error:
        raise PhotoError(
            f"파일을 읽을 수 없습니다: {name} ({error.strerror}). 읽기 권한을 확인하세요.\n"
            f"The file cannot be read: {name} ({error.strerror}). Check your permission to read it."
        ) from error


def _download(url):
    url = str(url).strip()
    shown = plain(url)
    if not url.lower().startswith(("http://", "https://")):
        raise PhotoError(
            f"http나 https 주소만 쓸 수 있습니다: {shown}. 사진을 파일로 저장해 그 이름을 쓰세요.\n"
            f"Only http(s) addresses can be used: {shown}. "
            "Save the photo as a file and use its name."
        )
    try:
        return web.download(url)
    except web.WebError as error:
        korean, english = error.args
        raise PhotoError(
            f"사진을 내려받지 못했습니다: {shown} ({plain(korean)}). "
            "브라우저에서 사진을 저장해 그 파일을 쓰세요.\n"
            f"Could not download the photo: {shown} ({plain(english)}). "
            "Save it in your browser and use the file."
        ) from error


def _decode(file, name, max_side):
    try:
        return formats.decode(file, max_side)
    except formats.TooLarge as error:
        width, height = error.args[0]
        raise PhotoError(
            f"사진이 너무 큽니다: {name} ({width} × {height}픽셀). 더 작게, JPEG로 저장해 쓰세요.\n"
            f"The photo is too large: {name} ({width} × {height} pixels). "
            "Save it smaller, as a JPEG, and use that."
        ) from error
    except formats.Damaged as error:
        raise PhotoError(
            f"사진 파일이 깨졌거나 일부만 있습니다: {name}. 다시 내려받거나 복사해 쓰세요.\n"
            f"The photo file is damaged or incomplete: {name}. Download or copy it once more."
        ) from error
    except formats.Unknown as error:
        file.seek(0)
        raise kinds.not_a_photo(name, file.read(1024)) from error


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
    return Image.fromarray(array)
