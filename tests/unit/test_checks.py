"""Every check: the solution passes, the stub does not, each plausible mistake has its own hint."""

from types import SimpleNamespace

import numpy as np
import pytest
import timm
import torch
from PIL import Image
from verdicts import all_different_hints, passes, unanswered

from classroom import checks
from helpers import encoding, maps, overlay

# --- 00_start, 01_timm ---


@pytest.fixture
def photos():
    pixels = np.random.default_rng(0).integers(0, 256, (2, 30, 40, 3), dtype=np.uint8)
    return [Image.fromarray(p) for p in pixels]


def test_other_photo(said, photos):
    first, other = photos
    assert passes(said(checks.check_other_photo, other, first))
    assert unanswered(said(checks.check_other_photo, ..., first))
    all_different_hints(
        said(checks.check_other_photo, wrong, first) for wrong in ("coffee.jpg", first.copy())
    )


def test_overlay(said, photos):
    photo, m = photos[0], np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 4)
    for cmap in ("viridis", "jet"):
        right = overlay.blend(photo, m, alpha=0.25, cmap=cmap)
        assert passes(said(checks.check_overlay, right, photo, m, 0.25))
    assert unanswered(said(checks.check_overlay, ..., photo, m, 0.25))
    wrongs = (
        overlay.blend(photo, m),
        overlay.blend(photo, m, alpha=0.75),
        overlay.blend(photo.resize((10, 10)), m, alpha=0.25),
        "overlay",
    )
    all_different_hints(said(checks.check_overlay, w, photo, m, 0.25) for w in wrongs)


@pytest.mark.parametrize("source", ["hub", "cache", "embedded", "untrained"])
def test_source(said, source):
    model = SimpleNamespace(weights=SimpleNamespace(name="vit_x.dino", source=source))
    assert passes(said(checks.check_source, source, model))
    assert unanswered(said(checks.check_source, ..., model))
    other = "hub" if source != "hub" else "embedded"
    all_different_hints(said(checks.check_source, w, model) for w in ("vit_x.dino", other))


def test_small_dinov2(said):
    for right in ("vit_small_patch14_dinov2.lvd142m", "vit_small_patch14_reg4_dinov2.lvd142m"):
        assert passes(said(checks.check_small_dinov2, right))
    assert unanswered(said(checks.check_small_dinov2, ...))
    wrongs = (
        "vit_base_patch14_dinov2.lvd142m",
        "vit_small_patch14_dinov2",
        "vit_small_patch14_dinov2.dino",
        7,
    )
    all_different_hints(said(checks.check_small_dinov2, w) for w in wrongs)


def test_blocks_heads(said):
    model = timm.create_model("vit_small_patch16_224", img_size=32, num_classes=0)
    assert passes(said(checks.check_blocks_heads, (12, 6), model))
    assert passes(said(checks.check_blocks_heads, [12, 6], model))
    assert unanswered(said(checks.check_blocks_heads, ..., model))
    assert unanswered(said(checks.check_blocks_heads, (12, ...), model))
    wrongs = ((6, 12), (12, 72), (12, 64), "12, 6")
    all_different_hints(said(checks.check_blocks_heads, w, model) for w in wrongs)


def test_tokens(said):
    assert passes(said(checks.check_tokens, 1370, 518, 14))
    assert passes(said(checks.check_tokens, 1374, 518, 14, prefix=5))
    assert unanswered(said(checks.check_tokens, ..., 518, 14))
    wrongs = (1369, 37, 1444, {1370})
    all_different_hints(said(checks.check_tokens, w, 518, 14) for w in wrongs)


# --- 02_encoding, 03_decoding ---


@pytest.fixture
def encoded():
    """Tokens of a wide photo (grid 2 × 3) with one CLS token and 5 dimensions."""
    tokens = torch.randn(1, 1 + 2 * 3, 5, generator=torch.Generator().manual_seed(0))
    return encoding.Encoded(tokens, (2, 3), 1)


def test_tokens_of_a_wide_picture(said):
    where = dict(image=(480, 640), patch=16)
    all_different_hints([said(checks.check_tokens, n, **where) for n in (1200, 30, 197)])
    assert passes(said(checks.check_tokens, 1201, **where))
    assert unanswered(said(checks.check_tokens, ..., **where))


def test_split(said, encoded):
    tokens = encoded.tokens
    cls, patches = tokens[:, 0], tokens[:, 1:]
    wrong = [(cls, tokens), (cls, tokens[:, :-1]), (tokens[0], patches), (tokens[:, -1], patches)]
    all_different_hints([said(checks.check_split, answer, encoded) for answer in wrong])
    assert passes(said(checks.check_split, (cls, patches), encoded))
    assert unanswered(said(checks.check_split, (..., ...), encoded))
    assert unanswered(said(checks.check_split, (cls, ...), encoded))


