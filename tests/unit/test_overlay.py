"""Overlays, to the pixel."""

import matplotlib
import numpy as np
import pytest
import torch
from PIL import Image

from helpers.overlay import COLORMAPS, blend, colorize, resize_map

M = torch.tensor([[0.0, 0.25, 1.0], [0.5, 0.75, 0.1]])


def test_alpha_0_is_the_photo(photo):
    assert np.array_equal(np.asarray(blend(photo, M, alpha=0)), np.asarray(photo))


@pytest.mark.parametrize("smooth", [True, False])
@pytest.mark.parametrize("cmap", COLORMAPS)
def test_alpha_1_is_the_colour_picture(photo, cmap, smooth):
    colours = colorize(resize_map(M, photo.size, smooth), cmap)
    assert np.array_equal(np.asarray(blend(photo, M, 1, cmap, smooth)), colours)


def test_alpha_between_is_the_weighted_sum(photo):
    colours = colorize(resize_map(M, photo.size)).astype(float)
    expected = 0.7 * np.asarray(photo) + 0.3 * colours
    assert np.abs(np.asarray(blend(photo, M, alpha=0.3)) - expected).max() <= 1


def test_blend_has_the_photos_own_size_and_leaves_it_alone(photo):
    before = np.asarray(photo).copy()
    assert blend(photo, M).size == photo.size
    assert np.array_equal(np.asarray(photo), before)


def test_grey_photo():
    assert blend(Image.new("L", (9, 6), 40), M, alpha=0).getpixel((0, 0)) == (40, 40, 40)


@pytest.mark.parametrize("kind", [torch.as_tensor, np.asarray])
def test_resize_is_the_posts(kind):
    expected = np.array(Image.fromarray(M.numpy()).resize((31, 17), Image.Resampling.BILINEAR))
    resized = resize_map(kind(M), (31, 17))
    assert resized.dtype == np.float32 and np.array_equal(resized, expected)


def test_resize_without_smoothing_keeps_flat_patches():
    expected = np.kron(M.numpy(), np.ones((4, 5)))
    assert np.array_equal(resize_map(M, (15, 8), smooth=False), expected.astype(np.float32))


def test_colours_are_matplotlibs():
    table = (np.asarray(matplotlib.colormaps["cividis"].colors) * 255).round()
    picture = colorize(np.array([[0.0, 1.0]]), "cividis")
    assert picture.dtype == np.uint8 and picture.shape == (1, 2, 3)
    assert np.abs(picture[0] - table[[0, -1]]).max() <= 1


def test_unknown_colormap():
    with pytest.raises(ValueError, match="cmap must be one of viridis.*rainbowish"):
        colorize(np.zeros((2, 2)), "rainbowish")


@pytest.mark.parametrize("alpha", [-0.1, 1.1, float("nan"), None, "0.5", [0.5], torch.ones(2)])
def test_alpha_out_of_range(photo, alpha):
    with pytest.raises(ValueError, match="alpha must be a number between 0 and 1: "):
        blend(photo, M, alpha=alpha)


@pytest.mark.parametrize("m", [M * 2, M - 0.5, torch.full((2, 3), float("nan"))])
def test_map_out_of_range(photo, m):
    with pytest.raises(ValueError, match="must lie in 0..1.*maps.min_max"):
        blend(photo, m)


def test_several_maps_at_once(photo):
    with pytest.raises(ValueError, match=r"A map must be \(gh, gw\): \(1, 2, 3\)"):
        blend(photo, M[None])
