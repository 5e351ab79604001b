"""Photos from wherever a reader may have them, of any number format, become upright RGB."""

import io
import shutil
import struct

import numpy as np
import pytest
from PIL import Image
from scenes import saved

from helpers import images
from helpers.images import load_photo
from sources.kinds import PhotoError


def same(a, b):
    return a.mode == b.mode and np.array_equal(np.asarray(a), np.asarray(b))


# --- where a photo may come from ---


def test_every_source_gives_the_same_photo(photo, tmp_path):
    data = saved(photo, "PNG")
    path = tmp_path / "고양이 사진.png"
    path.write_bytes(data)
    v7 = {"old.txt": {"content": b"no photo"}, "cat.png": {"content": data, "metadata": {}}}
    v8 = ({"name": "cat.png", "content": memoryview(data), "size": len(data)},)
    array = np.asarray(photo)
    sources = [path, str(path), data, memoryview(data), v7, v8, list(v8), photo, array, array / 255]
    for source in sources:
        assert same(load_photo(source), photo), type(source)


def test_a_plain_pillow_picture_is_passed_through(photo):
    assert load_photo(photo) is photo and load_photo(photo, max_side=None) is photo
    with_notes = photo.copy()
    with_notes.info["transparency"] = (255, 255, 255)
    assert load_photo(with_notes) is not with_notes


def test_bare_name_is_looked_for_among_the_sample_photos(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert load_photo("cat.jpg").size == (451, 300)


def test_sample_photos_are_sorted_and_readable():
    paths = images.sample_photos()
    assert len(paths) >= 5 and paths == sorted(paths)
    assert {"cat.jpg", "coffee.jpg", "astronaut.jpg", "rocket.jpg"} <= {p.name for p in paths}
    assert all(load_photo(path).mode == "RGB" for path in paths)


def test_a_readers_photo_is_no_sample_photo(tmp_path, monkeypatch):
    """It must not turn up in a lesson that wants masks, or make all lessons fail."""
    copy = tmp_path / "images"
    shutil.copytree(images.IMAGES, copy)
    (copy / "me.jpg").write_bytes(b"not even a photo")
    before = [path.name for path in images.sample_photos()]
    monkeypatch.setattr(images, "IMAGES", copy)
    assert [path.name for path in images.sample_photos()] == before


def test_large_photo_is_shrunk_and_keeps_its_shape():
    assert load_photo(Image.new("RGB", (400, 200)), max_side=100).size == (100, 50)
    assert load_photo(Image.new("RGB", (80, 40)), max_side=100).size == (80, 40)


# --- arrays, and pictures of more than 8 bits ---


def reds(source):
    return np.asarray(load_photo(source))[0, :, 0].tolist()


WHOLE = ["u2", "<u2", ">u2", "u4", ">u4", "i4", "u8", "i8", "f4", "f8", ">f4"]


@pytest.mark.parametrize("form", WHOLE)
def test_16_bits_are_scaled_not_clipped_nor_wrapped(form):
    """As an array of whole numbers, as a Pillow picture, and as a TIFF, big-endian or not."""
    values = np.array([[0, 257, 32896, 65535]]).astype(form)
    sources = [values] if values.dtype.kind in "ui" else []
    if form not in ("u8", "i8"):  # which Pillow does not have
        sources += [Image.fromarray(values), saved(Image.fromarray(values), "TIFF")]
    for source in sources:
        assert reds(source) == [0, 1, 128, 255], type(source)


@pytest.mark.parametrize("top", [200, 4000, 65535])
def test_12_and_16_bits_are_not_black(top):
    """Cameras and microscopes put 12 bits into 16: their white is 4095."""
    values = np.linspace(0, top, 64 * 48).reshape(48, 64).astype(np.uint16)
    for source in (values, saved(Image.fromarray(values), "PNG")):
        loaded = np.asarray(load_photo(source))
        assert loaded.max() >= 190 and loaded[-1].mean() > 190 > 60 > loaded[0].mean()


def uint32_tiff(values):
    """A TIFF that says, as other programs write it, that its 32-bit numbers have no sign."""
    data = bytearray(saved(Image.fromarray(values), "TIFF"))
    at = data.index(struct.pack("<HHI", 339, 3, 1)) + 8
    data[at : at + 2] = struct.pack("<H", 1)
    return bytes(data)


def test_32_bits_do_not_wrap():
    values = np.array([[0, 2**31, 2**32 - 1]], dtype=np.uint32)
    for source in (values, uint32_tiff(values), Image.open(io.BytesIO(uint32_tiff(values)))):
        assert reds(source) == [0, 128, 255]
    for wrapped in (values, values[:, ::2]):  # Pillow no longer knows what they were
        with pytest.raises(PhotoError, match="which value is black is not known"):
            load_photo(Image.fromarray(wrapped))


def test_signed_16_bits_as_of_a_scanner_are_stretched():
    values = np.array([[-1000, 0, 1000]], dtype=np.int16)
    assert reds(saved(Image.fromarray(values), "TIFF")) == [0, 128, 255]


@pytest.mark.parametrize(
    "low, high, white", [(0, 1, 1), (0, 255, 255), (0, 4000, 4095), (-3, 5, 5)]
)
def test_floating_tiff(photo, low, high, white):
    grey = np.asarray(photo.convert("L"), dtype=np.float32) / 255
    values = low + grey / grey.max() * (high - low)
    expected = (values - min(values.min(), 0)) / (white - min(values.min(), 0)) * 255
    loaded = np.asarray(load_photo(saved(Image.fromarray(values), "TIFF")))[..., 0]
    assert np.abs(loaded - expected).max() <= 1


def test_floats_that_are_no_numbers():
    values = np.array([[0, 0.5, np.nan]], dtype=np.float32)
    for source in (Image.fromarray(values), saved(Image.fromarray(values), "TIFF"), values):
        with pytest.raises(PhotoError):
            load_photo(source)


@pytest.mark.parametrize("form", ["f2", "f4", "f8", "g", "?"])
def test_floats_and_bits_in_an_array(form):
    values = np.array([[0, 1]]).astype(form)
    assert reds(values) == [0, 255] and reds(np.stack([values] * 3, axis=-1)) == [0, 255]


def test_array_shapes(photo):
    grey = np.full((4, 5), 0.5)
    assert load_photo(grey).getpixel((0, 0)) == (128, 128, 128)
    rgba = np.dstack([np.asarray(photo), np.zeros((60, 90), np.uint8)])
    assert load_photo(rgba).getpixel((0, 0)) == (255, 255, 255)


# --- what is no photo ---


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((4, 5, 2), np.uint8),
        np.zeros((0, 5), np.uint8),
        np.full((4, 5), -1),
        np.zeros((4, 5), complex),
        np.array([["a"]]),
        np.full((4, 5), 1.5),
        np.full((4, 5), np.nan),
        np.zeros(7, np.uint8),
    ],
)
def test_odd_arrays_are_refused(array):
    with pytest.raises(PhotoError, match="An array must be"):
        load_photo(array)


