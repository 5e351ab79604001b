"""Lesson 06: what the checks of maps and matches say, and what the lesson itself says."""

import pytest
import torch
import torch.nn.functional as F
from sklearn.metrics import roc_auc_score
from verdicts import verdicts

from classroom.checks import lesson_06 as checks
from helpers import encoding, images
from topics import masks, parts, patches

# --- its checks ---


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


def test_an_untrained_network_matches_only_what_is_not_mirrored():
    """Lesson 06: an unmirrored copy can be solved without knowing anything."""
    from helpers import models

    torch.manual_seed(0)
    blank = models.load_model("embedded", pretrained=False)
    photo = images.load_photo("crab.jpg")
    assert patches.match_back(blank, photo, flipped=False)[0] > 0.4
    assert patches.match_back(blank, photo)[0] < 0.3
