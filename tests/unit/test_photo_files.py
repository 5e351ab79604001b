"""Every kind of odd, broken, hostile or misnamed file: the right photo, or one clear error.

JPEG, WebP, GIF, BMP and PPM hold no check sums: a flipped bit in them can paint a wrong spot that
nobody can tell from a right one. What must never come is half a picture of a file cut off.

DINO_FUZZ=20 tries that many times more broken files.
"""

import io
import os
import random
import struct
import threading
import time
import unicodedata
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin

from helpers import colours, formats
from helpers.images import PhotoError, load_photo

MODES = "1 L P LA PA RGB RGBA RGBX CMYK YCbCr LAB HSV I;16 I F La RGBa".split()
Image.init()


@pytest.fixture(scope="module")
def scene():
    """64 × 48, colourful down to the last row, with some noise so that no file of it is tiny."""
    y, x = np.mgrid[0:48, 0:64]
    colour = np.stack([x * 3 + 20, 230 - y * 3, 60 + (x + y)], axis=-1)
    noise = np.random.default_rng(0).integers(-12, 12, colour.shape)
    return Image.fromarray((colour + noise).clip(0, 255).astype(np.uint8))


def in_mode(scene, mode):
    """The scene in a mode, and what a reader should see of it."""
    if mode in ("LA", "PA", "RGBA", "La", "RGBa"):
        seen = scene.copy()
        seen.paste("white", (0, 0, 20, 20))
        alpha = Image.new("L", scene.size, 255)
        alpha.paste(0, (0, 0, 20, 20))
        picture = scene.copy()
        picture.putalpha(alpha)
        if mode in ("LA", "La"):
            seen = seen.convert("L").convert("RGB")
            picture = picture.convert("LA").convert(mode)
        else:
            picture = picture.convert(mode)
        if mode == "PA":  # whose 256 colours, and whose transparency, Pillow 11 chooses less well
            shown = picture.convert("RGBA")
            seen = Image.new("RGB", scene.size, "white")
            seen.paste(shown, mask=shown.getchannel("A"))
        return picture, seen
    if mode == "LAB":
        srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        return ImageCms.profileToProfile(scene, srgb, lab, outputMode="LAB"), scene
    if mode == "I;16":
        grey = scene.convert("L")
        return Image.fromarray(np.asarray(grey).astype(np.uint16) * 257), grey.convert("RGB")
    picture = scene.convert(mode)
    return picture, picture.convert("L" if mode in "IF" else "RGB").convert("RGB")


def far(a, b):
    """The mean difference of two pictures, 0 to 255; far if their sizes differ."""
    if a.size != b.size:
        return 255
    return float(np.abs(np.asarray(a, dtype=int) - np.asarray(b, dtype=int)).mean())


def saved(picture, kind, **options):
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def pillow_reads(data):
    try:
        Image.open(io.BytesIO(data)).load()
    except OSError:
        return False
    return True


def refusal(data, name="내 사진.jpg"):
    """(Korean, English) of the error that an upload gets; fails if it gets none."""
    with pytest.raises(PhotoError) as caught:
        load_photo(({"name": name, "content": memoryview(data)},))
    korean, english = str(caught.value).splitlines()
    assert name in korean and name in english
    return korean, english


# --- whole files ---


@pytest.mark.parametrize("kind", sorted(Image.SAVE))
def test_every_format_and_mode_that_pillow_writes(scene, kind):
    right = []
    for mode in MODES:
        if kind in ("AVIF", "WEBP", "GIF", "JPEG", "MPO") and mode[0] in "IF":
            continue  # Pillow writes these all white
        try:
            picture, seen = in_mode(scene, mode)
            data = saved(picture, kind)
        except (OSError, KeyError, ValueError, RuntimeError, AttributeError, TypeError):
            continue  # Pillow cannot write this mode in this format
        try:
            loaded = load_photo(data)
        except PhotoError as error:
            known = kind in formats.FORMATS and pillow_reads(data)  # not all that it has written
            assert len(str(error).splitlines()) == 2 and not known, (mode, error)
            continue
        lossy = 16 if kind in ("JPEG", "MPO", "WEBP", "AVIF", "GIF") else 1.01
        opaque = kind == "BMP" or mode in ("RGBA", "LA") and kind in ("JPEG", "PPM")
        assert loaded.mode == "RGB"
        if not opaque:  # what cannot hold transparency was saved without
            assert far(loaded, seen) < lossy, mode
        right.append(mode)
    assert kind not in formats.FORMATS or len(right) >= 3


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_as_a_pillow_picture(scene, mode):
    picture, seen = in_mode(scene, mode)
    assert far(load_photo(picture), seen) < 1.01


