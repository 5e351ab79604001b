"""Scores of maps, masks and boxes, each on cases small enough to know the answer."""

from types import SimpleNamespace

import pytest
import torch

from helpers import encoding, images, maps
from topics import deletion, gradients, masks, measure, objects
from topics.measure import best_head_jaccard, jaccard, pointing
from training.dino import build_backbone


def mask(*rows):
    return torch.tensor([[c == "#" for c in row] for row in rows])


def test_jaccard_of_known_masks():
    a, b, none = mask("##.", "..."), mask(".##", "..."), mask("...", "...")
    assert jaccard(a, b) == pytest.approx(1 / 3)
    assert (
        jaccard(mask("#"), mask("#")) == jaccard(a, a) == 1
        and jaccard(a, none) == 0
        and jaccard(none, none) == 0
    )
    stacked = jaccard(torch.stack([a, b])[:, None], torch.stack([a, b, none]))
    assert stacked.shape == (2, 3) and stacked[0, 1] == pytest.approx(1 / 3)


HEADS = torch.tensor([[[5.0, 5, 0], [0, 0, 0]], [[0, 0, 0], [0, 4, 6]]])
LEFT, RIGHT = mask("##.", "..."), mask("..#", "..#")


def test_each_object_gets_its_own_best_head():
    assert best_head_jaccard(HEADS, LEFT[None]) == 1
    # Head 1 keeps the 6 alone (60 % exactly): half of the right object.
    assert best_head_jaccard(HEADS, RIGHT[None]) == pytest.approx(1 / 2)
    assert best_head_jaccard(HEADS, torch.stack([LEFT, RIGHT])) == pytest.approx(3 / 4)
    assert best_head_jaccard(HEADS[1:], LEFT[None]) == 0


def test_objects_without_a_patch_are_left_out():
    nothing = torch.zeros_like(LEFT)
    assert best_head_jaccard(HEADS, torch.stack([LEFT, nothing])) == 1
    with pytest.raises(ValueError, match="패치.*\nNo object"):
        best_head_jaccard(HEADS, nothing[None])


def test_pointing_asks_where_the_highest_patch_is():
    m = torch.tensor([[0.1, 0.9, 0.2], [0.3, 0.4, 0.5]])
    assert pointing(m, torch.stack([LEFT, RIGHT])) is True
    assert pointing(m, RIGHT[None]) is False


# --- the bundled photos ---


@pytest.fixture(scope="module")
def views(embedded):
    return list(measure.bundled_views(embedded))


def test_views_are_what_the_lesson_would_make_by_hand(embedded, views):
    assert [view.name for view in views] == [path.stem for path in images.sample_photos()]
    (view,) = [view for view in views if view.name == "birds"]
    tensor, _ = images.to_tensor(images.load_photo("birds.jpg"), embedded, "whole")
    rows = encoding.attention(embedded, tensor)
    assert view.grid == (14, 21) and torch.equal(view.tensor, tensor)
    assert torch.allclose(view.heads, maps.cls_attention(rows, (14, 21), 1)[0])
    drawn = masks.masks_on_grid(masks.load_masks("birds"), embedded, "whole")
    assert torch.equal(view.masks, drawn)


def test_objects_that_vanish_leave_their_photo_out(embedded):
    """Squashed to 112 pixels the rocket is half a patch wide."""
    views = list(measure.bundled_views(embedded, "squash"))
    assert len(views) > 9 and "rocket" not in {view.name for view in views}
    assert all(view.masks.flatten(1).any(1).all() for view in views)


def test_network_built_by_hand_sees_its_own_size():
    view = next(measure.bundled_views(build_backbone(depth=1).eval()))
    assert view.tensor.shape[-2:] == (112, 112) and view.grid == (14, 14)


def test_box_is_right_from_more_than_half_of_one_object():
    masks = torch.stack([mask("##....", "##...."), mask("...###", "......")])
    assert measure.localised((3, 0, 6, 1), masks)
    assert measure.localised((0, 0, 2, 3), masks)  # 4 of 6
    assert not measure.localised((0, 0, 4, 2), masks)  # 4 of 8, exactly half
    assert not measure.localised((0, 0, 6, 2), masks)  # all of the picture


def test_summary_is_the_mean_of_the_measures(embedded, views):
    measured = measure.summary(embedded)
    means = [v.heads.mean(0) for v in views]
    hits = [pointing(m, v.masks) for m, v in zip(means, views)]
    flat = [best_head_jaccard(m[None], v.masks) for m, v in zip(means, views)]
    assert measured["pointing"] == sum(hits) / len(views)
    assert measured["mean map"] == pytest.approx(sum(flat) / len(views))
    best = [best_head_jaccard(v.heads, v.masks) for v in views]
    assert measured["best head"] == pytest.approx(sum(best) / len(views))
    keys = [objects.key_features(embedded, v.tensor) for v in views]
    for name, method in {"LOST": objects.lost, "TokenCut": objects.token_cut}.items():
        boxes = [method(k, v.grid).box for k, v in zip(keys, views)]
        right = [measure.localised(box, v.masks) for box, v in zip(boxes, views)]
        assert measured[name] == sum(right) / len(views)
    assert list(measured) == ["best head", "mean map", "pointing", "LOST", "TokenCut"]
    prior = measure.centre_prior(views)
    assert list(prior) == list(measured) and prior["best head"] == prior["mean map"]


# --- what looks at no photo ---


