"""Whole files of every kind and mode give the right photo."""

import io
import threading
import warnings

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageCms
from scenes import SCENE, far, saved

from helpers.images import load_photo
from sources import files
from sources.kinds import PhotoError

MODES = "1 L P LA PA RGB RGBA RGBX CMYK YCbCr LAB HSV I;16 I F La RGBa".split()
LOSSY = ("JPEG", "MPO", "WEBP", "AVIF", "GIF")
Image.init()


def in_mode(picture, mode):
    """A picture in a mode, and what a reader should see of it."""
    if mode in ("LA", "PA", "RGBA", "La", "RGBa"):
        alpha = Image.new("L", picture.size, 255)
        alpha.paste(0, (0, 0, 20, 20))
        seen, picture = picture.copy(), picture.copy()
        seen.paste("white", (0, 0, 20, 20))
        picture.putalpha(alpha)
        if mode in ("LA", "La"):
            return picture.convert("LA").convert(mode), seen.convert("L").convert("RGB")
        picture = picture.convert(mode)
        if mode == "PA":  # whose 256 colours, and whose transparency, Pillow 11 chooses less well
            shown = picture.convert("RGBA")
            seen = Image.new("RGB", picture.size, "white")
            seen.paste(shown, mask=shown.getchannel("A"))
        return picture, seen
    if mode == "LAB":
        srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        return ImageCms.profileToProfile(picture, srgb, lab, outputMode="LAB"), picture
    if mode == "I;16":
        grey = picture.convert("L")
        return Image.fromarray(np.asarray(grey).astype(np.uint16) * 257), grey.convert("RGB")
    picture = picture.convert(mode)
    return picture, picture.convert("L" if mode in "IF" else "RGB").convert("RGB")


def pillow_reads(data):
    try:
        Image.open(io.BytesIO(data)).load()
    except OSError:
        return False
    return True


@pytest.mark.parametrize("kind", sorted(Image.SAVE))
def test_every_format_and_mode_that_pillow_writes(kind):
    right = 0
    for mode in MODES:
        if kind in LOSSY and mode[0] in "IF":
            continue  # Pillow writes these all white
        picture, seen = in_mode(SCENE, mode)
        try:
            data = saved(picture, kind)
        except Exception:
            continue  # Pillow cannot write this mode in this format
        try:
            loaded = load_photo(data)
        except PhotoError as error:
            known = kind in files.FORMATS and pillow_reads(data)  # not all that it has written
            assert not known and error.ko != error.en, (mode, error)
            continue
        opaque = kind == "BMP" or mode in ("RGBA", "LA") and kind in ("JPEG", "PPM")
        if not opaque:  # what cannot hold transparency was saved without
            assert far(loaded, seen) < (16 if kind in LOSSY else 1.01), mode
        right += 1
    assert kind not in files.FORMATS or right >= 3


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_as_a_pillow_picture(mode):
    picture, seen = in_mode(SCENE, mode)
    assert far(load_photo(picture), seen) < 1.01


@pytest.mark.parametrize("kind", ["PNG", "GIF", "WEBP", "TIFF"])
def test_transparency_in_every_way(kind):
    """Of a palette, of one colour (tRNS), of one grey."""
    palette = SCENE.quantize(64)
    palette.putpixel((5, 5), 7)
    grey, bits = SCENE.convert("L"), SCENE.convert("1")
    data = {"alpha": saved(in_mode(SCENE, "RGBA")[0], kind)}
    if kind in ("PNG", "GIF"):
        data["palette"] = saved(palette, kind, transparency=7)
    if kind == "PNG":
        data["many"] = saved(palette, kind, transparency=bytes(range(64)))
        data["colour"] = saved(SCENE, kind, transparency=SCENE.getpixel((5, 5)))
        data["grey"] = saved(grey, kind, transparency=grey.getpixel((5, 5)))
        data["bit"] = saved(bits, kind, transparency=1 if bits.getpixel((5, 5)) else 0)
    for name, file in data.items():
        assert min(load_photo(file).getpixel((5, 5))) >= 225, name


def turned(turn, mode="RGB"):
    """The scene as a camera held that way stores it, and its EXIF."""
    back = {1: None, 2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}[turn]  # PIL.Image.Transpose
    stored = SCENE if back is None else SCENE.transpose(back)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = turn
    return stored.convert(mode), exif


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_orientations_of_files_and_of_pictures_opened_by_hand(kind, turn):
    lossless = {"lossless": True} if kind == "WEBP" else {"quality": 95} if kind == "JPEG" else {}
    stored, exif = turned(turn)
    data = saved(stored, kind, exif=exif, **lossless)
    once = load_photo(Image.open(io.BytesIO(data)))
    for loaded in (load_photo(data), once, load_photo(once)):
        assert far(loaded, SCENE) < 8