def test_no_photo_names_the_file_in_both_languages(tmp_path):
    path = tmp_path / "foo.txt"
    path.write_text("hello")
    broken = tmp_path / "half.png"
    broken.write_bytes(saved(Image.effect_noise((64, 64), 50), "PNG")[:500])
    for file, ko, en in (
        (path, "사진이 아닙니다", "Not a photo"),
        (broken, "사진 파일이 깨졌거나 일부만 있거나", "The photo file is damaged or incomplete"),
        (tmp_path, "사진이 아니라 폴더입니다", "A folder, not a photo"),
    ):
        with pytest.raises(PhotoError) as error:
            load_photo(file)
        assert error.value.ko.startswith(ko) and f": {file.name}. " in error.value.ko
        assert error.value.en.startswith(en) and f": {file.name}. " in error.value.en


@pytest.mark.parametrize("source", [None, 7, [1, 2], [{"name": "a"}], {"a.png": {}}])
def test_odd_sources_are_refused(source):
    with pytest.raises(PhotoError, match="Not a photo"):
        load_photo(source)


@pytest.mark.parametrize("value", [(), [], {}])
def test_empty_upload(value):
    with pytest.raises(PhotoError, match="No photo has been uploaded yet"):
        load_photo(value)


def test_missing_file_lists_the_sample_photos():
    with pytest.raises(PhotoError, match="No such file: cta.jpg.*cat.jpg") as caught:
        load_photo("cta.jpg")
    assert "payoff" not in str(caught.value)  # a lesson's own picture is in the same folder
