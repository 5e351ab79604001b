"""Photos of every kind become upright RGB; tensors are what timm itself would make."""

import io
import shutil

import numpy as np
import pytest
import timm
import torch
import torchvision.transforms as T
from PIL import Image
from timm.data import create_transform, resolve_model_data_config

from helpers import images, photos
from helpers.images import PhotoError, load_photo, to_tensor


def file_bytes(picture, kind="PNG", **options):
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def same(a, b):
    return a.mode == b.mode and np.array_equal(np.asarray(a), np.asarray(b))


def pixels(source):
    """The [r, g, b] of a loaded photo's pixels, row by row."""
    return np.asarray(load_photo(source)).reshape(-1, 3).tolist()


# --- where a photo may come from ---


def test_every_source_gives_the_same_photo(photo, tmp_path):
    data = file_bytes(photo)
    path = tmp_path / "고양이 사진.png"
    path.write_bytes(data)
    v7 = {"old.txt": {"content": b"no photo"}, "cat.png": {"content": data, "metadata": {}}}
    v8 = ({"name": "cat.png", "content": memoryview(data), "size": len(data)},)
    array = np.asarray(photo)
    sources = [path, str(path), data, memoryview(data), v7, v8, list(v8), photo, array, array / 255]
    for source in sources:
        assert same(load_photo(source), photo), type(source)


def test_loaded_photo_is_a_copy(photo):
    load_photo(photo).paste("black", (0, 0, 60, 60))
    assert photo.getpixel((30, 30)) == (255, 255, 255)


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
    shutil.copytree(photos.IMAGES, copy)
    (copy / "me.jpg").write_bytes(b"not even a photo")
    before = [path.name for path in images.sample_photos()]
    monkeypatch.setattr(photos, "IMAGES", copy)
    assert [path.name for path in images.sample_photos()] == before


def test_large_photo_is_shrunk_and_keeps_its_shape():
    assert load_photo(Image.new("RGB", (400, 200)), max_side=100).size == (100, 50)
    assert load_photo(Image.new("RGB", (80, 40)), max_side=100).size == (80, 40)


# --- modes ---


def test_exif_orientation_is_applied(photo):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held on its side
    loaded = load_photo(file_bytes(photo, exif=exif))
    assert same(loaded, photo.transpose(Image.Transpose.ROTATE_270))


def test_transparency_is_laid_on_white():
    rgba = Image.new("RGBA", (2, 1), (255, 0, 0, 255))
    rgba.putpixel((1, 0), (0, 0, 0, 0))
    palette = rgba.quantize(4)
    grey = Image.new("LA", (2, 1), (76, 255))
    grey.putpixel((1, 0), (0, 0))
    for picture in (rgba, palette):
        assert pixels(file_bytes(picture)) == [[255, 0, 0], [255, 255, 255]]
    assert pixels(file_bytes(grey)) == [[76, 76, 76], [255, 255, 255]]


def test_16_bits_are_scaled_not_clipped():
    values = np.array([[0, 257, 32896, 65535]], dtype=np.uint16)
    for picture in (Image.fromarray(values), Image.fromarray(values.astype(np.int32))):
        for source in (picture, file_bytes(picture, "TIFF")):
            assert [red for red, _, _ in pixels(source)] == [0, 1, 128, 255]


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "YCbCr", "F"])
def test_other_modes_become_rgb(photo, mode):
    loaded = load_photo(photo.convert(mode))
    assert loaded.mode == "RGB" and loaded.size == photo.size
    white = np.asarray(loaded)[27, 32]
    assert (white > 240).all()


def test_cmyk_jpeg_is_not_inverted():
    red = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    r, g, b = load_photo(file_bytes(red, "JPEG")).getpixel((4, 4))
    assert r > 200 and g < 60 and b < 60


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
        np.zeros((4, 5), np.int64),
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
    broken.write_bytes(file_bytes(Image.effect_noise((64, 64), 50))[:500])
    for file, ko, en in (
        (path, "사진이 아닙니다", "Not a photo"),
        (broken, "사진 파일이 깨졌거나 일부만 있습니다", "The photo file is damaged or incomplete"),
        (tmp_path, "사진이 아니라 폴더입니다", "A folder, not a photo"),
    ):
        with pytest.raises(PhotoError) as error:
            load_photo(file)
        korean, english = str(error.value).splitlines()
        assert korean.startswith(f"{ko}: {file.name}. ")
        assert english.startswith(f"{en}: {file.name}. ")


@pytest.mark.parametrize("source", [None, 7, [1, 2], [{"name": "a"}], {"a.png": {}}])
def test_odd_sources_are_refused(source):
    with pytest.raises(PhotoError, match="Not a photo"):
        load_photo(source)


