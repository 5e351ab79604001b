"""A photo's file, or a picture open in Pillow, in; an upright RGB picture or one clear error out.

What a file may cost is bounded before it is decoded. What cannot be the right picture is refused,
a file that was cut off too: half a photo would teach something wrong without a word.
"""

import contextlib
import io
import os
import threading
import warnings
from collections.abc import Mapping
from pathlib import Path
from unicodedata import normalize

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from bilingual import plain
from sources.colours import orientation, rgb
from sources.kinds import PhotoError, not_a_photo

MEMORY = 500_000_000  # bytes that decoding one photo may take, beside those of the file
MAX_PIXELS = 100_000_000
JPEG_PIXELS = 500_000_000  # a large JPEG is decoded at a half, a quarter or an eighth of its size
# Named, because Pillow would otherwise also run Ghostscript on an EPS file. HEIF is pillow-heif's;
# TGA comes last, since only its reader can tell whether a file is one.
FORMATS = "JPEG PNG WEBP GIF BMP TIFF PPM HEIF AVIF JPEG2000 PSD TGA".split()
# Bytes a pixel, as measured: these decode into several buffers of the whole picture.
_FORMAT_BYTES = {"WEBP": 18, "AVIF": 16, "HEIF": 16, "JPEG2000": 20, "PSD": 12}
_MODE_BYTES = {"1": 1, "L": 1, "P": 1, "I;16": 4, "I;16B": 4, "I": 8, "F": 8}  # any other takes 4
_quiet = threading.Lock()  # catch_warnings is not safe in threads, and photos are read in threads


def find(source, folder):
    """The path of a file that is here, or in a folder of ours, as any system writes its name.

    Parameters
    ----------
    source : str or Path; "~" is the home folder
    folder : Path, where names are looked for that are not here

    Returns
    -------
    Path

    Raises
    ------
    PhotoError : there is no such file; the photos of the folder are named
    """
    path = os.path.expanduser(source)
    # macOS writes Hangul in file names as single letters, and a keyboard types whole syllables.
    forms = path or ".", normalize("NFC", path), normalize("NFD", path), folder / path
    if found := next(filter(os.path.exists, forms), None):
        return Path(found)
    own = (f"{mask.stem}.jpg" for mask in folder.glob("masks/*.png"))
    shown, names = plain(source), ", ".join(sorted(own))
    raise PhotoError(
        f"파일이 없습니다: {shown}. 함께 들어 있는 사진: {names}",
        f"No such file: {shown}. Photos that come with the lessons: {names}",
    )


def suffixes():
    """How the names of photos end, as ".jpg": those of ``FORMATS``, and HEIC to be told about."""
    known = {end for end, kind in Image.registered_extensions().items() if kind in FORMATS}
    return known | {".mpo", ".heic", ".heif", ".hif"}


def uploaded(value):
    """(content, file name) of a FileUpload's value: ipywidgets 7's {name: {...}}, 8's ({...},)."""
    if value is None or isinstance(value, (Mapping, tuple, list)) and not value:
        raise PhotoError("아직 올린 사진이 없습니다.", "No photo has been uploaded yet.")
    try:
        if isinstance(value, Mapping):
            value = [{"content": file["content"], "name": name} for name, file in value.items()]
        return value[-1]["content"], value[-1]["name"]
    except (TypeError, KeyError, IndexError) as error:
        raise not_a_photo(type(value).__name__) from error


def read(path, max_side=None):
    """``decode`` a file on disk; a PhotoError also if it can't be opened."""
    name = plain(path.name)
    try:
        if path.is_dir():
            raise PhotoError(
                f"사진이 아니라 폴더입니다: {name}. 그 안에 있는 사진 파일을 고르세요.",
                f"A folder, not a photo: {name}. Use a photo file in it.",
            )
        if not path.is_file():  # a pipe or a device may never end
            raise not_a_photo(name)
        with path.open("rb") as file:
            return decode(file, name, max_side)
    except OSError as error:
        raise PhotoError(
            f"파일을 읽을 수 없습니다: {name} ({error.strerror}). 읽기 권한을 확인하세요.",
            f"The file cannot be read: {name} ({error.strerror}). "
            "Check your permission to read it.",
        ) from error


def decode(file, name, max_side=None):
    """Read a picture file that can be sought in: RGB, upright, in sRGB, the first of several.

    `max_side` bounds the longer side. Else the photo keeps its size, except that a JPEG for which
    ``MEMORY`` would not do is decoded at a half or less.

    Raises
    ------
    PhotoError
        Not a photo; damaged; or too large: more than 100 megapixels (a JPEG: 500), or ``MEMORY``
        bytes would not do.
    """
    try:
        photo = _open(file)
        if photo is None:
            file.seek(0)
            raise not_a_photo(name, file.read(1024))
        _bound(photo, max_side, name)
        small = rgb(photo, max_side, name)
        if photo.format == "JPEG" and _closed_early(photo, file):
            raise ValueError("an end mark before the end")
        return small
    except PhotoError:
        raise
    except Exception as error:  # a broken file makes Pillow raise nearly anything
        raise PhotoError(
            f"사진 파일이 깨졌거나 일부만 있거나, 여기서 읽지 못하는 형식입니다: {name}. "
            "다시 내려받거나 JPEG로 저장해서 쓰세요.",
            "The photo file is damaged or incomplete, or of a kind that is not read here: "
            f"{name}. Download it once more, or save it as a JPEG.",
        ) from error


