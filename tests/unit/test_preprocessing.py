"""Preprocessings of one photo, and maps in their place."""

import numpy as np
import pytest
import torch
from timm.data import resolve_model_data_config
from torchvision import transforms as T

from helpers import images, overlay
from topics import preprocessing


def test_overrides_are_settings_of_timms_data_config(embedded, photo):
    """The lesson's bicubic squash, and DINO's own evaluation crop: 256 of 224, in proportion."""
    config = resolve_model_data_config(embedded)
    bicubic = T.InterpolationMode.BICUBIC
    finish = [T.ToTensor(), T.Normalize(config["mean"], config["std"])]
    dino = T.Compose([T.Resize(128, bicubic), T.CenterCrop(112), *finish])
    squash = T.Compose([T.Resize((112, 112), bicubic), *finish])
    tensor, seen = images.to_tensor(photo, embedded, crop_pct=224 / 256)
    assert torch.equal(tensor[0], dino(photo))
    assert abs(seen.height - photo.height * 112 / 128) <= 1 and seen.width == seen.height
    tensor, seen = images.to_tensor(photo, embedded, crop_pct=1.0, crop_mode="squash")
    assert torch.equal(tensor[0], squash(photo)) and seen.size == photo.size


@pytest.mark.parametrize("settings", [{}, {"crop_pct": 0.5}, {"fit": "squash"}])
def test_map_lies_where_the_network_saw_the_photo(embedded, settings):
    photo = images.load_photo("crab.jpg")
    _, seen = images.to_tensor(photo, embedded, **settings)
    m = torch.linspace(0, 1, 196).reshape(14, 14)
    placed = preprocessing.place(m, seen, photo)
    assert placed.shape == (photo.height, photo.width)
    rows, columns = np.nonzero(np.isfinite(placed))
    there = photo.crop((columns.min(), rows.min(), columns.max() + 1, rows.max() + 1))
    assert there.size == seen.size and len(rows) == seen.width * seen.height
    shift = np.abs(np.asarray(there, float) - np.asarray(seen, float)).mean()
    assert shift < 25  # at most one pixel away; other places differ by 40 and more
    assert np.array_equal(placed[np.isfinite(placed)], overlay.resize_map(m, seen.size).ravel())


def test_difference_over_the_part_that_both_show():
    nan = np.nan
    a = np.array([[nan, 2, 4, 6], [nan, 2, 2, 99]], dtype=np.float32)
    b = np.array([[50, 0, 5, 10], [50, 10, 0, nan]], dtype=np.float32)
    expected = [[nan, 0, 0, 0], [nan, -1, 0, nan]]
    assert np.array_equal(preprocessing.difference(a, b), expected, equal_nan=True)
    assert np.array_equal(preprocessing.difference(b, a), -np.array(expected), equal_nan=True)
    flat = np.ones((2, 4), np.float32)
    assert np.array_equal(preprocessing.difference(flat, flat), np.zeros((2, 4)))


@pytest.mark.parametrize("name", ["crab.jpg", "koala.jpg", "cow.jpg"])
def test_interpolation_matters_less_than_the_crop(embedded, name):
    """What lesson 09 says of its four preprocessings."""
    from helpers import maps

    photo = images.load_photo(name)
    ways = {"post": {"fit": "squash"}, "bicubic": {"crop_pct": 1.0, "crop_mode": "squash"}}
    ways |= {"timm": {}, "DINO": {"crop_pct": 224 / 256}}
    placed = preprocessing.compare(photo, embedded, ways)
    tensor, seen = images.to_tensor(photo, embedded)
    by_hand = preprocessing.place(maps.attention_map(embedded, tensor), seen, photo)
    assert np.array_equal(placed["timm"], by_hand, equal_nan=True)
    change = preprocessing.changes(placed)
    assert change["post"] == 0 and 2 * change["bicubic"] < min(change["timm"], change["DINO"])