@pytest.mark.parametrize("kind", ["PNG", "GIF", "WEBP", "TIFF"])
def test_transparency_in_every_way(scene, kind):
    """Of a palette, of one colour (tRNS), of one grey."""
    alpha, white = in_mode(scene, "RGBA")
    palette = scene.quantize(64)
    palette.putpixel((5, 5), 7)
    data = {"alpha": saved(alpha, kind)}
    if kind in ("PNG", "GIF"):
        data["palette"] = saved(palette, kind, transparency=7)
    if kind == "PNG":
        data["many"] = saved(palette, kind, transparency=bytes(range(64)))
        data["colour"] = saved(scene, kind, transparency=scene.getpixel((5, 5)))
        data["grey"] = saved(
            scene.convert("L"), kind, transparency=scene.convert("L").getpixel((5, 5))
        )
        bits = scene.convert("1")
        data["bit"] = saved(bits, kind, transparency=1 if bits.getpixel((5, 5)) else 0)
    for name, file in data.items():
        r, g, b = load_photo(file).getpixel((5, 5))
        assert min(r, g, b) >= 225, name


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_orientations(scene, kind, turn):
    exif = Image.Exif()
    exif[0x0112] = turn
    lossless = {"lossless": True} if kind == "WEBP" else {"quality": 95} if kind == "JPEG" else {}
    straight = {v: k for k, v in {2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}.items()}
    stored = scene if turn == 1 else scene.transpose(colours._TURNS[straight[turn]])
    assert far(load_photo(saved(stored, kind, exif=exif, **lossless)), scene) < 8


@pytest.mark.parametrize("exif", [b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"nonsense" * 9])
def test_broken_notes_do_not_cost_the_photo(scene, exif):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        formats.warnings.filterwarnings("ignore", module=r"PIL\.")
        assert far(load_photo(saved(scene, "JPEG", exif=exif, quality=95)), scene) < 8


def test_orientation_that_does_not_exist(scene):
    exif = Image.Exif()
    exif[0x0112] = 99
    assert far(load_photo(saved(scene, "PNG", exif=exif)), scene) == 0


def cmyk_jpeg(scene, adobe):
    """A CMYK JPEG; without Adobe's marker its values are not negative."""
    data = saved(scene.convert("CMYK"), "JPEG", quality=95)
    assert data[2:4] == b"\xff\xee"
    return data if adobe else data[:2] + data[4 + int.from_bytes(data[4:6]) :]


def test_cmyk_with_and_without_adobes_marker(scene):
    assert far(load_photo(cmyk_jpeg(scene, True)), scene) < 8
    negative = Image.eval(scene.convert("CMYK"), lambda v: 255 - v)
    assert far(load_photo(cmyk_jpeg(negative.convert("CMYK"), False)), scene) < 8


