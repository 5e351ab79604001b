"""A Pillow picture of any mode, or an array, in; an RGB picture out."""

import contextlib
import io

import numpy as np
from PIL import ExifTags, Image, ImageChops, ImageCms, ImageOps

from sources.kinds import PhotoError


def rgb(photo, max_side, name):
    """Make a new picture that is RGB, upright and at most `max_side` pixels long, if that is given.

    Transparency is laid on white; EXIF orientation and the colour profile are applied; numbers that
    need more than 8 bits are scaled, not clipped: PhotoError if which of them is black is not
    known. A broken file raises whatever Pillow makes of it.
    """
    photo.load()  # a TIFF turns itself
    turn, (width, height) = orientation(photo), photo.size
    max_side = max_side or max(photo.size)
    factor = max(1, max(width, height) // (2 * max_side))
    rows = factor * max(1, 1_000_000 // (width * factor))
    values = _numbers(photo, name) if photo.mode[0] in "IF" else None
    # Pillow takes all CMYK in JPEGs for Adobe's, which are negative.
    positive = photo.mode == "CMYK" and photo.format == "JPEG" and "adobe" not in photo.info
    # Strip by strip, so that a large picture is never there twice.
    small = Image.new("RGB", (-(-width // factor), -(-height // factor)))
    for top in range(0, height, rows):
        if values is None:
            strip = photo.crop((0, top, width, min(top + rows, height)))
            strip = _on_white(ImageChops.invert(strip) if positive else strip)
        else:
            strip = Image.fromarray(_eight_bits(values[0][top : top + rows], *values[1:]))
        small.paste(strip.convert("RGB").reduce(factor), (0, top // factor))
    small.thumbnail((max_side, max_side))
    small = _in_srgb(small, photo)
    small.getexif()[ExifTags.Base.Orientation] = turn
    ImageOps.exif_transpose(small, in_place=True)
    return small


def from_array(array):
    """A Pillow picture of an array, see ``images.load_photo``; 16 bits and more are scaled."""
    ok = array.size and (array.ndim == 2 or array.ndim == 3 and array.shape[2] in (3, 4))
    ok = ok and array.dtype.kind in "buif" and array.min() >= 0
    if not ok or array.dtype.kind == "f" and not array.max() <= 1:  # so written, NaN is refused
        what = f"{array.shape} {array.dtype}"
        raise PhotoError(
            "배열은 (H, W), (H, W, 3), (H, W, 4) 모양이고 값은 0 이상의 정수이거나 0~1 사이의 "
            f"실수여야 합니다: {what}",
            "An array must be (H, W), (H, W, 3) or (H, W, 4), of whole numbers from 0 up or of "
            f"floats in 0..1: {what}",
        )
    if array.dtype != np.uint8:
        white = 1 if array.dtype.kind in "bf" else _white(array.max(), 255)
        array = _eight_bits(array, 0, white)
    return Image.fromarray(array)


def orientation(photo):
    """How the camera was held, EXIF's 1 to 8; 1 is upright."""
    try:
        turn = photo.getexif().get(ExifTags.Base.Orientation)
    except Exception:  # notes beside the picture are broken, the picture need not be
        turn = None
    return turn if turn in range(1, 9) else 1


def _numbers(photo, name):
    """(values, black, white) of a picture in a mode that convert() would clip at 255."""
    values, tiff = np.asarray(photo), getattr(photo, "tag_v2", None)
    if photo.mode == "I" and tiff is not None and tiff.get(339, (1,))[0] == 1:
        values = values.view(np.uint32)  # which Pillow takes for signed
    low, high = float(values.min()), float(values.max())
    if not np.isfinite(high - low):
        raise ValueError("values that are no numbers")
    if low >= 0:
        return values, 0, _white(high, 1 if photo.mode == "F" else 255)
    if photo.mode == "I" and not (low >= -32768 and 0 < high <= 65535):
        # Taken for signed as well, perhaps: then black and white would be exchanged.
        raise PhotoError(
            f"32비트 정수 사진에 음수가 있어, 어느 값이 검은색인지 알 수 없습니다: {name}. "
            "0~255로 바꾸어 쓰세요.",
            "Some of the photo's 32-bit whole numbers are negative, so which value is black is "
            f"not known: {name}. Bring them to 0..255 first.",
        )
    return values, low, high


def _white(high, least):
    """What a photo's numbers call white is not written anywhere: the next of the usual values."""
    return next((white for white in (1, 255, 4095, 65535) if white >= max(high, least)), high)


def _eight_bits(values, low, high):
    values = (np.asarray(values, dtype=np.float64) - low) / ((high - low) or 1)
    return (values * 255).round().clip(0, 255).astype(np.uint8)


def _on_white(photo):
    if photo.mode == "LAB":
        lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(photo, lab, srgb, outputMode="RGB")
    if photo.has_transparency_data:
        photo = (photo.convert("LA") if photo.mode == "La" else photo).convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", photo.size, "white"), photo)
    return photo


def _in_srgb(small, photo):
    """Colours as the file's own profile means them; as they are if it has none, or a broken one."""
    profile = photo.info.get("icc_profile")
    if profile and photo.mode in ("RGB", "RGBA", "P"):
        with contextlib.suppress(ImageCms.PyCMSError, OSError):
            srgb = ImageCms.createProfile("sRGB")
            return ImageCms.profileToProfile(small, io.BytesIO(profile), srgb)
    return small
