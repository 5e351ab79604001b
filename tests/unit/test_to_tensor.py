"""Tensors are what timm itself would make, and `seen` is what the network saw of the photo."""

import numpy as np
import pytest
import timm
import torch
import torch.nn.functional as F
import torchvision.transforms as T
from PIL import Image
from scenes import saved
from timm.data import create_transform, resolve_model_data_config

from bilingual import BadInput
from helpers import images
from helpers.images import to_tensor


def shape(size):
    """A photo in which every pixel tells where it is: red across, green down, blue all over."""
    width, height = size
    y, x = np.mgrid[0:height, 0:width]
    pixels = [x * 255 / width, y * 255 / height, 0 * x + 255]
    return Image.fromarray(np.stack(pixels, axis=-1).astype(np.uint8))


SIZES = [(300, 200), (200, 301), (128, 128), (640, 100)]


@pytest.fixture(scope="module", params=["center", "squash", "border"])
def any_model(request, embedded):
    """The embedded DINO, and models whose data config asks for something else than a crop."""
    if request.param == "center":
        return embedded
    model = timm.create_model("test_vit", pretrained_cfg_overlay={"crop_mode": request.param})
    assert resolve_model_data_config(model)["crop_mode"] == request.param
    return model


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("given, pixels", [(None, None), ((96, 160), (96, 160))])
def test_crop_is_exactly_timms_transform(any_model, size, given, pixels):
    config = resolve_model_data_config(any_model)
    config["input_size"] = (3, *(pixels or config["input_size"][-2:]))
    expected = create_transform(**config, is_training=False)(shape(size)).unsqueeze(0)
    tensor, _ = to_tensor(shape(size), any_model, size=given)
    assert tensor.dtype == torch.float32 and torch.equal(tensor, expected)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("given", [None, (96, 160)])
def test_crop_shows_the_part_that_the_network_saw(any_model, size, given):
    """Squeezed to the input size, `seen` is the tensor's own picture, up to a pixel."""
    config = resolve_model_data_config(any_model)
    tensor, seen = to_tensor(shape(size), any_model, size=given)
    mean, std = (torch.tensor(config[name]).view(3, 1, 1) for name in ("mean", "std"))
    network_saw = (tensor[0] * std + mean).clamp(0, 1)
    squeezed = T.ToTensor()(seen.resize(tensor.shape[:1:-1], Image.Resampling.BICUBIC))
    # Blue is 1 in the photo and not in a border, the edge of which is blurred.
    inside = F.max_pool2d((squeezed[2:] < 0.999).float(), 7, 1, 3)[0] == 0
    pixel = max(1 / length for length in size)
    wrong = (network_saw - squeezed)[:2].abs().amax(0)
    assert wrong[inside].max() < 1.5 * pixel + 0.01 and inside.any()
    assert inside.all() or config["crop_mode"] == "border"


@pytest.mark.parametrize("fit", images.FITS)
@pytest.mark.parametrize(
    "size, sides",
    [(64, (64, 64)), ((3, 48, 80), (48, 80)), ([50, 79], (48, 80)), (np.int64(64), (64, 64))],
)
def test_size_overrides_the_models_own(embedded, photo, fit, size, sides):
    """By timm's name of it, too."""
    expected = (min(sides), min(sides) * 3 // 2) if fit == "whole" else sides
    for named in ({"size": size}, {"input_size": size}):
        assert to_tensor(photo, embedded, fit, **named)[0].shape[-2:] == expected


@pytest.mark.parametrize(
    "size", [0, -8, (64,), (1, 2, "3"), "64", (64, "80"), (64, None), float("nan"), float("inf")]
)
def test_odd_sizes_are_refused(embedded, photo, size):
    with pytest.raises(BadInput, match="size must be one whole number from 1 up, or"):
        to_tensor(photo, embedded, size=size)
    with pytest.raises(BadInput, match="size must be one whole number from 1 up, or"):
        to_tensor(photo, embedded, input_size=size)


@pytest.mark.parametrize("value", [0, -1, 87.5, "1", None, float("nan")])
def test_odd_shares_to_crop_are_refused(embedded, photo, value):
    with pytest.raises(BadInput, match="crop_pct must be a number between 0.01 and 1: "):
        to_tensor(photo, embedded, crop_pct=value)


@pytest.mark.parametrize(
    "setting",
    [{"crop": 1}, {"is_training": True}, {"crop_mode": "squish"}, {"interpolation": "cubic"}],
)
def test_unknown_settings_are_refused(embedded, photo, setting):
    ((name, value),) = setting.items()
    wrong = value if name in ("crop_mode", "interpolation") else name
    with pytest.raises(BadInput, match=f"must be one of .*: '{wrong}'"):
        to_tensor(photo, embedded, **setting)


@pytest.mark.parametrize("fit", ["crop", "whole"])
@pytest.mark.parametrize("shape", [(1, 1600), (1600, 1), (2, 1000)])
def test_a_photo_too_narrow_is_refused_in_words(embedded, fit, shape):
    with pytest.raises(BadInput, match="(?s)사진이 너무 길쭉하면.*long and narrow") as caught:
        to_tensor(Image.new("RGB", shape), embedded, fit)
    assert f"{shape[0]} × {shape[1]} → " in caught.value.en


@pytest.mark.parametrize("fit", images.FITS)
def test_more_patches_than_can_be_compared_are_refused(embedded, fit):
    with pytest.raises(BadInput, match="More than 16,384 patches"):
        to_tensor(Image.new("RGB", (8, 8)), embedded, fit, size=8 * 160)


@pytest.mark.parametrize("shape", [(1, 1), (1, 30), (30, 1), (2, 3)])
@pytest.mark.parametrize("fit", images.FITS)
def test_sides_of_one_pixel(embedded, shape, fit):
    tensor, seen = to_tensor(Image.new("RGB", shape, "red"), embedded, fit)
    assert min(seen.size) >= 1 and seen.getpixel((0, 0)) == (255, 0, 0)
    assert tensor.isfinite().all() and max(tensor.shape[-2:]) <= 30 * 112


def test_squash_is_the_posts_transform(embedded, photo):
    post = T.Compose(
        [
            T.Resize((112, 112)),
            T.ToTensor(),
            T.Normalize(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225]),
        ]
    )
    large = photo.resize((2000, 1700))  # also where load_photo would shrink it
    for picture in (photo, large):
        tensor, seen = to_tensor(picture, embedded, "squash")
        assert torch.equal(tensor, post(picture).unsqueeze(0)) and seen == picture
    assert torch.equal(to_tensor(saved(large, "PNG"), embedded, "squash")[0], tensor)


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