def test_colour_profiles(scene):
    """A profile whose red is our green shows; a broken one does not matter."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    # The tags of red and green, exchanged: their names in the profile's table of contents.
    swapped = srgb.replace(b"rXYZ", b"????").replace(b"gXYZ", b"rXYZ").replace(b"????", b"gXYZ")
    r, g, b = scene.split()
    for kind in ("PNG", "TIFF"):
        assert far(load_photo(saved(scene, kind, icc_profile=srgb)), scene) < 1
        loaded = load_photo(saved(scene, kind, icc_profile=swapped))
        assert far(loaded, Image.merge("RGB", (g, r, b))) < 3
        assert far(load_photo(saved(scene, kind, icc_profile=b"broken" * 40)), scene) == 0


@pytest.mark.parametrize(
    "low, high, white", [(0, 1, 1), (0, 255, 255), (0, 4000, 4095), (-3, 5, 5)]
)
def test_floating_tiff(scene, low, high, white):
    grey = np.asarray(scene.convert("L"), dtype=np.float32) / 255
    values = Image.fromarray(low + grey * (high - low))
    black = values.getextrema()[0] if low < 0 else 0
    white = values.getextrema()[1] if low < 0 else white
    expected = (np.asarray(values) - black) / (white - black) * 255
    loaded = np.asarray(load_photo(saved(values, "TIFF")))[..., 0]
    assert np.abs(loaded - expected).max() <= 1


def test_floats_that_are_no_numbers(scene):
    values = np.asarray(scene.convert("F")).copy()
    values[3, 3] = np.nan
    assert "damaged" in refusal(saved(Image.fromarray(values), "TIFF"))[1]


@pytest.mark.parametrize("top", [200, 4000, 65535])
def test_12_and_16_bits_are_not_black(top):
    """Cameras and microscopes put 12 bits into 16: their white is 4095."""
    values = np.linspace(0, top, 64 * 48).reshape(48, 64).astype(np.uint16)
    loaded = np.asarray(load_photo(saved(Image.fromarray(values), "PNG")))
    assert loaded.max() >= 190 and loaded[-1].mean() > 190 > 60 > loaded[0].mean()


def test_several_pictures_in_one_file(scene):
    frames = [scene, scene.rotate(180), scene.rotate(90)]
    for kind in ("GIF", "TIFF", "WEBP", "PNG", "MPO", "AVIF"):
        data = saved(frames[0], kind, save_all=True, append_images=frames[1:])
        assert far(load_photo(data), scene) < 8, kind


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1), (3, 2), (30_000, 2), (65_000, 1)])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "GIF", "BMP"])
def test_smallest_and_longest(kind, size):
    loaded = load_photo(saved(Image.new("RGB", size, (200, 30, 30)), kind))
    assert max(loaded.size) == min(max(size), 1600) and min(loaded.size) >= 1
    assert far(loaded, Image.new("RGB", loaded.size, (200, 30, 30))) < 4


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
@pytest.mark.parametrize("mode", ["L", "RGB", "P", "1", "I;16"])
def test_a_large_photo_is_shrunk_without_seams(scene, kind, mode):
    if kind == "JPEG" and mode not in ("L", "RGB"):
        return
    large = scene.resize((2400, 1800), Image.Resampling.BICUBIC)
    picture, seen = in_mode(large, mode)
    loaded = load_photo(saved(picture, kind, compress_level=1), max_side=200)
    assert loaded.size == (200, 150)
    wrong = np.abs(np.asarray(loaded, dtype=int) - np.asarray(seen.resize((200, 150)), dtype=int))
    assert wrong.mean(axis=(1, 2)).max() < 12  # in the worst row


def test_progressive_and_interlaced(scene):
    assert far(load_photo(saved(scene, "JPEG", progressive=True, quality=95)), scene) < 8
    assert far(load_photo(saved(scene, "JPEG", restart_marker_rows=1, quality=95)), scene) < 8
    for compression in ("tiff_lzw", "tiff_deflate", "tiff_adobe_deflate", "packbits", "jpeg"):
        assert far(load_photo(saved(scene, "TIFF", compression=compression)), scene) < 8


def test_a_grey_photo_is_not_taken_for_a_cut_one():
    """libjpeg paints what is missing in just this grey."""
    for mode in ("L", "RGB", "CMYK"):
        grey = Image.new(mode, (100, 90), (127,) * 3 + (0,) if mode == "CMYK" else "#808080")
        for options in ({}, {"progressive": True}, {"optimize": True}):
            assert load_photo(saved(grey, "JPEG", **options)).size == (100, 90)


# --- what is no photo, whatever its name says ---

HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"
OTHERS = {
    "HEIC": (HEIC, "an iPhone's HEIC photo", "JPEG로 내보내거나"),
    "HEIC sequence": (b"\0\0\0\x18ftypmsf1\0\0\0\0", "an iPhone's HEIC photo", "JPEG로 내보내거나"),
    "HTML": (b"\n<!DOCTYPE HTML><html>", "a web page", "‘이미지 주소 복사’"),
    "XHTML": (b'<?xml version="1.0"?>\n<html xmlns="x">', "a web page", "‘이미지 주소 복사’"),
    "SVG": (b'<?xml version="1.0"?>\n<!-- made by hand --><svg>', "an SVG drawing", "JPEG로"),
    "PDF": (b"%PDF-1.7\n", "a PDF document", "JPEG로"),
    "Canon RAW": (b"II*\0\x10\0\0\0CR\x02\0", None, "JPEG로"),
    "Fuji RAW": (b"FUJIFILMCCD-RAW 0201", "a camera's raw file", "JPEG로"),
    "CR3": (b"\0\0\0\x18ftypcrx \0\0\0\1", "a camera's raw file", "JPEG로"),
    "MP4": (b"\0\0\0\x20ftypisom\0\0\2\0", "a video", "한 장면을"),
    "MOV": (b"\0\0\0\x14ftypqt  \0\0\0\0", "a video", "한 장면을"),
    "AVI": (b"RIFF\0\0\0\0AVI LIST", "a video", "한 장면을"),
    "WebM": (b"\x1a\x45\xdf\xa3\x01", "a video", "한 장면을"),
    "text": ("안녕하세요".encode(), None, "JPEG, PNG, WebP"),
    "EUC-KR text": ("안녕하세요".encode("euc-kr"), None, "JPEG, PNG, WebP"),
    "zip": (b"PK\3\4\x14\0", None, "JPEG, PNG, WebP"),
    "EPS": (b"%!PS-Adobe-3.0 EPSF-3.0\n", None, "JPEG, PNG, WebP"),
    "zeros": (bytes(5000), None, "JPEG, PNG, WebP"),
    "empty": (b"", None, "일부만 있습니다"),
    "one byte": (b"\xff", None, "JPEG, PNG, WebP"),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_what_is_no_photo_is_named(kind, tmp_path, fault):
    start, what, advice = OTHERS[kind]
    for data in (start, start + random.Random(0).randbytes(3000) if kind != "empty" else b""):
        korean, english = refusal(data)
        assert (what or "") in english
        assert advice in korean or "깨졌거나" in korean and what is None
    path = tmp_path / "여행.jpg"
    path.write_bytes(start)
    with pytest.raises(PhotoError, match="여행.jpg"):
        load_photo(path)
    if kind == "HEIC":
        korean, english = refusal(start)
        fault(
            (
                f"HEIC 등 사진이 아닌 파일 {len(OTHERS)}가지",
                f"HEIC and {len(OTHERS) - 1} other kinds",
            ),
            tuple(
                f'"{said.split(": ", 1)[0]}: … {said.split(". ", 1)[1]}"'
                for said in (korean, english)
            ),
        )


def test_the_thumbnail_in_a_raw_file_is_not_the_photo(scene):
    """To Pillow many raw files are TIFFs whose first picture is a stamp."""
    info = {254: 1}
    assert "a camera's raw file" in refusal(saved(scene, "TIFF", tiffinfo=info))[1]


def test_a_photo_with_the_wrong_ending(scene, tmp_path):
    for kind in formats.FORMATS:
        path = tmp_path / "photo.txt"
        path.write_bytes(saved(scene, kind))
        assert far(load_photo(path), scene) < 8


# --- broken ones ---

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
]


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
    if how == "end":  # cut, and closed as if nothing had happened
        return data[: max(at, 700)] + b"\xff\xd9"
    return data


def blank_part(photo):
    """Whether the last quarter of a picture is of one colour, which the scene's is not."""
    pixels = np.asarray(photo)
    last = pixels[-(len(pixels) // 4) - 1 :].reshape(-1, 3)
    return len(pixels) > 8 and (last == last[0]).all()


RAW = ("BMP", "PPM", "TIFF")  # where zeros are as good as any other colour
HOWS = ("cut", "zeros", "flip", "head", "lost", "other", "end")


@pytest.mark.parametrize("seed", [6, *range(100, 100 + int(os.environ.get("DINO_FUZZ", 0)))])
def test_fuzz(scene, seed, fault):
    """5,460 broken files: never a crash, a hang, or half a photo; at most 30 s of work."""
    dice, outcomes, start = random.Random(seed), {}, time.process_time()
    for kind, options in OPTIONS:
        whole = saved(scene, kind, **options)
        right = load_photo(whole)
        for how in HOWS:
            for _ in range(60):
                data = bytes(break_it(whole, how, dice))
                began = time.monotonic()
                try:
                    photo = load_photo(({"name": "깨진 사진.jpg", "content": data},))
                except PhotoError as error:
                    assert all("깨진 사진.jpg" in line for line in str(error).splitlines())
                    outcome = "refused"
                else:
                    assert photo.mode == "RGB" and max(photo.size) <= 1600
                    outcome = "right" if far(photo, right) == 0 else "a wrong spot"
                    assert outcome == "right" or how not in ("cut",), (kind, options, how)
                    assert outcome == "right" or kind != "PNG", (kind, options, how)
                    blank = blank_part(photo) and (how != "zeros" or kind not in RAW)
                    assert not blank or how not in ("cut", "zeros", "end"), (kind, options, how)
                    outcome = "blank" if blank else outcome
                assert time.monotonic() - began < 10
                outcomes[outcome] = outcomes.get(outcome, 0) + 1
    print(outcomes, time.process_time() - start)
    assert sum(outcomes.values()) == 5460 and time.process_time() - start < 30
    assert outcomes["refused"] > 3000
    # Where a table in the head was hit, and all that follows means something else.
    assert outcomes.get("blank", 0) < 0.01 * 5460
    broken = sum(outcomes.values())
    if seed == 6:
        fault(
            (
                f"망가진 그림 파일 {broken:,}개(자르기, 비트 뒤집기, 섞기, 이름 바꾸기)",
                f"{broken:,} broken picture files (cut, bits flipped, spliced, renamed)",
            ),
            (
                "멈추거나 죽지 않습니다. 반 넘게, 잘린 것은 모두 파일 이름을 말하며 거절합니다",
                "no crash, no hang; more than half refused by name, and all that were cut off",
            ),
        )


@pytest.mark.parametrize("kind, options", OPTIONS)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.8])
def test_a_download_that_was_cut_off_is_refused(scene, kind, options, share):
    """Half a photo would be half a lesson: better to say so. Also where the rest is zeros."""
    whole = saved(scene, kind, **options)
    cut = whole[: int(len(whole) * share)]
    assert "일부만 있습니다" in refusal(cut)[0] and "damaged or incomplete" in refusal(cut)[1]
    if kind not in RAW:
        assert "damaged or incomplete" in refusal(cut + bytes(len(whole) - len(cut)))[1]
    if kind == "JPEG":  # closed as if nothing had happened
        if not options.get("progressive"):
            assert "damaged or incomplete" in refusal(cut + b"\xff\xd9")[1]


