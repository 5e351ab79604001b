"""A Pillow picture of any kind in, an upright RGB one out."""

import io

import numpy as np
from PIL import Image, ImageChops, ImageCms

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def rgb(photo, max_side):
    """Make a new picture that is RGB, upright and small.

    Parameters
    ----------
    photo : PIL.Image.Image
        Of any mode. Transparency is laid on white; EXIF orientation and the colour profile are
        applied; 16-bit and floating values are scaled, not clipped.
    max_side : int
        The longer side gets at most so many pixels.

    Returns
    -------
    PIL.Image.Image

    Raises
    ------
    Exception
        Whatever Pillow makes of a broken file.
    """
    photo.load()  # a TIFF turns itself
    try:
        turn = photo.getexif().get(0x0112)
    except Exception:  # notes beside the picture are broken, the picture need not be
        turn = None
    if photo.mode == "CMYK" and photo.format == "JPEG" and "adobe" not in photo.info:
        photo = ImageChops.invert(photo)  # Pillow takes all of them for Adobe's, which are negative
    small = _shrink(photo, max_side)
    return small.transpose(_TURNS[turn]) if turn in _TURNS else small


def _shrink(photo, max_side):
    """RGB, strip by strip, so that a large picture is never there twice."""
    width, height = photo.size
    max_side = max_side or max(photo.size)
    factor = max(1, max(width, height) // (2 * max_side))
    levels = _levels(photo)
    rows = factor * max(1, 1_000_000 // (width * factor))
    small = Image.new("RGB", (-(-width // factor), -(-height // factor)))
    for top in range(0, height, rows):
        strip = photo.crop((0, top, width, min(top + rows, height)))
        small.paste(_on_white(strip, levels).reduce(factor), (0, top // factor))
    small.thumbnail((max_side, max_side))
    return _in_srgb(small, photo)


def _levels(photo):
    """(black, white) of the modes that convert() would clip at 255; None for the others."""
    if not photo.mode.startswith(("I", "F")):
        return None
    low, high = photo.getextrema()
    if low < 0:
        return low, high
    # What such a file calls white is not written in it: the next of the usual values.
    usual = (1, 255, 4095, 65535) if photo.mode == "F" else (255, 4095, 65535)
    return 0, next((white for white in usual if white >= high), high)


def _on_white(photo, levels):
    if levels:
        low, high = levels
        values = (np.asarray(photo, dtype=np.float64) - low) / ((high - low) or 1)
        if not np.isfinite(values).all():
            raise ValueError("values that are no numbers")
        photo = Image.fromarray((values * 255).round().clip(0, 255).astype(np.uint8))
    if photo.mode == "LAB":
        lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        photo = ImageCms.profileToProfile(photo, lab, srgb, outputMode="RGB")
    if photo.has_transparency_data:
        photo = photo.convert("LA") if photo.mode == "La" else photo
        photo = photo.convert("RGBA")
        photo = Image.alpha_composite(Image.new("RGBA", photo.size, "white"), photo)
    return photo.convert("RGB")


def _in_srgb(small, photo):
    """Colours as the file's own profile means them; as they are if it has none, or a broken one."""
    profile = photo.info.get("icc_profile")
    if not profile or photo.mode not in ("RGB", "RGBA", "P"):
        return small
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.profileToProfile(small, profile, ImageCms.createProfile("sRGB"))
    except (ImageCms.PyCMSError, OSError):
        return small
