"""Deletion curves, the area under them, and contests of maps, on a model whose gaze is known."""

from types import SimpleNamespace

import pytest
import torch

from helpers import encoding, images
from topics import deletion


def test_curve_falls_when_the_patch_that_counts_goes(eye):
    picture = torch.ones(1, 3, 4, 6)
    low = 0.5**0.5  # the angle between (1, 1) and (1, 0) is 45 degrees
    for place in range(6):
        others = [value for value in range(6) if value != 5 - place]
        m = torch.tensor([others[0], 5 - place, *others[1:]], dtype=torch.float32)
        curve = deletion.curve(eye, picture, m.reshape(2, 3), steps=6)
        expected = torch.tensor([1.0] * (place + 1) + [low] * (6 - place))
        assert torch.allclose(curve, expected, atol=1e-5)


def test_curve_of_patches_that_are_not_square(eye):
    eye.patch_embed.patch_size = (4, 1)
    eye.patch_embed.dynamic_feat_size = lambda size: (
        size[0] // 4,
        size[1],
    )  # six columns; the CLS token looks at two of them
    curve = deletion.curve(eye, torch.ones(1, 3, 4, 6), torch.tensor([[0.0, 1, 9, 8, 2, 3]]), 6)
    halfway = (1 + 0.5) / (2 * (1 + 0.5**2)) ** 0.5
    expected = torch.tensor([1.0, halfway, *[0.5**0.5] * 5])
    assert torch.allclose(curve, expected, atol=1e-5)


def test_curve_ends_at_the_grey_picture_for_any_map(embedded):
    tensor, _ = images.to_tensor(images.load_photo("cat.jpg"), embedded)
    m = torch.rand(14, 14, generator=torch.Generator().manual_seed(0))
    up, down = (deletion.curve(embedded, tensor, order, steps=4) for order in (m, -m))
    assert up.shape == (5,) and up[0] == pytest.approx(1)
    assert up[-1] == pytest.approx(down[-1].item(), abs=1e-4) and not torch.allclose(up, down)
    half = tensor.clone()
    for index in m.flatten().topk(98).indices.tolist():
        row, column = divmod(index, 14)
        half[..., row * 8 : row * 8 + 8, column * 8 : column * 8 + 8] = 0
    whole, greyed = (encoding.encode(embedded, x).cls_token for x in (tensor, half))
    assert up[2] == pytest.approx(torch.cosine_similarity(whole, greyed).item(), abs=1e-4)


def test_insertion_rises_as_what_counts_comes_back(eye):
    eye.patch_embed.patch_size = (4, 1)
    eye.patch_embed.dynamic_feat_size = lambda size: (size[0] // 4, size[1])  # six columns
    m = torch.tensor([[0.0, 1, 9, 8, 2, 3]])
    curve = deletion.curve(eye, torch.ones(1, 3, 4, 6), -m, steps=6).flip(0)
    halfway = (1 + 0.5) / (2 * (1 + 0.5**2)) ** 0.5
    assert torch.allclose(curve, torch.tensor([0.5**0.5, halfway, *[1.0] * 5]), atol=1e-5)


def test_contest_sets_maps_beside_random_orders(eye):
    picture, m = torch.ones(1, 3, 4, 6), torch.tensor([[0.0, 9, 1], [2, 3, 4]])
    areas = deletion.contest(eye, picture, {"knows": m, "reversed": -m}, orders=4)
    assert areas.shape == (6, 2)
    assert (areas[0, 0] <= areas[2:, 0]).all() and (areas[0, 1] >= areas[2:, 1]).all()
    assert (areas[1, 0] >= areas[2:, 0]).all() and areas[2:, 0].std() > 0
    again = deletion.contest(eye, picture, {"knows": m, "reversed": -m}, orders=4)
    assert torch.equal(areas, again)


def test_contest_measures_what_the_curves_do(embedded):
    """Its random orders, too, of which half are the others' reverse and never run."""
    tensor, _ = images.to_tensor(images.load_photo("cat.jpg"), embedded, size=32)
    m = torch.rand(4, 4, generator=torch.Generator().manual_seed(5))
    areas = deletion.contest(embedded, tensor, {"m": m}, orders=2, steps=4, seed=3)
    dice = torch.rand(1, 4, 4, generator=torch.Generator().manual_seed(3))[0]
    for row, order in zip(areas, (m, dice, -dice)):
        for area, highest_first in zip(row, (order, -order)):
            curve = deletion.curve(embedded, tensor, highest_first, steps=4)
            assert area == pytest.approx(deletion.area_under(curve), abs=1e-4)


def test_tournament_counts_the_photos_where_a_map_beats_the_centre(eye):
    """The CLS token looks at the patch top middle; "centre" knows it on no photo."""
    knows = torch.tensor([[0.0, 9, 1], [2, 3, 4]])
    views = [SimpleNamespace(tensor=torch.ones(1, 3, 4, 6), m=m) for m in (knows, knows, -knows)]
    rows = deletion.tournament(
        eye, views, lambda v: {"map": v.m, "centre": -knows}, orders=6, steps=6
    )
    assert list(rows) == ["map", "centre", "random", "- lowest", "- highest"]
    assert rows["map"][2] == 2 and rows["centre"][2] == 0
    one, best = (deletion.contest(eye, v.tensor, {"m": v.m}, 2, 6)[0] for v in (views[2], views[0]))
    assert rows["map"][:2] == pytest.approx(((2 * best + one) / 3).tolist())
    low, mean, high = (rows[k][0] for k in ("- lowest", "random", "- highest"))
    assert low < mean < high and rows["random"][0] == pytest.approx(rows["random"][1])


def test_area_is_the_mean_height():
    assert deletion.area_under(torch.ones(11)) == pytest.approx(1)
    assert deletion.area_under(torch.tensor([1.0, 0, 0])) == pytest.approx(0.25)