def test_patch_index(said):
    where = dict(x=100, y=50, columns=20, patch=16)
    wrong = [6 * 20 + 3, 3 * 20 + 6 + 1, 3 * 14 + 6, "row 3"]
    all_different_hints([said(checks.check_patch_index, answer, **where) for answer in wrong])
    assert passes(said(checks.check_patch_index, 3 * 20 + 6, **where))
    assert unanswered(said(checks.check_patch_index, ..., **where))


def test_norm_map(said, encoded):
    patches = encoded.patch_tokens
    norms = patches.norm(dim=-1)
    right = norms.reshape(2, 3)
    wrong = [
        encoded.tokens.norm(dim=-1),
        patches.norm(dim=1),
        norms,
        norms.reshape(3, 2),
        right**2,
        patches.mean(dim=-1).reshape(2, 3),
    ]
    all_different_hints([said(checks.check_norm_map, answer, encoded) for answer in wrong])
    assert passes(said(checks.check_norm_map, right, encoded))
    assert passes(said(checks.check_norm_map, right.numpy(), encoded))
    assert unanswered(said(checks.check_norm_map, ..., encoded))


# --- 04_attention ---


def test_attention_row(said):
    """Two heads of 3 numbers, a 4 × 5 grid behind one CLS token; head 1, patch (2, 3)."""
    generator = torch.Generator().manual_seed(0)
    q, k = torch.randn(2, 21, 6, generator=generator)
    where = dict(
        q=q, k=k, encoded=encoding.Encoded(q[None], (4, 5), 1), heads=2, head=1, patch=(2, 3)
    )

    def row(query, part=slice(3, 6), scale=3**-0.5):
        return (q[query, part] @ k[:, part].T * scale).softmax(dim=-1)

    right = row(1 + 2 * 5 + 3)
    scores = q[14, 3:] @ k[:, 3:].T / 3**0.5
    wrong = [
        scores,
        row(14, scale=1),
        row(13),
        row(0),
        row(14, slice(0, 3)),
        row(1 + 3 * 5 + 2),
        row(14, slice(0, 6)),
        "row",
    ]
    all_different_hints([said(checks.check_attention_row, answer, **where) for answer in wrong])
    assert passes(said(checks.check_attention_row, right, **where))
    assert passes(said(checks.check_attention_row, right[None].numpy(), **where))
    assert unanswered(said(checks.check_attention_row, ..., **where))


def test_attention_rows_that_are_nearly_even_are_told_apart(said):
    """A head that looks evenly: shares of 197 tokens differ in the fifth decimal."""
    generator = torch.Generator().manual_seed(0)
    q, k = torch.randn(2, 197, 6, generator=generator) / 10
    encoded = encoding.Encoded(q[None], (14, 14), 1)
    where = dict(q=q, k=k, encoded=encoded, heads=2, head=1, patch=(5, 7))
    cls_row = (q[0, 3:] @ k[:, 3:].T / 3**0.5).softmax(dim=-1)
    assert "CLS" in said(checks.check_attention_row, cls_row, **where)


def test_patches_needed(said):
    generator = torch.Generator().manual_seed(0)
    m = torch.randn(3, 4, 5, generator=generator).exp()
    mask = maps.mass_mask(m, 0.6)
    right = mask.sum(dim=(-2, -1))
    wrong = [
        20 - right,
        (m > 0.6 * m.amax(dim=(-2, -1), keepdim=True)).sum(dim=(-2, -1)),
        maps.mass_mask(m.mean(dim=0), 0.6).sum(),
        right / 20,
        maps.mass_mask(m.reshape(1, 12, 5), 0.6).sum(),
        mask,
        "three",
    ]
    all_different_hints([said(checks.check_patches_needed, answer, m, 0.6) for answer in wrong])
    for answer in (right, right.tolist(), right.numpy()):
        assert passes(said(checks.check_patches_needed, answer, m, 0.6))
    assert unanswered(said(checks.check_patches_needed, ..., m, 0.6))


def test_rollout_row(said):
    generator = torch.Generator().manual_seed(0)
    A = torch.randn(3, 7, 7, generator=generator).softmax(dim=-1)
    eye = torch.eye(7)
    right = eye[0]
    for a in A.flip(0):
        right = right @ (a + eye) / 2
    half = (A + eye) / 2
    wrong = [
        eye[0] @ half[0] @ half[1] @ half[2],
        eye[0] @ A[2] @ A[1] @ A[0],
        right * 8,
        half[2] @ half[1] @ half[0],
        half[2][0],
        right[1:],
        "row",
    ]
    all_different_hints([said(checks.check_rollout_row, answer, A) for answer in wrong])
    assert passes(said(checks.check_rollout_row, right, A))
    assert unanswered(said(checks.check_rollout_row, ..., A))
