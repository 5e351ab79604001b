"""Components and parts of patch tokens made by hand: principal components, and k-means groups."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from grids import GRID
from sklearn.metrics import adjusted_rand_score

from topics import parts


def scene(grid=(8, 10), dim=12, seed=0):
    """Tokens of an object in the middle of a ground, in two halves; its mask; its right half."""
    generator = torch.Generator().manual_seed(seed)
    ground, object_, half = F.normalize(torch.randn(3, dim, generator=generator), dim=-1) * 5
    mask = torch.zeros(grid, dtype=torch.bool)
    mask[2:6, 3:8] = True
    right = mask.clone()
    right[:, :6] = False
    values = torch.where(mask[..., None], object_, ground) + right[..., None] * half
    noise = 0.1 * torch.randn(*grid, dim, generator=generator)
    return (values + noise).flatten(0, 1), mask, right


# --- components ---


def test_pca_finds_the_object():
    tokens, mask, right = scene()
    picture = parts.pca_rgb(tokens, (8, 10))
    assert torch.equal(picture.foreground, mask)
    assert torch.equal(picture.first > 0, mask)
    assert picture.rgb.shape == (8, 10, 3) and (picture.rgb[~mask] == 0).all()
    for channel in picture.rgb[mask].T:  # each stretched to 0..1
        assert channel.min() == 0 and channel.max() == 1
    red = picture.rgb[..., 0]
    gap = red[right].mean() - red[mask & ~right].mean()
    assert abs(gap) > 0.7  # what differs most within the object is its halves


def test_pca_first_component_is_sklearns_but_for_the_sign(tokens):
    from sklearn.decomposition import PCA

    raw = PCA(1, svd_solver="full").fit_transform(tokens.double())[:, 0].reshape(GRID)
    first = parts.pca_rgb(tokens, GRID).first.numpy()
    assert min(abs(sign * raw - first).max() for sign in (1, -1)) < 1e-5


def test_pca_colours_are_components_of_the_foreground_alone(tokens):
    from sklearn.decomposition import PCA

    picture = parts.pca_rgb(tokens, GRID)
    inside = picture.foreground.flatten()
    assert 4 < inside.sum() < 24
    raw = PCA(3, svd_solver="full").fit_transform(tokens[inside].double())
    for ours, theirs in zip(picture.rgb[picture.foreground].T.numpy(), raw.T):
        assert abs(np.corrcoef(ours, theirs)[0, 1]) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_pca_does_not_depend_on_the_cpu(seed, monkeypatch):
    """The solver may return any signs, and last digits differ: the picture stays."""
    tokens, _, _ = scene(seed=seed)
    known = parts.pca_rgb(tokens, (8, 10))
    original, rng = parts.PCA.fit_transform, np.random.default_rng(seed)

    def other_cpu(self, x):
        values = original(self, x)
        return values * rng.choice([-1, 1], values.shape[1]) * (1 + 1e-9)

    monkeypatch.setattr(parts.PCA, "fit_transform", other_cpu)
    for _ in range(4):
        again = parts.pca_rgb(tokens, (8, 10))
        assert torch.equal(again.foreground, known.foreground)
        assert torch.allclose(again.first, known.first, atol=1e-5)
        assert torch.allclose(again.rgb, known.rgb, atol=1e-5)


def test_pca_of_two_photos_shares_colours():
    tokens, mask, _ = scene()
    both = parts.pca_rgb(torch.stack([tokens, tokens]), (8, 10))
    assert both.rgb.shape == (2, 8, 10, 3) and torch.equal(both.foreground[0], mask)
    assert torch.allclose(both.rgb[0], both.rgb[1], atol=1e-5)


@pytest.mark.parametrize("value", [0.0, 3.0])
def test_pca_of_equal_tokens_is_empty_and_silent(value, recwarn):
    picture = parts.pca_rgb(torch.full((24, 8), value), GRID)
    assert not picture.foreground.any() and (picture.rgb == 0).all()
    assert not picture.first.any() and not recwarn


def test_pca_needs_a_foreground():
    tokens = torch.zeros(24, 8)
    tokens[8] = torch.arange(8.0)  # a single odd patch, inside
    picture = parts.pca_rgb(tokens, GRID)
    assert picture.first[1, 2] > 0 and not picture.foreground.any()


# --- parts ---


def test_parts_are_found_and_numbered_by_size():
    tokens, mask, right = scene()
    labels = parts.parts(tokens, (8, 10), k=3)
    assert labels.shape == (8, 10) and labels.dtype == torch.int64
    assert (labels[~mask] == 0).all()  # 60 patches
    assert (labels[mask & ~right] == 1).all() and (labels[right] == 2).all()  # 12 and 8
    assert torch.equal(labels, parts.parts(tokens * 9, (8, 10), k=3))  # directions only


def test_parts_of_equal_size_by_place():
    tokens = torch.eye(4).repeat_interleave(6, dim=0)[torch.arange(24).roll(6)]
    assert parts.parts(tokens, GRID, k=4).tolist() == [[i] * 6 for i in range(4)]


def test_parts_of_two_photos():
    tokens, _, _ = scene()
    labels = parts.parts(torch.stack([tokens, tokens]), (8, 10), k=3)
    assert labels.shape == (2, 8, 10) and torch.equal(labels[0], labels[1])


@pytest.mark.parametrize("k", [0, 25])
def test_parts_says_how_many_there_can_be(tokens, k):
    with pytest.raises(ValueError, match="24.*\n.*24"):
        parts.parts(tokens, GRID, k)


def test_kmeans_groups_are_sklearns(tokens):
    unit = F.normalize(tokens.double(), dim=-1)
    raw = parts.KMeans(4, n_init=10, random_state=0).fit_predict(unit)
    assert adjusted_rand_score(raw, parts.parts(tokens, GRID, 4).flatten()) == 1.0