@pytest.mark.parametrize("progressive, start", [(False, b"\xff\xc0"), (True, b"\xff\xc2")])
def test_a_jpeg_that_claims_more_rows_than_it_has(scene, progressive, start):
    data = bytearray(saved(scene, "JPEG", progressive=progressive))
    at = data.index(start)
    data[at + 5 : at + 7] = (480).to_bytes(2)
    assert "damaged or incomplete" in refusal(bytes(data))[1]


def test_a_jpeg_of_which_rows_were_lost(scene):
    """With restart marks the rest still has its place, and libjpeg leaves a grey band."""
    large = scene.resize((64, 160))
    data = saved(large, "JPEG", restart_marker_rows=1)
    marks = [data.index(bytes((0xFF, 0xD0 + i)), data.index(b"\xff\xda")) for i in range(8)]
    assert far(load_photo(data), large) < 16
    for first, last in ((2, 4), (0, 1), (5, 7)):
        assert "damaged or incomplete" in refusal(data[: marks[first]] + data[marks[last] :])[1]


# --- bombs ---


def png(size, *chunks):
    """A PNG made by hand: black, of one bit."""
    head = struct.pack(">IIBBBBB", *size, 1, 0, 0, 0, 0)
    rows = zlib.compressobj(9)
    packed = b"".join(
        rows.compress(bytes(1 + (size[0] + 7) // 8)) for _ in range(min(size[1], 2000))
    )
    data = [(b"IHDR", head), *chunks, (b"IDAT", packed + rows.flush()), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in data
    )


BOMB = zlib.compress(bytes(50_000_000), 9)


@pytest.mark.parametrize("name", [b"zTXt", b"iTXt", b"iCCP"])
def test_a_chunk_that_unpacks_to_50_mb(name, fault):
    head = b"x\0\0" if name != b"iTXt" else b"x\0\1\0\0\0"
    start = time.process_time()
    refusal(png((8, 8), *[(name, head + BOMB)] * 20))
    assert time.process_time() - start < 2
    fault(
        ("풀면 1 GB가 되는 PNG(압축 폭탄)", "a PNG that unpacks to 1 GB (a bomb)"),
        ("2초 안에 거절합니다", "refused within 2 s"),
    )


def test_many_texts_in_a_png():
    info = PngImagePlugin.PngInfo()
    for i in range(80):
        info.add_text(f"key{i}", "x" * 1_000_000, zip=True)
    refusal(saved(Image.new("L", (8, 8)), "PNG", pnginfo=info))


@pytest.mark.parametrize(
    "size", [(10_001, 10_000), (60_000, 60_000), (2**31 - 1, 1), (1, 2**31 - 1)]
)
def test_many_pixels_in_a_small_file(size, fault):
    korean, english = refusal(png(size))
    assert "너무 큽니다" in korean and f"{size[0]} × {size[1]} pixels" in english
    if size == (60_000, 60_000):
        fault(
            ("60,000 × 60,000픽셀이라는 작은 파일", "a small file of 60,000 × 60,000 pixels"),
            ("풀어 보기 전에 거절합니다", "refused before it is unpacked"),
        )


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "BMP", "TIFF", "PPM"])
def test_a_header_that_claims_too_much(scene, kind):
    """Larger than the limit, or cut off; but never room made for it first."""
    data = bytearray(saved(scene, kind))
    if kind == "GIF":
        data[6:10] = b"\xff" * 4
    elif kind == "WEBP":
        data[26:30] = b"\xff\x3f\xff\x3f"
    elif kind == "BMP":
        data[18:26] = (30_000).to_bytes(4, "little") * 2
    elif kind == "PPM":
        data[:9] = b"P6 30000 30000 "
    else:
        picture = Image.open(io.BytesIO(data))
        assert picture.tag_v2.prefix == b"II"
        for tag in (256, 257):
            at = (
                data.index(struct.pack("<HH", tag, 3))
                if struct.pack("<HH", tag, 3) in data
                else None
            )
            at = at if at is not None else data.index(struct.pack("<HH", tag, 4))
            data[at + 8 : at + 12] = (30_000).to_bytes(4, "little")
    start = time.process_time()
    refusal(bytes(data))
    assert time.process_time() - start < 1