def test_centre_map_is_a_hill_whose_60_percent_are_a_third_in_the_middle():
    for grid in ((14, 14), (14, 21), (3, 5)):
        m = measure.centre_map(grid)
        assert m.shape == grid and torch.equal(m, m.flip(0)) and torch.equal(m, m.flip(1))
        assert m.argmax() in (m == m.max()).flatten().nonzero() and m[0, 0] == m.min()
    kept = masks.mass_mask(measure.centre_map((14, 14)), 0.6)
    assert 0.3 < kept.float().mean() < 0.4 and kept[5:9, 5:9].all() and not kept[0].any()


def test_centre_box_lies_in_the_middle():
    assert measure.centre_box((10, 20)) == pytest.approx((3, 1.5, 17, 8.5))


def test_centre_prior_finds_what_stands_in_the_middle_and_nothing_else():
    block = torch.zeros(2, 14, 14, dtype=torch.bool)
    block[0, 3:11, 3:11], block[1, :3, :3] = True, True
    middle, corner = (SimpleNamespace(grid=(14, 14), masks=m[None]) for m in block)
    both = measure.centre_prior([middle, corner])
    assert measure.centre_prior([middle])["pointing"] == 1 and both["pointing"] == 0.5
    assert both["LOST"] == both["TokenCut"] == 0.5 and 0 < both["mean map"] < 0.6


def test_scored_maps_carry_their_overlap_with_all_objects():
    view = SimpleNamespace(masks=torch.stack([LEFT, RIGHT]))  # 4 of 6 patches
    two = torch.tensor([[4.0, 4, 0], [0, 0, 0]])
    found = measure.scored(view, {"two": two, "all": torch.ones(2, 3)})
    assert list(found) == ["two 0.50", "all 0.60"]
    assert torch.equal(found["two 0.50"], mask("##.", "..."))


def test_choices_set_the_best_head_beside_what_chooses_less(views):
    rows = measure.choices(views[:4])
    best, one, worst, mean, hill, upper = rows.values()
    assert best == pytest.approx(sum(best_head_jaccard(v.heads, v.masks) for v in views[:4]) / 4)
    assert best > one > worst and mean < best
    prior = measure.centre_prior(views[:4])["mean map"]
    assert hill == pytest.approx(prior) and upper != hill
    fixed = [sum(best_head_jaccard(v.heads[[h]], v.masks) for v in views[:4]) / 4 for h in range(6)]
    assert one == max(fixed) and worst == min(fixed)


# --- the deletion curve ---


@pytest.fixture
def eye():
    """A model whose CLS token is (1, the mean of the picture's second patch, top middle)."""

    def forward_intermediates(pictures, *args, **kwargs):
        tokens = torch.ones(len(pictures), 7, 2)
        tokens[:, 0, 1] = pictures[:, :, :2, 2:4].mean((1, 2, 3))
        return [tokens]

    return SimpleNamespace(
        blocks=[None],
        num_prefix_tokens=1,
        forward_intermediates=forward_intermediates,
        parameters=lambda: iter([torch.zeros(1)]),
        patch_embed=SimpleNamespace(
            patch_size=(2, 2), dynamic_feat_size=lambda size: (-(-size[0] // 2), -(-size[1] // 2))
        ),
    )


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


# --- gradients without classes ---


@pytest.fixture
def looker(eye):
    """`eye`, with a CLS token of (1, twice the mean of the second patch, less that of the last)."""

    def forward_features(pictures):
        one = torch.ones(len(pictures))
        second, last = (
            pictures[:, :, :2, 2:4].mean((1, 2, 3)),
            pictures[:, :, 2:, 4:].mean((1, 2, 3)),
        )
        cls = torch.stack([one, 2 * second, -last], -1)
        return torch.cat([cls[:, None], torch.ones(len(pictures), 6, 3)], 1)

    eye.forward_features = forward_features
    return eye


def test_integrated_gradients_stay_where_the_cls_token_looks_and_add_up(looker):
    picture = torch.rand(1, 3, 4, 6, generator=torch.Generator().manual_seed(0)) + 0.5
    found = gradients.integrated_gradients(looker, picture, steps=200)
    assert found.shape == (2, 3) and not found.requires_grad
    assert set(found.flatten().nonzero().flatten().tolist()) == {1, 5}
    assert found[0, 1] > found[1, 2] > 0
    rise = 1 - gradients.self_similarity(looker, 0 * picture, picture).item()
    assert found.sum().item() == pytest.approx(rise, rel=1e-3)


def test_at_the_photo_itself_there_is_no_slope(embedded):
    tensor, _ = images.to_tensor(images.load_photo("cat.jpg"), embedded, size=32)
    for share, flat in ((1, True), (0.5, False)):
        picture = (share * tensor).requires_grad_()
        similar = gradients.self_similarity(embedded, picture, tensor)
        slope = torch.autograd.grad(similar, picture)[0].abs().max()
        assert (slope < 1e-5) == flat


def test_gradients_of_a_real_model_add_up(embedded):
    tensor, _ = images.to_tensor(images.load_photo("cat.jpg"), embedded, size=(24, 32))
    found = gradients.integrated_gradients(embedded, tensor, steps=32)
    rise = 1 - gradients.self_similarity(embedded, 0 * tensor, tensor).item()
    assert found.shape == (3, 4) and found.sum().item() == pytest.approx(rise, abs=0.02)
    with pytest.raises(ValueError):
        gradients.integrated_gradients(embedded, tensor.repeat(2, 1, 1, 1))


def test_area_is_the_mean_height():
    assert deletion.area_under(torch.ones(11)) == pytest.approx(1)
    assert deletion.area_under(torch.tensor([1.0, 0, 0])) == pytest.approx(0.25)
