"""Scores of maps, masks and boxes, each on cases small enough to know the answer."""

from types import SimpleNamespace

import pytest
import torch
from grids import mask

from helpers import encoding, images, maps
from topics import masks, measure, objects
from topics.measure import best_head_jaccard, jaccard, pointing
from training.dino import build_backbone


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
