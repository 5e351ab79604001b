"""k nearest neighbours, probes, and pictures whose answer is known."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from helpers.images import load_photo
from topics import composites, features, foreground


def clouds(each=30, far=4.0):
    """Three clouds of points, (3 each, 2), and which cloud each is of."""
    labels = torch.arange(3).repeat(each)
    middles = torch.tensor([[far, 0], [0, far], [-far, -far]])
    noise = torch.randn(len(labels), 2, generator=torch.Generator().manual_seed(0))
    return middles[labels] + noise, labels


@pytest.mark.parametrize("far, k, winner", [(0.5, 20, 1), (0.3, 20, 0), (0.3, 1, 1)])
def test_near_neighbours_outvote_more_that_are_far(far, k, winner):
    angles = torch.tensor([0.1, far, far, far])
    bank = torch.stack([angles.cos(), angles.sin()], dim=1) * torch.tensor([[9], [1], [2], [3]])
    labels, query = torch.tensor([1, 0, 0, 0]), torch.tensor([[1.0, 0.0]])
    assert features.knn(bank, labels, query, k).tolist() == [winner]  # exp(0.117 / 0.07) is over 3


def test_ranks_count_every_class_from_0_in_another_order_a_seed():
    labels = torch.tensor([0, 1, 0, 1, 1, 0])
    for seed in range(3):
        rank = features.ranks(labels, seed)
        assert all(sorted(rank[labels == n].tolist()) == [0, 1, 2] for n in (0, 1))
    assert not torch.equal(features.ranks(labels, 0), features.ranks(labels, 3))


def test_few_shot_tells_features_from_noise():
    points, labels = clouds()
    noise = torch.randn(len(points), 2, generator=torch.Generator().manual_seed(1))
    told, chance = (features.few_shot(f, labels, (1, 5), 6) for f in (points, noise))
    assert told.shape == (2, 6) and told[1].mean() > 0.9
    assert 0.2 < chance.mean() < 0.47


def test_examples_are_not_marked():
    """Random labels: whoever marked the examples, too, would be right in more than half."""
    points = torch.randn(20, 50, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(2).repeat(10)
    found = features.few_shot(points, labels, (8,), 20)
    assert found.mean() < 0.65


def test_untrained_equals_differ_by_seed_and_leave_random_numbers_alone(embedded):
    torch.manual_seed(5)
    nets = features.beside_untrained(embedded, seeds=2)
    after = torch.rand(1)
    torch.manual_seed(5)
    assert torch.equal(after, torch.rand(1))
    assert nets.pop("embedded") is embedded
    first, second = (net.patch_embed.proj.weight for net in nets.values())
    assert not torch.equal(first, second) and [*nets] == ["untrained 0", "untrained 1"]


def test_a_cut_out_lies_where_its_mask_says():
    background = load_photo("pagoda.jpg").resize((150, 100))
    picture, mask = composites.lay("ball", background, (0.5, 0.5), 0.6)
    was, now = (np.asarray(p).astype(int) for p in (background, picture))
    assert picture.size == background.size and (was[~mask] == now[~mask]).mean() > 0.9
    assert (was[mask] != now[mask]).any(axis=-1).mean() > 0.9
    rows, columns = mask.nonzero()
    assert abs(rows.mean() - 50) < 5 and abs(columns.mean() - 75) < 5
    assert max(np.ptp(rows), np.ptp(columns)) == pytest.approx(60, abs=4)


def test_the_film_moves_and_grows():
    film = [*composites.clip("cat", "coffee", frames=5, height=60)]
    masks = np.stack([mask for _, mask in film])
    middles = [mask.nonzero()[1].mean() for mask in masks]
    assert middles == sorted(middles) and masks[-1].sum() > 1.4 * masks[0].sum()
    assert {picture.size for picture, _ in film} == {(90, 60)}


def test_class_pictures_are_as_many_of_each_and_the_same_again():
    pictures, labels = composites.class_pictures(each=2, size=32)
    again, _ = composites.class_pictures(each=2, size=32)
    assert labels.bincount().tolist() == [2] * 10 and len(pictures) == 20
    assert all(np.array_equal(a, b) for a, b in zip(pictures, again))
    assert not np.array_equal(pictures[0], pictures[1])
    digits, which = composites.digit_pictures(each=2)
    assert which.tolist() == [n for n in range(10) for _ in range(2)] and digits[0].size == (8, 8)


def test_colours_and_places_follow_the_grid(embedded, photo):
    tokens, grid = foreground.patch_features(embedded, 64)(photo)
    colours, same = foreground.patch_colours(embedded, 64)(photo)
    places, _ = foreground.patch_places(embedded, 64)(photo)
    assert grid == same == (8, 12) and len(tokens) == len(colours) == len(places) == 96
    white = colours[:, :3].sum(dim=1).reshape(grid)
    assert white.argmax().item() in [row * 12 + column for row in (3, 4) for column in (3, 4, 5)]
    assert places.argmax().item() // 12 in (3, 4) and places.argmin().item() in (0, 11, 84, 95)


def made_up(count=12):
    """Photos whose objects are bright, to a feature or to none."""
    generator = torch.Generator().manual_seed(0)
    photos = []
    for n in range(count):
        truth = torch.rand(5, 6, generator=generator) > 0.6
        noise = torch.randn(30, 3, generator=generator)
        told = noise + 6 * F.pad(truth.flatten().float()[:, None], (1, 1))
        photos.append(foreground.Photo(str(n), None, told, (5, 6), truth))
    return photos


def test_a_foreground_probe_learns_from_few_and_is_marked_on_others():
    photos = made_up()
    blind = [p._replace(features=p.features[:, :1]) for p in photos]
    table = foreground.few_shot(photos, (1, 3), draws=3)
    assert table.shape == (2, 3) and table[1].mean() > 0.9
    assert foreground.few_shot(blind, (1, 3), draws=3).mean() < 0.5
    probe = foreground.fit(photos[:3])
    sure = foreground.predict(probe, photos[5].features, photos[5].grid)
    assert sure.shape == (5, 6) and sure[photos[5].truth].mean() > 0.8
    assert sure[~photos[5].truth].mean() < 0.3
