"""Rollout: plain matrix products, by the row, and what lesson 05 says of it."""

import families
import pytest
import torch

from helpers import images, maps
from helpers.encoding import attention_rows, encode, queries_keys
from topics import rollout


def random_attention(blocks=3, batch=2, heads=4, n=7):
    generator = torch.Generator().manual_seed(1)
    return torch.randn(blocks, batch, heads, n, n, generator=generator).mul(2).softmax(dim=-1)


def test_rollout_is_plain_torch():
    rows = random_attention()
    for picture in range(2):
        expected = torch.eye(7)
        for block in range(3):
            matrix = sum(rows[block, picture, head] for head in range(4)) / 4 + torch.eye(7)
            matrix = matrix / matrix.sum(dim=1, keepdim=True)
            expected = torch.mm(matrix, expected)
        assert torch.allclose(rollout.rollout(rows)[picture], expected, atol=1e-6)
    assert torch.allclose(rollout.rollout(rows).sum(dim=-1), torch.ones(()), atol=1e-5)


def test_rollout_worked_out_on_paper():
    """Token 0 looks at 1 in the last block, 1 at 2 in the first: 0 reaches 2 by a quarter."""
    first = torch.tensor([[1.0, 0, 0], [0, 0, 1], [0, 0, 1]])
    last = torch.tensor([[0.0, 1, 0], [0, 1, 0], [0, 0, 1]])
    expected = torch.tensor([[0.5, 0.25, 0.25], [0, 0.5, 0.5], [0, 0, 1]])
    assert torch.allclose(rollout.rollout(torch.stack([first, last])[:, None]), expected)


@pytest.mark.parametrize("chunk", [1, 5, 256])
def test_rollout_row_is_a_row_of_rollout(model, chunk):
    tensor = families.picture(model)
    n = encode(model, tensor).tokens.shape[1]
    whole = rollout.rollout(attention_rows(model, tensor, queries=range(n)))
    pairs = queries_keys(model, tensor)
    for query in (0, 3):
        row = rollout.rollout_row(pairs, query, chunk)
        assert row.shape == (2, n) and torch.allclose(row, whole[:, query], atol=1e-6)


def test_rollout_map_is_the_cls_row_on_the_grid(embedded):
    tensor, _ = images.to_tensor(images.load_photo("cat.jpg"), embedded, fit="whole")
    gh, gw = encode(embedded, tensor).grid
    n = 1 + gh * gw
    row = rollout.rollout(attention_rows(embedded, tensor, queries=range(n)))[0, 0, 1:]
    expected = maps.min_max(row.reshape(gh, gw))
    assert gh != gw and torch.allclose(rollout.rollout_map(embedded, tensor), expected, atol=1e-4)


def test_what_is_seen_when_rollouts_halving_or_identity_is_forgotten():
    attention = random_attention(blocks=6, batch=1)[:, 0].mean(dim=1)
    eye = torch.eye(7)
    right, doubled, bare = (
        torch.linalg.multi_dot([*blocks.flip(0)])
        for blocks in ((attention + eye) / 2, attention + eye, attention)
    )
    assert torch.allclose(doubled.sum(dim=1), torch.full((7,), 64.0))
    assert torch.allclose(maps.min_max(right[:1]), maps.min_max(doubled[:1]), atol=1e-4)
    assert torch.allclose(bare.sum(dim=1), torch.ones(7))
    assert bare.std(dim=0).max() < right.std(dim=0).max() / 5
