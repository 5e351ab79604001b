"""Patch tokens: known answers on tokens made by hand, and the lesson's checks."""

import colorsys

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from sklearn.metrics import adjusted_rand_score, roc_auc_score
from verdicts import verdicts

from classroom.checks import lesson_06 as checks
from helpers import encoding, images
from topics import masks, parts, patches

GRID = (4, 6)


@pytest.fixture
def tokens():
    return torch.randn(24, 16, generator=torch.Generator().manual_seed(0))


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


def test_without_what_all_photos_share_at_a_place_the_first_component_shows_the_kitten(embedded):
    """What lesson 06's picture shows."""
    paths = images.sample_photos()
    seen = [images.to_tensor(images.load_photo(path), embedded)[0] for path in paths]
    every = encoding.encode(embedded, torch.cat(seen))
    kitten = [path.stem for path in paths].index("kitten")
    truth = masks.masks_on_grid(masks.load_masks("kitten"), embedded).any(0).flatten()
    less = every.patch_tokens[kitten] - every.patch_tokens.mean(dim=0)
    first = parts.pca_rgb(less, every.grid).first
    assert roc_auc_score(truth, first.flatten()) > 0.9


# --- the checks of lesson 06 ---


def test_check_similarity(said, embedded):
    tensor = torch.randn(1, 3, 32, 48, generator=torch.Generator().manual_seed(0))
    encoded = encoding.encode(embedded, tensor)
    tokens, (gh, gw) = encoded.patch_tokens[0], encoded.grid
    query = tokens[7]
    unit = tokens / tokens.norm(dim=-1, keepdim=True)
    cosine = unit @ query / query.norm()
    with_cls = F.cosine_similarity(query, encoded.tokens[0], dim=-1)
    right = [cosine.reshape(gh, gw), patches.similarity_map(tokens, (gh, gw), query).numpy()]
    wrongs = [
        (tokens @ query).reshape(gh, gw),
        (unit @ query).reshape(gh, gw),
        cosine,
        with_cls,
        cosine.reshape(gw, gh),
        1 - cosine.reshape(gh, gw),
        "map",
    ]
    verdicts(said, checks.check_similarity, right, wrongs, encoded, query)
    one_side = (tokens @ (query / query.norm())).reshape(gh, gw)
    assert said(checks.check_similarity, one_side, encoded, query) == said(
        checks.check_similarity, wrongs[1], encoded, query
    )


@pytest.mark.parametrize("other", [24, 20])
def test_check_mutual(said, tokens, other):
    generator = torch.Generator().manual_seed(3)
    others = torch.randn(other, 16, generator=generator)
    similarity = F.normalize(tokens, dim=-1) @ F.normalize(others, dim=-1).T
    to_b, to_a = similarity.argmax(dim=1), similarity.argmax(dim=0)
    right = to_a[to_b] == torch.arange(24)
    assert 0 < right.sum() < 24
    assert torch.equal(
        right.nonzero()[:, 0], patches.mutual_nearest(tokens, others)[0][:, 0].sort()[0]
    )
    wrongs = [
        to_b[to_a] == torch.arange(other),
        right.nonzero()[:, 0],
        to_a[to_b],
        ~right,
    ]
    if other == 24:
        wrongs.append(to_b == to_a)
    verdicts(said, checks.check_mutual, [right, right.tolist()], wrongs, to_b, to_a)


def test_check_mirrored(said):
    gh, gw = 14, 19
    wrongs = [3 * gw + 2, 3 * gw + gw - 2, (gh - 1 - 3) * gw + 2, gw - 1 - 2, 5, "three"]
    verdicts(said, checks.check_mirrored, [3 * gw + gw - 1 - 2], wrongs, 3, 2, (gh, gw))


# --- what the lesson says ---


def test_an_untrained_network_matches_only_what_is_not_mirrored():
    """Lesson 06: an unmirrored copy can be solved without knowing anything."""
    from helpers import models

    torch.manual_seed(0)
    blank = models.load_model("embedded", pretrained=False)
    photo = images.load_photo("crab.jpg")
    assert patches.match_back(blank, photo, flipped=False)[0] > 0.4
    assert patches.match_back(blank, photo)[0] < 0.3


def test_kmeans_groups_are_sklearns(tokens):
    unit = F.normalize(tokens.double(), dim=-1)
    raw = parts.KMeans(4, n_init=10, random_state=0).fit_predict(unit)
    assert adjusted_rand_score(raw, parts.parts(tokens, GRID, 4).flatten()) == 1.0
