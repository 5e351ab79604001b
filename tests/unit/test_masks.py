"""The hand-drawn masks: whole, of the photo's size, and brought to the patches that a model saw."""

import numpy as np
import pytest
import timm
import torch
import torch.nn.functional as F
from PIL import Image

from helpers import images
from helpers.images import load_photo, sample_photos
from sources.kinds import PhotoError
from topics.masks import load_masks, masks_on_grid

OBJECTS = {
    "astronaut": 2,
    "ball": 1,
    "bat": 1,
    "bee": 3,
    "birds": 2,
    "camera": 2,
    "cat": 1,
    "coffee": 1,
    "cow": 3,
    "crab": 1,
    "drums": 3,
    "giraffes": 2,
    "guitar": 2,
    "harrier": 1,
    "hens": 4,
    "heron": 1,
    "kingfisher": 1,
    "kitten": 2,
    "koala": 1,
    "macaque": 1,
    "moonwalk": 1,
    "owl": 1,
    "pagoda": 1,
    "rocket": 1,
    "swans": 8,
    "toucan": 1,
}


def test_every_sample_photo_has_its_masks():
    assert {path.stem for path in sample_photos()} >= set(OBJECTS)
    for path in sample_photos():
        masks, (width, height) = load_masks(path), load_photo(path).size
        assert masks.dtype == bool and masks.shape[1:] == (height, width)
        assert len(masks) == OBJECTS.get(path.stem, len(masks))
        assert masks.any((1, 2)).all() and masks.sum(0).max() == 1  # none empty, none overlapping


def test_masks_are_found_by_name_file_name_and_path():
    path = images.IMAGES / "birds.jpg"
    for source in ("birds", "birds.jpg", path, str(path)):
        assert np.array_equal(load_masks(source), load_masks("birds"))


def test_masks_lie_where_the_objects_are():
    """Places that nobody could mistake, one on each object and one on the background."""
    places = {  # (x, y) on object 1, on object 2 …, then on the background
        "astronaut": [(200, 400), (400, 180), (330, 60)],
        "birds": [(110, 210), (600, 230), (400, 400)],
        "kitten": [(280, 220), (450, 300), (100, 500)],
        "cow": [(500, 330), (270, 165), (680, 160), (60, 300)],
        "kingfisher": [(370, 180), (560, 320)],
        "rocket": [(323, 250), (200, 300)],
    }
    for name, points in places.items():
        masks = load_masks(name)
        *on, (x, y) = points
        assert [masks[:, y, x].tolist() for x, y in on] == np.eye(len(masks), dtype=bool).tolist()
        assert not masks[:, y, x].any(), name


def test_unknown_photo_lists_those_that_have_masks():
    with pytest.raises(PhotoError) as error:
        load_masks("dog.jpg")
    assert error.value.ko.startswith(
        "이 사진의 마스크는 없습니다: dog.jpg. 마스크가 있는 사진: astr"
    )
    assert error.value.en.startswith("No masks were drawn for this photo: dog.jpg. Photos with ")


@pytest.mark.parametrize("fit", images.FITS)
@pytest.mark.parametrize("size", [None, 102, (80, 120)])  # 102 is no multiple of the patch
@pytest.mark.parametrize("name", ["birds", "koala", "astronaut"])
def test_patches_are_those_that_to_tensor_shows(embedded, name, fit, size):
    """A mask drawn as a black and white photo, sent through the network's own preprocessing."""
    mask = load_masks(name)[:1]
    drawn = Image.fromarray(mask[0]).convert("RGB")
    tensor, _ = images.to_tensor(drawn, embedded, fit, size)
    white = (tensor[0, 0] - tensor.min()) / (tensor.max() - tensor.min())
    share = F.avg_pool2d(white[None], 8)[0]
    (found,) = masks_on_grid(mask, embedded, fit, size)
    assert found.dtype == torch.bool and found.shape == share.shape
    clear = (share - 0.5).abs() > 0.08  # resizing rounds the outline a little
    assert torch.equal(found[clear], (share > 0.5)[clear])
    assert clear.float().mean() > 0.9 and found.any()


def test_a_patch_counts_from_more_than_half(embedded):
    masks = np.zeros((2, 112, 112), bool)
    masks[0, :8, :4] = True  # exactly half of the first patch
    masks[1, :8, :4] = masks[1, 0, 4] = True
    found = masks_on_grid(masks, embedded, "squash")
    assert not found[0].any() and found[1].nonzero().tolist() == [[0, 0]]


def test_bad_fit_is_refused(embedded):
    with pytest.raises(ValueError, match="fit must be one of"):
        masks_on_grid(np.ones((1, 9, 9), bool), embedded, "stretch")


def test_patches_need_not_be_square():
    model = timm.create_model("test_vit")
    model.patch_embed.patch_size = (16, 32)
    mask = np.zeros((1, 160, 160), bool)
    mask[0, 16:32, 32:64] = True
    assert masks_on_grid(mask, model, "squash")[0].nonzero().tolist() == [[1, 1]]
