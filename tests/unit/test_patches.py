"""Patch tokens made by hand whose answer is known: similarity maps, matches, recoloured copies."""

import colorsys

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from grids import GRID
from PIL import Image

from helpers import encoding, images
from topics import patches

# --- similarity ---


def test_similarity_is_the_cosine(tokens):
    m = patches.similarity_map(tokens, GRID, tokens[8])
    dots = tokens @ tokens[8] / tokens.norm(dim=-1) / tokens[8].norm()
    assert torch.allclose(m, dots.reshape(GRID), atol=1e-6)
    assert m.argmax() == 8 and m.max() == pytest.approx(1, abs=1e-6)
    assert torch.allclose(patches.similarity_map(tokens * 7, GRID, tokens[8] * 3), m, atol=1e-6)


def test_similarity_in_a_batch_and_across_photos(tokens):
    batch = torch.stack([tokens, tokens.flip(0)])
    m = patches.similarity_map(batch, GRID, tokens[8])
    assert m.shape == (2, *GRID) and torch.equal(m[1].flatten(), m[0].flatten().flip(0))


def test_similarity_says_which_grid_is_wrong(tokens):
    with pytest.raises(ValueError, match="24.*5 × 6 = 30"):
        patches.similarity_map(tokens, (5, 6), tokens[0])


# --- matches ---


def test_mutual_nearest_finds_a_shuffle(tokens):
    order = torch.randperm(24, generator=torch.Generator().manual_seed(1))
    noisy = tokens + 0.05 * torch.randn(24, 16, generator=torch.Generator().manual_seed(2))
    pairs, scores = patches.mutual_nearest(tokens, noisy[order] * 4)
    assert pairs.dtype == torch.int64 and len(pairs) == 24
    assert torch.equal(order[pairs[:, 1]], pairs[:, 0])
    assert (scores.diff() <= 0).all() and scores[0] <= 1.001
    cosines = F.cosine_similarity(tokens[pairs[:, 0]], noisy[order][pairs[:, 1]])
    assert torch.allclose(scores, cosines, atol=1e-5)


def test_mutual_nearest_leaves_out_one_sided_choices():
    a = torch.tensor([[1.0, 0.0], [0.9, 0.5]])  # both are nearest to b's first
    b = torch.tensor([[1.0, 0.1], [-1.0, 0.0], [0.0, -1.0]])
    assert patches.mutual_nearest(a, b)[0].tolist() == [[0, 0]]


def test_mutual_nearest_of_unequal_numbers(tokens):
    pairs, _ = patches.mutual_nearest(tokens, tokens[5:9])
    assert sorted(pairs.tolist()) == [[5, 0], [6, 1], [7, 2], [8, 3]]


def on_grid_flip(tokens):
    return tokens.unflatten(-2, GRID).flip(-2).flatten(-3, -2)


def test_matching_rate_of_perfect_copies(tokens):
    flipped = on_grid_flip(tokens)
    assert patches.matching_rate(tokens, flipped, GRID) == 1
    assert patches.matching_rate(tokens, tokens, GRID, flipped=False) == 1
    assert patches.matching_rate(tokens, flipped, GRID, flipped=False) == 0
    assert patches.matching_rate(tokens, tokens, GRID) == 0  # 6 columns have no middle one


def test_matching_rate_tolerance(tokens):
    """Everything one row down and one column right: 15 of 24 patches are off by one."""
    moved = tokens.unflatten(0, GRID).roll((1, 1), (0, 1)).flatten(0, 1)
    rate = [patches.matching_rate(tokens, moved, GRID, False, t) for t in range(6)]
    assert rate[0] == 0 and rate[1] == pytest.approx(15 / 24)
    assert rate[3] == pytest.approx(20 / 24) and rate[5] == 1
    half = torch.where(torch.arange(24)[:, None] < 12, tokens, moved)
    assert 0.25 < patches.matching_rate(tokens, half, GRID, False) < 0.75


def test_matching_rate_of_a_batch_is_the_mean(tokens):
    batch = torch.stack([tokens, tokens]), torch.stack([on_grid_flip(tokens), tokens])
    rate = patches.matching_rate(*batch, GRID)
    assert isinstance(rate, float) and rate == pytest.approx(0.5)


def test_match_back_is_the_rate_on_a_recoloured_mirrored_copy(embedded):
    photo = images.load_photo("kingfisher.jpg")
    tensor, _ = images.to_tensor(photo, embedded)
    copy, _ = images.to_tensor(patches.recolour(photo), embedded)
    a, b, c = (encoding.encode(embedded, t) for t in (tensor, copy.flip(-1), copy))
    rates = patches.match_back(embedded, photo)
    for rate, tolerance in zip(rates, (0, 1)):
        assert rate == patches.matching_rate(
            a.patch_tokens, b.patch_tokens, a.grid, True, tolerance
        )
    assert rates[0] < rates[1] < 1
    exact = patches.matching_rate(a.patch_tokens, c.patch_tokens, a.grid, flipped=False)
    assert patches.match_back(embedded, photo, flipped=False)[0] == exact


def test_recolour_changes_colours_only(photo):
    other = patches.recolour(photo)
    assert other.size == photo.size and other.mode == "RGB"
    assert np.abs(np.asarray(other, int) - np.asarray(photo, int)).mean() > 10


def test_recolour_turns_the_hue_and_pales():
    spots = Image.new("RGB", (2, 1), (220, 60, 60))
    spots.putpixel((1, 0), (60, 60, 220))
    changed = patches.recolour(spots)
    for x in range(2):
        before, after = (
            colorsys.rgb_to_hsv(*(v / 255 for v in p.getpixel((x, 0)))) for p in (spots, changed)
        )
        assert (after[0] - before[0]) % 1 == pytest.approx(0.1, abs=0.02)
        assert after[1] < before[1]