def test_a_thousand_frames_cost_no_more_than_one(scene):
    frames = [Image.new("P", (500, 500), i % 250) for i in range(300)]
    for kind in ("GIF", "TIFF"):
        data = saved(frames[0], kind, save_all=True, append_images=frames[1:])
        start = time.process_time()
        assert load_photo(data).size == (500, 500)
        assert time.process_time() - start < 0.5


def test_a_tiff_with_endless_tags(scene):
    data = bytearray(saved(scene, "TIFF"))
    at = struct.unpack("<I", data[4:8])[0]
    data[at : at + 2] = b"\xff\xff"
    for i in range(12):  # and each of them claims 2 GB
        data[at + 2 + 12 * i + 4 : at + 2 + 12 * i + 8] = b"\xff\xff\xff\x7f"
    start = time.process_time()
    refusal(bytes(data))
    assert time.process_time() - start < 2


# --- names and places ---

NAMES = [
    "고양이.png",
    "👩‍💻 ❤️.png",
    "a b\tc.png",
    "-o.png",
    "사진 (1).png",
    "%20.png",
    "[x].png",
    "~.png",
]


@pytest.mark.parametrize("name", NAMES)
def test_names(scene, tmp_path, name):
    (tmp_path / name).write_bytes(saved(scene, "PNG"))
    assert far(load_photo(tmp_path / name), scene) == 0
    assert far(load_photo(str(tmp_path / name)), scene) == 0


