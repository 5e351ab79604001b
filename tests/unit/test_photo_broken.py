"""Broken, cut off and hostile files: never a crash, a hang or half a photo.

JPEG, WebP, GIF, BMP and PPM hold no check sums: a flipped bit in them can paint a wrong spot that
nobody can tell from a right one. What must never come is half a picture of a file cut off.
"""

import io
import os
import random
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, PngImagePlugin
from scenes import SCENE, far, refusal, saved

from helpers.images import load_photo
from sources.kinds import PhotoError

OPTIONS = [
    ("JPEG", {"quality": 90}),
    ("JPEG", {"progressive": True}),
    ("JPEG", {"restart_marker_rows": 1}),
    ("PNG", {}),
    ("WEBP", {}),
    ("WEBP", {"lossless": True}),
    ("GIF", {}),
    ("BMP", {}),
    ("TIFF", {}),
    ("TIFF", {"compression": "tiff_lzw"}),
    ("TIFF", {"compression": "tiff_adobe_deflate"}),
    ("PPM", {}),
    ("AVIF", {}),
    ("JPEG2000", {}),
    ("TGA", {}),
]
RAW = ("BMP", "PPM", "TIFF", "TGA")  # where zeros are as good as any other colour
HOWS = ("cut", "zeros", "flip", "head", "lost", "other")


def break_it(data, how, dice):
    """One broken variant of a file."""
    data = bytearray(data)
    at = dice.randrange(len(data))
    if how == "cut":
        return data[:at]
    if how == "zeros":  # the rest was never downloaded
        return data[:at] + bytes(len(data) - at)
    if how == "flip":
        for _ in range(dice.choice((1, 1, 2, 8))):
            data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    if how == "head":  # sizes, tables and tags are here
        data[dice.randrange(min(200, len(data)))] = dice.randrange(256)
    if how == "lost":
        del data[at : at + dice.randrange(1, 300)]
    if how == "other":  # another file's bytes in the middle
        data[at : at + 64] = dice.randbytes(64)
    return data


