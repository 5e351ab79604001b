"""Masks that follow features through a video."""

import numpy as np
import pytest
import torch
from films import dots
from PIL import Image

from bilingual import BadInput
from topics import propagation


def cells(picture):
    """Mean colours of 8 × 8 patches, for features."""
    mean = np.asarray(picture).reshape(5, 8, 10, 8, 3).mean(axis=(1, 3))
    return torch.tensor(mean - 127).float().flatten(0, 1), (5, 10)


def test_the_label_follows_what_moves():
    pictures, masks = zip(*dots())
    labels = [*propagation.follow(pictures, masks[0], cells)]
    assert propagation.score(labels, masks).min() > 0.9
    scores = propagation.contest(dots(), {"cells": cells})
    assert torch.equal(scores["cells"], propagation.score(labels, masks))
    assert scores["copied"][0] == pytest.approx(1 / 3) and scores["copied"][1:].max() == 0
    thrown = np.random.default_rng(0).random((500, 40, 80)) < masks[2].mean()  # as large, anywhere
    met = np.mean([(mask & masks[2]).sum() / (mask | masks[2]).sum() for mask in thrown])
    assert scores["chance"].tolist() == pytest.approx([met] * 5, abs=0.002)


def test_one_step_by_hand():
    generator, grid = torch.Generator().manual_seed(0), (5, 10)
    old, new = torch.randn(2, 50, 4, generator=generator)
    mask = torch.rand(40, 80, generator=generator) > 0.5
    similar = torch.cosine_similarity(new[:, None], old, dim=-1)
    share = mask.float().reshape(5, 8, 10, 8).mean(dim=(1, 3)).flatten()
    best, who = similar.topk(3)
    wanted = ((best / 0.5).softmax(1) * share[who]).sum(1).reshape(grid)
    tokens = iter([(old, grid), (new, grid)])
    _, label = propagation.follow(
        [None] * 2, mask, lambda picture: next(tokens), k=3, radius=99, temperature=0.5
    )
    assert torch.allclose(label, wanted, atol=1e-5)


def test_farther_than_the_radius_is_not_asked():
    pictures, masks = zip(*dots(3))
    far = [*propagation.follow([pictures[0], pictures[2]], masks[0], cells, radius=1)]
    assert far[1][:, 3:].max() == 0 < far[1][2, 2]  # the block jumped over two columns
    near = [*propagation.follow([pictures[0], pictures[2]], masks[0], cells, radius=2)]
    assert near[1][2:4, 2:4].min() > 0.9


def test_only_the_first_and_the_last_few_are_kept():
    asked = []

    def watched(picture):
        asked.append(picture)
        return cells(picture)

    pictures, masks = zip(*dots())
    stream = propagation.follow(iter(pictures), masks[0], watched, context=1)
    next(stream)
    assert len(asked) == 1  # frame by frame
    short = [*propagation.follow(pictures, masks[0], cells, context=0, radius=2)]
    assert short[5][:, 5:].max() == 0  # the first frame alone is asked, and it is too far off


@pytest.mark.parametrize("bad", ["empty", "size"])
def test_what_cannot_be_followed_is_said(bad):
    pictures, masks = zip(*dots(2))
    if bad == "empty":
        with pytest.raises(BadInput, match="empty"):
            next(propagation.follow(pictures, masks[0] & False, cells))
    else:
        other = Image.fromarray(np.zeros((40, 80, 3), np.uint8))
        sizes = iter([cells(other), (torch.ones(4, 3), (2, 2))])
        with pytest.raises(BadInput, match="size changes"):
            [*propagation.follow(pictures, masks[0], lambda picture: next(sizes))]


def test_every_feature_gets_a_curve():
    (ax,) = propagation.draw_scores({str(i): torch.ones(3) for i in range(9)}, weights="w").axes
    assert len(ax.lines) == 9


def test_shown_is_dark_but_for_the_label():
    picture = Image.new("RGB", (40, 20), "white")
    label = torch.zeros(2, 4)
    label[:, :2] = 1
    (made,) = propagation.shown([picture], [label])
    assert np.asarray(made)[10, 2].min() > 240 > 100 > np.asarray(made)[10, 38].max()
