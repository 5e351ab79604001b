"""Photos in the explorer: how large they go to the page, their masks, a reader's own."""

import io

import numpy as np
import pytest
from PIL import Image

import explorer
from explorer.data import shrink
from explorer.network import levels
from helpers import images
from topics.masks import load_masks, masks_on_grid


def test_large_photo_is_sent_small():
    small = shrink(Image.new("RGBA", (1600, 900)))
    assert small.size == (384, 216) and small.mode == "RGB"


@pytest.mark.parametrize("side, sent", [(300, None), (900, 900), (2000, 1600)])
def test_the_picture_to_keep_is_the_photos_own_size(embedded, side, sent):
    box = explorer.explore(Image.new("RGB", (side, side), "red"), embedded, fit="whole")
    assert (Image.open(io.BytesIO(box.full)).size if box.full else None) == (sent and (sent, sent))


@pytest.mark.parametrize("fit", ["crop", "squash", "whole"])
def test_the_page_gets_the_networks_own_picture(photo, embedded, fit):
    tensor, _ = images.to_tensor(photo, embedded, fit)
    picture = np.asarray(Image.open(io.BytesIO(levels(embedded, tensor))))
    mean, std = (np.array(embedded.pretrained_cfg[name], np.float32) for name in ("mean", "std"))
    again = ((picture / np.float32(255) - mean) / std).transpose(2, 0, 1)
    assert np.abs(again - tensor[0].numpy()).max() < 1e-6


def test_a_photo_from_the_page(asked, embedded):
    """For a model that the kernel computes; all is as if it had been given from the start."""
    ask, view, _ = asked
    other = Image.new("RGB", (200, 90), "teal")
    file = io.BytesIO()
    other.save(file, "PNG")
    view.mask = b"\1" * 196  # the old photo's must go
    view._answer(view, {"ask": "photo", "name": "a.png"}, [file.getvalue()])
    wanted = explorer.explore(other, embedded, fit="whole")  # no one crops their own
    for name in ("photo", "full", "data", "input", "mask"):
        assert getattr(view, name) == getattr(wanted, name), name


@pytest.mark.parametrize("size, grid", [((300, 100), (14, 42)), ((100, 400), (14, 14))])
def test_a_very_long_photo_is_cropped(embedded, size, grid):
    """Whole, it would have thousands of patches, each compared with all others; it is said."""
    masks = np.ones((1, *size[::-1]), bool)
    box = explorer.explore(Image.new("RGB", size), embedded, fit="whole", masks=masks)
    assert tuple(box.data["grid"]) == grid and box.cropped == (grid == (14, 14))
    assert box.mask == b"\1" * (grid[0] * grid[1])


def test_masks_of_a_bundled_photo(embedded):
    """Known by the photo's name, in the view that the network has."""
    box = explorer.explore("kingfisher.jpg", embedded, fit="whole")
    wanted = masks_on_grid(load_masks("kingfisher"), embedded, "whole").any(0).flatten()
    assert list(box.mask) == wanted.int().tolist()
    assert explorer.explore(images.load_photo("kingfisher.jpg"), embedded).mask == b""