@pytest.mark.parametrize("name", ["고양이.png", "👩‍💻 ❤️.png", "$x$_<b>.png", "%20.png"])
def test_names_in_messages(name):
    assert all(f": {name}." in line for line in refusal(b"no photo", name))


@pytest.mark.parametrize("typed, stored", [("NFC", "NFD"), ("NFD", "NFC")])
def test_hangul_from_a_mac(scene, tmp_path, typed, stored):
    """In a zip from a Mac, 각 is three letters; a keyboard types one syllable."""
    (tmp_path / unicodedata.normalize(stored, "각국 사진.png")).write_bytes(saved(scene, "PNG"))
    assert far(load_photo(tmp_path / unicodedata.normalize(typed, "각국 사진.png")), scene) == 0


@pytest.mark.parametrize(
    "name",
    ["a\0b.png", "x" * 5000, "~no-such-user-here/a.png", "a\nb.png", "\udcff.png", "\u202egnp.exe"],
)
def test_names_that_no_file_can_have(name):
    with pytest.raises(PhotoError) as caught:
        load_photo(name)
    korean, english = str(caught.value).splitlines()
    assert "파일이 없습니다" in korean and "No such file" in english
    assert len(english) < 500 and "\u202e" not in english and english.encode()


@pytest.mark.parametrize("name", ["", ".", "..", "/", "~"])
def test_folders(name):
    with pytest.raises(PhotoError, match="A folder, not a photo"):
        load_photo(name)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes among this system's files")
