"""A map lies where the photo's own edge is: nothing is padded, whatever the size.

A padded grid covers more than the photo, and laid over the photo it would be shifted.
"""

import os

import numpy as np
import pytest
import timm
import torch
import torch.nn.functional as F
from PIL import Image

from explorer import explore
from helpers import images, maps, overlay
from helpers.encoding import grid_of
from topics import folders
from topics.masks import masks_on_grid

PHOTOS = [(97, 61), (61, 97), (113, 113)]  # (width, height)
EDGE = 0.8  # of the width: black before, white after


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """What is this small is only slowed down by more, above all on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def ramp(size):
    """A photo in which red tells how far to the right a pixel is, and green how far down, 0..1."""
    width, height = size
    y, x = np.mgrid[0:height, 0:width] + 0.5
    pixels = np.stack([x / width, y / height, 0 * x], axis=-1)
    return Image.fromarray((pixels * 255).round().astype(np.uint8))


@pytest.fixture(scope="module", params=[8, 14, 16])
def model(request):
    """A ViT of which each patch token is as long as the patch is bright."""
    model = timm.create_model(
        "test_vit",
        patch_size=request.param,
        img_size=112,
        depth=1,
        num_classes=0,
        class_token=False,
        global_pool="avg",
        pretrained_cfg_overlay={"mean": (0, 0, 0), "std": (1, 1, 1), "input_size": (3, 113, 113)},
        dynamic_img_size=True,
        dynamic_img_pad=True,
    ).eval()
    with torch.no_grad():
        [parameter.zero_() for parameter in model.parameters()]
        model.patch_embed.proj.weight[0] = 1 / (3 * request.param**2)
    model.norm = torch.nn.Identity()
    return model


def places(seen_side, side, count):
    """Where the middles of `count` patches lie on a photo's side of which a part was seen, 0..1."""
    start = (side - seen_side) / 2
    return (start + (torch.arange(count) + 0.5) / count * seen_side) / side


@pytest.mark.parametrize("fit", images.FITS)
@pytest.mark.parametrize("size", PHOTOS)
def test_every_patch_holds_the_part_of_the_photo_that_it_is_drawn_on(model, size, fit):
    photo, (step, _) = ramp(size), model.patch_embed.patch_size
    white = np.zeros((1, *size[::-1]), bool)
    white[..., round(EDGE * size[0]) :] = True
    for pixels in range(30 + PHOTOS.index(size), 261, len(PHOTOS)):  # together every size
        tensor, seen = images.to_tensor(photo, model, fit, pixels)
        gh, gw = grid = grid_of(model, tensor)
        assert tensor.shape[-2:] == (gh * step, gw * step), pixels
        red, green, _ = F.avg_pool2d(tensor, step)[0]
        for found, seen_side, side in (
            (red.mean(0), seen.width, 0),
            (green.mean(1), seen.height, 1),
        ):
            place = places(seen_side, size[side], len(found))
            assert (found - place).abs().max() < 1.5 / size[side] + 0.01, pixels
        (covered,) = masks_on_grid(white, model, fit, pixels)
        assert covered.shape == grid, pixels
        middles = places(seen.width, size[0], gw)
        clear = (middles - EDGE).abs() > 1.5 / size[0]  # an edge amid a patch may round either way
        assert torch.equal(covered[0, clear], (middles > EDGE)[clear]), pixels


@pytest.mark.parametrize("pixels", [105, 113, 119, 120])
def test_maps_and_overlays_have_the_edge_where_the_photo_has_it(model, pixels):
    photo = Image.new("RGB", (97, 61))
    photo.paste("white", (round(EDGE * 97), 0, 97, 61))
    tensor, seen = images.to_tensor(photo, model, "squash", pixels)
    m = maps.norm_map(model, tensor)
    box = explore(photo, model, "squash", pixels)
    sent = np.frombuffer(box.data["norm"], np.float32).reshape(box.data["grid"])
    assert np.allclose(maps.min_max(torch.tensor(sent)), m, atol=1e-6)
    shown = np.asarray(overlay.blend(seen, m, alpha=1, cmap="gray"))[0, :, 0].astype(float)
    after = int(np.argmax(shown > 127.5))
    crossing = after - 0.5 + (127.5 - shown[after - 1]) / (shown[after] - shown[after - 1])
    assert abs(crossing / 97 - EDGE) < 0.5 / m.shape[1] + 1 / 97


def test_a_search_gets_the_same_tensor(model, tmp_path):
    photo = ramp(PHOTOS[0])
    photo.save(tmp_path / "ramp.png")
    ((_, found),) = next(folders.batches([os.fsencode(tmp_path / "ramp.png")], model, 1))
    assert torch.equal(found, images.to_tensor(photo, model)[0])
    assert found.shape[-1] % model.patch_embed.patch_size[1] == 0
