"""Lesson 11's pictures: shapes, textures, views, and the masks that are held out."""

import math

import pytest
import torch

from training import shapes
from training.scenes import Scenes


@pytest.mark.parametrize("shape", shapes.SHAPES)
def test_a_shape_lies_within_its_square(shape):
    mask = shape(*shapes.plane(64))
    assert mask.dtype == torch.bool and 0.1 < mask.float().mean() < 0.9
    corners = mask[[0, 0, -1, -1], [0, -1, 0, -1]]
    assert not corners.any()
    assert torch.equal(mask, mask.flip(1))  # all of them are the same in a mirror


def test_a_star_has_five_points_and_one_of_them_is_up():
    x, y = (0.8 * f(torch.arange(3600) / 3600 * 2 * math.pi) for f in (torch.sin, torch.cos))
    inside = shapes.star(x, y)
    assert (inside & ~inside.roll(1)).sum() == 5
    assert shapes.star(torch.tensor(0.0), torch.tensor(-0.8))
    assert not shapes.star(torch.tensor(0.0), torch.tensor(0.8))


def test_a_pool_is_the_same_for_the_same_seed_and_has_every_shape(pool):
    again, other = shapes.draw_pool(), shapes.draw_pool(seed=1)
    assert all(torch.equal(pool[name], again[name]) for name in pool)
    assert not torch.equal(pool["cutouts"], other["cutouts"])
    assert len(torch.unique(pool["cutouts"][:, 3].flatten(1), dim=0)) == len(shapes.SHAPES)
    assert 0.15 < pool["cutout_held"].float().mean() < 0.35


def test_my_own_shape_is_drawn():
    pool = shapes.draw_pool(count=4, size=16, shapes=[lambda x, y: x > 0])
    alpha = pool["cutouts"][:, 3]
    assert (alpha[:, :, :8] == 0).all() and (alpha[:, :, 8:] == 255).all()


def test_textures_differ_and_fill_their_range():
    textures = shapes.draw_textures(64, 32, torch.Generator().manual_seed(0))
    assert textures.shape == (64, 3, 32, 32) and textures.dtype == torch.uint8
    textures = textures / 255
    flat = textures.flatten(2).std(2).amax(1) < 0.01  # one colour all over
    assert 0 < flat.sum() < 32


def test_views_are_two_large_crops_and_some_small_ones_of_the_same_scene(pool):
    crops = shapes.draw_views(Scenes(pool), 3, local_crops=2)
    sides = [shapes.SIZE] * 2 + [shapes.LOCAL_SIZE] * 2
    assert [tuple(c.shape) for c in crops] == [(3, 3, side, side) for side in sides]
    again = shapes.draw_views(Scenes(pool), 3, local_crops=2)
    assert all(torch.equal(a, b) for a, b in zip(crops, again))


@pytest.fixture
def plain(pool):
    """White shapes on black grounds: the mask is where the picture is bright."""
    cutouts = torch.cat([torch.full_like(pool["cutouts"][:, :3], 255), pool["cutouts"][:, 3:]], 1)
    return pool | {"cutouts": cutouts, "grounds": torch.zeros_like(pool["grounds"])}


def test_held_out_masks_lie_on_the_shapes_and_none_is_empty(plain):
    pictures, masks = shapes.held_out(plain)
    bright = torch.nn.functional.avg_pool2d(pictures[:, :1], shapes.PATCH)[:, 0]
    assert masks.shape == (128, *shapes.GRID) and masks.flatten(1).any(1).all()
    assert torch.equal(masks & (bright > 0.51), bright > 0.51)
    assert (bright[masks] > 0.49).float().mean() > 0.95


def test_a_shape_too_small_for_half_a_patch_still_has_its_mask(plain, monkeypatch):
    monkeypatch.setattr(shapes, "HELD_OUT_SCALE", (0.05, 0.08))
    pictures, masks = shapes.held_out(plain)
    covered, seen = masks.flatten(1).sum(1), pictures.flatten(1).amax(1) > 0
    assert seen.float().mean() > 0.5  # so small a shape may also stand beside the picture
    assert torch.equal(covered > 0, seen) and covered.max() <= 4