@pytest.mark.parametrize("exif", [b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"nonsense" * 9])
def test_broken_notes_do_not_cost_the_photo_nor_warn(exif):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert far(load_photo(saved(SCENE, "JPEG", exif=exif, quality=95)), SCENE) < 8


def test_orientation_that_does_not_exist():
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 99
    assert far(load_photo(saved(SCENE, "PNG", exif=exif)), SCENE) == 0


def test_cmyk_with_and_without_adobes_marker():
    data = saved(SCENE.convert("CMYK"), "JPEG", quality=95)
    assert far(load_photo(data), SCENE) < 8
    negative = Image.eval(SCENE.convert("CMYK"), lambda v: 255 - v)
    data = saved(negative, "JPEG", quality=95)
    assert data[2:4] == b"\xff\xee"
    data = data[:2] + data[4 + int.from_bytes(data[4:6]) :]  # without the marker
    assert far(load_photo(data), SCENE) < 8


def test_colour_profiles():
    """A profile whose red is our green shows; a broken one does not matter."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    # The tags of red and green, exchanged: their names in the profile's table of contents.
    swapped = srgb.replace(b"rXYZ", b"????").replace(b"gXYZ", b"rXYZ").replace(b"????", b"gXYZ")
    r, g, b = SCENE.split()
    for kind in ("PNG", "TIFF"):
        assert far(load_photo(saved(SCENE, kind, icc_profile=srgb)), SCENE) < 1
        loaded = load_photo(saved(SCENE, kind, icc_profile=swapped))
        assert far(loaded, Image.merge("RGB", (g, r, b))) < 3
        assert far(load_photo(saved(SCENE, kind, icc_profile=b"broken" * 40)), SCENE) == 0


def test_several_pictures_in_one_file():
    frames = [SCENE, SCENE.rotate(180), SCENE.rotate(90)]
    for kind in ("GIF", "TIFF", "WEBP", "PNG", "MPO", "AVIF"):
        data = saved(frames[0], kind, save_all=True, append_images=frames[1:])
        assert far(load_photo(data), SCENE) < 8, kind


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (3, 2), (30_000, 2), (65_000, 1)])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "GIF", "BMP"])
def test_smallest_and_longest(kind, size):
    loaded = load_photo(saved(Image.new("RGB", size, (200, 30, 30)), kind))
    assert max(loaded.size) == min(max(size), 1600) and min(loaded.size) >= 1
    assert far(loaded, Image.new("RGB", loaded.size, (200, 30, 30))) < 4


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
@pytest.mark.parametrize("mode", ["L", "RGB", "P", "1", "I;16"])
def test_a_large_photo_is_shrunk_without_seams(kind, mode):
    if kind == "JPEG" and mode not in ("L", "RGB"):
        return
    picture, seen = in_mode(SCENE.resize((2400, 1800), Image.Resampling.BICUBIC), mode)
    loaded = load_photo(saved(picture, kind, compress_level=1), max_side=200)
    assert loaded.size == (200, 150)
    wrong = np.abs(np.asarray(loaded, dtype=int) - np.asarray(seen.resize((200, 150)), dtype=int))
    assert wrong.mean(axis=(1, 2)).max() < 12  # in the worst row


def test_progressive_and_compressed():
    for options in ({"progressive": True}, {"restart_marker_rows": 1}):
        assert far(load_photo(saved(SCENE, "JPEG", quality=95, **options)), SCENE) < 8
    for compression in ("tiff_lzw", "tiff_deflate", "tiff_adobe_deflate", "packbits", "jpeg"):
        assert far(load_photo(saved(SCENE, "TIFF", compression=compression)), SCENE) < 8


def test_many_threads_at_once():
    """An upload button, and folders.batches, decode in threads."""
    data = [saved(SCENE, kind) for kind in ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM")]
    results, filters = [], list(warnings.filters)

    def work():
        results.extend(far(load_photo(file), SCENE) < 8 for file in data * 5)

    threads = [threading.Thread(target=work) for _ in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert len(results) == 8 * 5 * len(data) and all(results)
    assert list(warnings.filters) == filters