def test_pipes_and_devices_do_not_hang(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "endless.jpg").symlink_to("/dev/zero")
    (tmp_path / "loop.jpg").symlink_to("loop.jpg")
    (tmp_path / "gone.jpg").symlink_to("nowhere.jpg")
    for source in (tmp_path / "pipe.jpg", "/dev/zero", tmp_path / "endless.jpg", "/dev/null"):
        with pytest.raises(PhotoError, match="Not a photo"):
            load_photo(source)
    for source in (tmp_path / "loop.jpg", tmp_path / "gone.jpg"):
        with pytest.raises(PhotoError, match="No such file"):
            load_photo(source)


def test_no_permission(tmp_path, monkeypatch):
    """Root may read anything, so the system's answer is put in its mouth."""
    path = tmp_path / "private.jpg"
    path.write_bytes(b"")

    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(type(path), "open", refuse)
    with pytest.raises(PhotoError) as caught:
        load_photo(path)
    korean, english = str(caught.value).splitlines()
    assert "읽을 수 없습니다: private.jpg" in korean
    assert "cannot be read: private.jpg (Permission denied)" in english


def test_many_threads_at_once(scene):
    """An upload button, and folders.batches, decode in threads."""
    files = [saved(scene, kind, **options) for kind, options in OPTIONS]
    results, filters = [], list(warnings.filters)

    def work():
        results.extend(far(load_photo(file), scene) < 8 for file in files * 5)

    threads = [threading.Thread(target=work) for _ in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert len(results) == 8 * 5 * len(files) and all(results)
    assert list(warnings.filters) == filters