@pytest.mark.parametrize("value", [(), [], {}])
def test_empty_upload(value):
    with pytest.raises(PhotoError, match="No photo has been uploaded yet"):
        load_photo(value)


def test_missing_file_lists_the_sample_photos():
    with pytest.raises(PhotoError, match="No such file: cta.jpg.*cat.jpg"):
        load_photo("cta.jpg")


def test_decompression_bombs_are_refused():
    image = file_bytes(Image.new("1", (10_001, 10_000)))
    monster = file_bytes(Image.new("1", (20_000, 20_000)))
    for data in (image, monster):
        with pytest.raises(PhotoError, match="too large: bytes .[0-9]{5} × [0-9]{5} pixels"):
            load_photo(data)


# --- to_tensor ---


def shape(size):
    """A photo in which every pixel tells where it is: red across, green down."""
    width, height = size
    y, x = np.mgrid[0:height, 0:width]
    pixels = [x * 255 / width, y * 255 / height, 0 * x]
    return Image.fromarray(np.stack(pixels, axis=-1).astype(np.uint8))


SIZES = [(300, 200), (200, 301), (128, 128), (640, 100)]


@pytest.fixture(scope="module", params=["center", "squash"])
def any_model(request, embedded):
    """The embedded DINO, and a model whose data config asks for a squash instead of a crop."""
    if request.param == "center":
        return embedded
    model = timm.create_model("test_vit", pretrained_cfg_overlay={"crop_mode": "squash"})
    assert resolve_model_data_config(model)["crop_mode"] == "squash"
    return model


@pytest.mark.parametrize("size", SIZES)
def test_crop_is_exactly_timms_transform(any_model, size):
    config = resolve_model_data_config(any_model)
    expected = create_transform(**config, is_training=False)(shape(size)).unsqueeze(0)
    tensor, _ = to_tensor(shape(size), any_model)
    assert tensor.dtype == torch.float32 and torch.equal(tensor, expected)


@pytest.mark.parametrize("size", SIZES)
def test_crop_shows_the_part_that_the_network_saw(any_model, size):
    """Squeezed to the input size, `seen` is the tensor's own picture, up to a pixel."""
    config = resolve_model_data_config(any_model)
    photo = shape(size)
    tensor, seen = to_tensor(photo, any_model)
    side = tensor.shape[-1]
    mean, std = (torch.tensor(config[name]).view(3, 1, 1) for name in ("mean", "std"))
    network_saw = (tensor[0] * std + mean).clamp(0, 1)
    squeezed = T.ToTensor()(seen.resize((side, side), Image.Resampling.BICUBIC))
    pixel = max(1 / length for length in size)
    assert (network_saw - squeezed)[:2].abs().max() < 1.5 * pixel + 0.01
    assert any_model.pretrained_cfg["crop_mode"] == "squash" or abs(seen.width - seen.height) <= 1


@pytest.mark.parametrize("fit", images.FITS)
def test_size_overrides_the_models_own(embedded, photo, fit):
    tensor, _ = to_tensor(photo, embedded, fit, size=64)
    assert tensor.shape == ((1, 3, 64, 96) if fit == "whole" else (1, 3, 64, 64))


def test_squash_is_the_posts_transform(embedded, photo):
    post = T.Compose(
        [
            T.Resize((112, 112)),
            T.ToTensor(),
            T.Normalize(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225]),
        ]
    )
    tensor, seen = to_tensor(photo, embedded, "squash")
    assert torch.equal(tensor, post(photo).unsqueeze(0)) and seen is photo


@pytest.mark.parametrize("size, expected", [((300, 200), (112, 168)), ((90, 271), (336, 112))])
def test_whole_keeps_the_shape_on_whole_patches(embedded, size, expected):
    tensor, seen = to_tensor(shape(size), embedded, "whole")
    assert tensor.shape[-2:] == expected and seen.size == size
    # red grows to the right, green downwards: nothing was swapped or cut off
    red, green = tensor[0, 0].mean(dim=0), tensor[0, 1].mean(dim=1)
    assert (red.diff() > -0.01).all() and (green.diff() > -0.01).all()
    assert red[0] < -2 and red[-1] > 2 and green[0] < -2 and green[-1] > 2


def test_normalisation_comes_from_the_models_own_config(photo):
    model = timm.create_model(
        "test_vit", pretrained_cfg_overlay={"mean": (0,) * 3, "std": (1,) * 3}
    )
    for fit in images.FITS:
        tensor, _ = to_tensor(photo, model, fit)
        assert 0 <= tensor.min() < 0.05 and 0.95 < tensor.max() <= 1, fit


def test_unknown_fit(embedded, photo):
    with pytest.raises(ValueError, match="fit must be one of crop, squash, whole: 'stretch'"):
        to_tensor(photo, embedded, "stretch")
