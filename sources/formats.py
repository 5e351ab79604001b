"""A picture file in, an upright RGB picture out, whatever is in it.

What a file may cost is bounded before it is decoded. What cannot be the right picture is refused:
a truncated or damaged file too, since half a photo would teach something wrong without a word.
"""

import io
import warnings

from PIL import Image

from sources import jpegs
from sources.colours import rgb

MEMORY = 500_000_000  # bytes that decoding one photo may take, beside those of the file
MAX_PIXELS = 100_000_000
JPEG_PIXELS = 500_000_000  # a large JPEG is decoded at a half, a quarter or an eighth of its size
# Named, because Pillow would otherwise also run Ghostscript on an EPS file.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "AVIF")
# Bytes a pixel, as measured: these formats decode into several buffers of the whole picture, and
# a JPEG may have to be decoded again.
_FORMAT_BYTES = {"WEBP": 18, "AVIF": 16, "JPEG": 12}
_MODE_BYTES = {"1": 1, "L": 1, "P": 1, "I;16": 2}  # any other takes 4
# Pillow warns of odd EXIF data and of large photos, which are dealt with here. Not by
# catch_warnings, which is not safe in threads (folders.batches).
warnings.filterwarnings("ignore", module=r"PIL\.")


class Unknown(ValueError):
    """No picture of a format that is read here."""


class Damaged(ValueError):
    """A picture file of which a part is missing or wrong."""


class TooLarge(ValueError):
    """A picture that would take too much memory; the argument is its (width, height)."""


def decode(file, max_side):
    """Read a picture file.

    Parameters
    ----------
    file : binary file object
        Can be sought in; a photo on disk need not be read into memory as a whole.
    max_side : int
        The longer side gets at most so many pixels.

    Returns
    -------
    PIL.Image.Image
        RGB, upright, in sRGB; of a file with several pictures the first.

    Raises
    ------
    Unknown, Damaged, TooLarge
        Too large: more than 100 megapixels (a JPEG: 500), or ``MEMORY`` bytes would not do.
    """
    try:
        photo = _open(file)
        size, kind = photo.size, photo.format
        _prepare(photo, 2 * (max_side or max(size)))
        small = rgb(photo, max_side)
        if not (jpegs.is_whole(photo, file) if kind == "JPEG" else _end_is_there(kind, file)):
            raise Damaged
    except (Unknown, TooLarge):
        raise
    except MemoryError as error:
        raise TooLarge(size) from error
    except Exception as error:  # a broken file makes Pillow raise nearly anything
        raise Damaged from error
    return small


def _open(file):
    """As Image.open, whose own limit of pixels is another one, and global."""
    Image.init()
    start = file.read(16)
    if not start:
        raise Damaged
    for kind in FORMATS:
        factory, accept = Image.OPEN.get(kind, (None, lambda _: False))
        accepted = accept(start)
        if not accepted or isinstance(accepted, str):  # a text: this Pillow lacks the decoder
            continue
        file.seek(0)
        if kind == "JPEG":
            return jpegs.open_jpeg(file)
        if kind == "PNG":
            factory(file).verify()  # all check sums; load() looks at few
            file.seek(0)
        try:
            photo = factory(file)
        except Exception as error:
            if kind == "AVIF" and start[8:11] != b"avi":  # its container holds other kinds, too
                raise Unknown from error
            raise
        if kind == "TIFF" and photo.tag_v2.get(254, 0) & 1:  # the thumbnail in a camera's raw file
            raise Unknown
        return photo
    raise Unknown


def _prepare(photo, side):
    """Have a JPEG decoded small, and refuse what would still take too much memory."""
    size, kind = photo.size, photo.format
    pixels = size[0] * size[1]
    extra = 0
    if kind == "JPEG":
        extra = jpegs.coefficient_bytes(photo)
        jpegs.draft(photo, side)
    elif kind == "TIFF" and photo.tag_v2.get(259, 1) != 1:  # compressed: a strip or tile at once
        wide, long = (photo.tag_v2.get(tag, size[i]) for i, tag in enumerate((322, 323)))
        long = photo.tag_v2.get(278, long)
        bits = sum(photo.tag_v2.get(258, (1,)))
        extra = 2 * min(wide, size[0]) * min(long, size[1]) * bits / 8
    per_pixel = _FORMAT_BYTES.get(kind, _MODE_BYTES.get(photo.mode, 4))
    need = photo.width * photo.height * per_pixel + extra
    if pixels > (JPEG_PIXELS if kind == "JPEG" else MAX_PIXELS) or need > MEMORY:
        raise TooLarge(size)


def _end_is_there(kind, file):
    """False for the zeros that a download leaves which had reserved its room and was cut off."""
    file.seek(0, io.SEEK_END)
    file.seek(-min(64, file.tell()), io.SEEK_END)
    return kind not in ("WEBP", "AVIF") or any(file.read())