def from_pillow(photo, max_side=None):
    """A picture that is open in Pillow already, as ``decode`` gives it.

    One that is upright RGB and small enough comes back itself: sliders ask again and again.
    """
    what = f"PIL {photo.mode} {photo.size}"
    try:
        photo.load()
        plain_rgb = photo.mode == "RGB" and not {"icc_profile", "transparency"} & photo.info.keys()
        fits = min(photo.size) > 0 and max(photo.size) <= (max_side or max(photo.size))
        if plain_rgb and fits and orientation(photo) == 1:
            return photo
        return rgb(photo, max_side, what)
    except PhotoError:
        raise
    except Exception as error:  # opened, and only now read from a broken file
        raise not_a_photo(what) from error


def _open(file):
    """As Image.open, whose own limit of pixels is another one, and global; None if no photo."""
    Image.init()
    start, broken = file.read(16), None
    if start[4:8] == b"ftyp":
        with contextlib.suppress(ImportError):  # kinds tells how to get it
            import pillow_heif

            pillow_heif.register_heif_opener()
    for kind in FORMATS:
        factory, accept = Image.OPEN.get(kind, (None, lambda start: False))
        # An accept that answers with a text says that this Pillow lacks the decoder.
        if accept and (not (accepted := accept(start)) or isinstance(accepted, str)):
            continue
        file.seek(0)
        try:
            # Oddities in the notes beside a picture are no news to a learner.
            with _quiet, warnings.catch_warnings(action="ignore"):
                photo = factory(file)
                if kind != "PNG":  # which would decode the picture first
                    orientation(photo)  # kept by Pillow
        except Exception as error:
            if accept and (kind != "AVIF" or start[8:11] == b"avi"):  # its container holds others
                broken = error
            continue
        if kind == "PNG":
            photo.verify()  # all check sums; load() looks at few
            file.seek(0)
            photo = factory(file)
        if kind == "TIFF" and photo.tag_v2.get(254, 0) & 1:  # the thumbnail in a camera's raw file
            return None
        if kind in ("JPEG", "WEBP", "AVIF") and not _end_is_there(file, kind):
            raise ValueError("zeros at the end")
        return photo
    if broken or not start:
        raise broken or ValueError("empty")


def _end_is_there(file, kind):
    """False for the zeros that a download leaves which had reserved its room and was cut off."""
    file.seek(0)
    data = file.read()
    room = kind == "JPEG" and data.rstrip(b"\0").endswith(b"\xff\xd9")  # that some cameras leave
    return room or any(data[-64:])


def _closed_early(photo, file):
    """Whether a JPEG was cut off and then got its end mark: libjpeg paints the rest grey.

    More bytes before the mark would change its picture; a whole one has no use for them.
    """
    if photo.getpixel((photo.width - 1, photo.height - 1)) not in (128, (128, 128, 128)):
        return False
    file.seek(0)
    whole = file.read()
    head, mark, tail = whole.rpartition(b"\xff\xd9")

    def eighth(data):
        picture = JpegImageFile(io.BytesIO(data))
        picture.draft(None, (1, 1))  # a large photo is not to take its memory twice
        return hash(picture.tobytes())

    return eighth(head + b"\x5a" * 4096 + mark + tail) != eighth(whole)


def _bound(photo, max_side, name):
    """Have a JPEG decoded small, and refuse what would still take too much memory."""
    size, jpeg = photo.size, isinstance(photo, JpegImageFile)
    pixels, longest, extra = size[0] * size[1], max(size), 0
    each = _FORMAT_BYTES.get(photo.format, _MODE_BYTES.get(photo.mode, 4))
    each += 0 if max_side else 4  # for the copy that is upright
    if jpeg:
        extra = 6 * pixels if photo.info.get("progressive") else 0  # all coefficients are kept
        part = 1
        while part < 8 and (
            pixels / part**2 * each + extra > MEMORY
            or (max_side and longest / part >= 4 * max_side)
        ):
            part *= 2
        if part > 1:
            photo.draft(None, tuple(max(1, side // part) for side in size))
    elif photo.format == "TIFF" and photo.tag_v2.get(259, 1) != 1:  # a strip or tile at once
        rows = min(size[1], photo.tag_v2.get(323) or photo.tag_v2.get(278, size[1]))
        extra = 2 * size[0] * rows * sum(photo.tag_v2.get(258, (1,))) / 8
    need = photo.width * photo.height * each + extra
    if pixels > (JPEG_PIXELS if jpeg else MAX_PIXELS) or need > MEMORY:
        size = f"{size[0]} × {size[1]}"
        raise PhotoError(
            f"사진이 너무 큽니다: {name} ({size}픽셀). 크기를 줄여 JPEG로 저장해서 쓰세요.",
            f"The photo is too large: {name} ({size} pixels). "
            "Save it smaller, as a JPEG, and use that.",
        )