def blank_part(photo):
    """Whether the last quarter of a picture is of one colour, which the scene's is not."""
    pixels = np.asarray(photo)
    last = pixels[-(len(pixels) // 4) - 1 :].reshape(-1, 3)
    return len(pixels) > 8 and (last == last[0]).all()


def fuzz(each, dice):
    """Read so many broken files of every format and every way of breaking; how they ended."""
    outcomes = {"refused": 0, "right": 0, "a wrong spot": 0}
    for kind, options in OPTIONS:
        whole = saved(SCENE, kind, **options)
        right = load_photo(whole)
        for how in HOWS * each:
            data = bytes(break_it(whole, how, dice))
            try:
                photo = load_photo(({"name": "깨진 사진.jpg", "content": data},))
            except PhotoError as error:
                assert "깨진 사진.jpg" in error.ko and "깨진 사진.jpg" in error.en
                outcomes["refused"] += 1
                continue
            assert photo.mode == "RGB" and max(photo.size) <= 1600
            outcome = "right" if far(photo, right) == 0 else "a wrong spot"
            outcomes[outcome] += 1
            assert outcome == "right" or how != "cut" and kind != "PNG", (kind, options, how)
            blank = blank_part(photo) and kind not in RAW
            assert not blank or how not in ("cut", "zeros"), (kind, options, how)
    return outcomes


def test_some_broken_files():
    outcomes = fuzz(10, random.Random(6))
    assert outcomes["refused"] > sum(outcomes.values()) / 2 and outcomes["right"]


@pytest.mark.slow
def test_fuzz():
    """5,400 broken files; DINO_FUZZ=20 tries that many times more."""
    for seed in range(1 + int(os.environ.get("DINO_FUZZ", 0))):
        outcomes = fuzz(60, random.Random(seed))
        print(outcomes)
        assert sum(outcomes.values()) == 5400 and outcomes["refused"] > 2700


@pytest.mark.parametrize("kind, options", OPTIONS)
def test_a_download_that_was_cut_off_is_refused(kind, options):
    """Half a photo would be half a lesson: better to say so. Also where the rest is zeros."""
    whole = saved(SCENE, kind, **options)
    for share in (0.3, 0.6, 0.9):
        cut = whole[: int(len(whole) * share)]
        error = refusal(cut)
        assert "일부만 있거나" in error.ko and "damaged or incomplete" in error.en
        if kind not in RAW:
            zeros = bytes(len(whole) - len(cut) + 64)
            assert "damaged or incomplete" in refusal(cut + zeros).en


@pytest.mark.parametrize("options", [{}, {"restart_marker_rows": 1}, {"subsampling": 0}])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_jpeg_that_was_cut_off_and_then_closed(mode, options):
    """The decoder paints the rest grey and says nothing; a progressive one is only coarser."""
    whole = saved(SCENE.convert(mode).resize((900, 600)), "JPEG", **options)
    for share in (0.3, 0.6, 0.9):
        closed = whole[: int(len(whole) * share)] + b"\xff\xd9"
        for max_side in (None, 1600, 100):
            with pytest.raises(PhotoError, match="damaged or incomplete"):
                load_photo(closed, max_side)
    for size in ((1, 1), (2, 2), (901, 601)):  # a picture may end in that very grey
        grey = Image.new(mode, size, (128,) * len(mode))
        for max_side in (None, 100):
            assert load_photo(saved(grey, "JPEG", **options), max_side).getpixel((0, 0))[0] == 128


def test_room_that_a_camera_left_after_the_end_mark():
    whole = saved(SCENE, "JPEG", quality=95)
    assert far(load_photo(whole + bytes(2000)), SCENE) < 8


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_that_claims_more_rows_than_it_has(progressive):
    data = bytearray(saved(SCENE, "JPEG", progressive=progressive))
    del data[-2:]  # else the end mark ends it, and the rest is grey
    at = data.index(b"\xff\xc2" if progressive else b"\xff\xc0")
    data[at + 5 : at + 7] = (480).to_bytes(2)
    assert "damaged or incomplete" in refusal(bytes(data)).en


@pytest.mark.parametrize("compression", [50001, 50002, 34925])  # WebP, JPEG XL, LZMA
def test_a_whole_tiff_that_pillow_cannot_read_is_not_called_damaged_alone(compression):
    data = bytearray(saved(SCENE, "TIFF", compression="tiff_lzw"))
    at = data.index(struct.pack("<HHI", 259, 3, 1)) + 8
    data[at : at + 2] = struct.pack("<H", compression)
    assert "or of a kind that is not read here" in refusal(bytes(data)).en


# --- bombs ---


def png(size, *chunks):
    """A PNG made by hand: black, of one bit."""
    head = struct.pack(">IIBBBBB", *size, 1, 0, 0, 0, 0)
    rows = zlib.compressobj(9)
    row = bytes(1 + min((size[0] + 7) // 8, 10_000))
    packed = b"".join(rows.compress(row) for _ in range(min(size[1], 2000)))
    data = [(b"IHDR", head), *chunks, (b"IDAT", packed + rows.flush()), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in data
    )


BOMB = zlib.compress(bytes(50_000_000), 9)


@pytest.mark.parametrize("name", [b"zTXt", b"iTXt", b"iCCP"])
def test_chunks_that_unpack_to_1_gb(name):
    head = b"x\0\0" if name != b"iTXt" else b"x\0\1\0\0\0"
    refusal(png((8, 8), *[(name, head + BOMB)] * 20))


def test_many_texts_in_a_png():
    info = PngImagePlugin.PngInfo()
    for i in range(80):
        info.add_text(f"key{i}", "x" * 1_000_000, zip=True)
    refusal(saved(Image.new("L", (8, 8)), "PNG", pnginfo=info))


@pytest.mark.parametrize(
    "size", [(10_001, 10_000), (60_000, 60_000), (2**31 - 1, 1), (1, 2**31 - 1)]
)
def test_many_pixels_in_a_small_file_are_refused_before_they_are_unpacked(size, monkeypatch):
    def load(self):
        raise AssertionError("decoded")

    monkeypatch.setattr(PngImagePlugin.PngImageFile, "load", load)
    error = refusal(png(size))
    assert "너무 큽니다" in error.ko and f"{size[0]} × {size[1]} pixels" in error.en


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "BMP", "TIFF", "PPM"])
def test_a_header_that_claims_too_much(kind):
    """Larger than the limit, or cut off."""
    data = bytearray(saved(SCENE, kind))
    if kind == "GIF":
        data[6:10] = b"\xff" * 4
    elif kind == "WEBP":
        data[26:30] = b"\xff\x3f\xff\x3f"
    elif kind == "BMP":
        data[18:26] = (30_000).to_bytes(4, "little") * 2
    elif kind == "PPM":
        data[:9] = b"P6 30000 30000 "
    else:
        assert Image.open(io.BytesIO(data)).tag_v2.prefix == b"II"
        for tag in (256, 257):
            (at,) = {data.find(struct.pack("<HH", tag, form)) for form in (3, 4)} - {-1}
            data[at + 8 : at + 12] = (30_000).to_bytes(4, "little")
    refusal(bytes(data))


def test_a_tiff_with_endless_tags():
    data = bytearray(saved(SCENE, "TIFF"))
    at = struct.unpack("<I", data[4:8])[0]
    data[at : at + 2] = b"\xff\xff"
    for i in range(12):  # and each of them claims 2 GB
        data[at + 2 + 12 * i + 4 : at + 2 + 12 * i + 8] = b"\xff\xff\xff\x7f"
    refusal(bytes(data))
