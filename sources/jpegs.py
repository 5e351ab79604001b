"""What only JPEG files need: to be decoded small, and a look whether they are whole.

A JPEG has no check sum, and where its data end too early libjpeg paints grey without a word.
"""

import io
import re

import numpy as np
from PIL import JpegImagePlugin

END = b"\xff\xd9"
_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")  # that ends a scan's data
_RESTART = re.compile(rb"\xff([\xd0-\xd7])")


def open_jpeg(file):
    """A Pillow picture, not decoded yet; ``scan`` is where its first scan's data begin.

    Of an MPO, which holds several JPEGs, this is the first.
    """
    photo = JpegImagePlugin.JpegImageFile(file)
    photo.scan = file.tell()
    return photo


def draft(photo, side):
    """Have it decoded at a half, a quarter or an eighth, but no less than ``side`` pixels long."""
    share = min(1, side / max(photo.size))
    photo.draft(None, tuple(max(1, round(length * share)) for length in photo.size))


def coefficient_bytes(photo):
    """The memory that libjpeg takes to keep all coefficients; none if one scan holds all."""
    count = len(photo.layer)
    photo.fp.seek(photo.scan - 8 - 2 * count)
    head = photo.fp.read(8 + 2 * count)
    one_scan = head.startswith(bytes((0xFF, 0xDA, 0, 6 + 2 * count, count)))
    if one_scan and not photo.info.get("progressive"):
        return 0
    blocks = [down * across for _, down, across, _ in photo.layer]
    return 2 * photo.width * photo.height * sum(blocks) / max(blocks)


def is_whole(photo, file):
    """Whether a decoded JPEG's data last for all of it.

    Restart marks, where a file has them, must come in turn: libjpeg leaves a grey band for lost
    ones. The rest is looked at only if the last pixel is of that grey.
    """
    last = (photo.width - 1, photo.height - 1)
    grey = np.isin(photo.getpixel(last), (127, 128)).all()
    file.seek(0)
    head = file.read(photo.scan)
    marked = b"\xff\xdd\0\4" in head
    if not grey and not marked:
        return True
    rest = file.read()
    if not (end := _MARKER.search(rest)):
        return False
    data = head + rest[: end.start()]
    restarts = [sign[0] - 0xD0 for sign in _RESTART.findall(rest, 0, end.start())]
    if any(number != i % 8 for i, number in enumerate(restarts)):
        return False
    if not grey:
        return True
    if restarts and not marked:
        return False
    if photo.info.get("progressive"):
        # Of a scan that lasts for every pixel, more data change nothing.
        short, long = (_decoded(data + more + END, photo) for more in (b"", b"\x5a" * 512))
        boxes = ((0, top, photo.width, top + 64) for top in range(0, photo.height, 64))
        return all(short.crop(box).tobytes() == long.crop(box).tobytes() for box in boxes)
    # Without the mark at its end, libjpeg waits for more when it runs out, and paints nothing. The
    # few bytes more, of ones, are for the last block, which it would not finish either.
    open_end = _decoded(data + b"\xff\x00" * 8, photo)
    return open_end.im.getpixel(last) == photo.im.getpixel(last)


def _decoded(data, photo):
    """What can be decoded of some data, at the scale of a photo."""
    picture = JpegImagePlugin.JpegImageFile(io.BytesIO(data))
    picture.draft(None, photo.size)
    try:
        picture.load()
    except OSError:  # there is no end, but by then all is painted that can be
        pass
    return picture
