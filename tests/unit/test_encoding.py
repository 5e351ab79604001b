"""Tokens and grids."""

import pytest
import timm
import torch

from helpers.encoding import encode


def test_encode_is_forward_features(model):
    tensor = torch.rand(2, 3, *model.patch_embed.img_size)
    encoded = encode(model, tensor)
    with torch.no_grad():
        assert torch.equal(encoded.tokens, model.forward_features(tensor))
    prefix = model.num_prefix_tokens
    gh, gw = encoded.grid
    assert encoded.num_prefix_tokens == prefix and encoded.tokens.shape[1] == prefix + gh * gw
    assert torch.equal(encoded.cls_token, encoded.tokens[:, 0])
    assert torch.equal(encoded.patch_tokens, encoded.tokens[:, prefix:])
    assert not encoded.tokens.requires_grad


def test_encode_an_earlier_block(model):
    """What leaves that block, with the model's last norm."""
    tensor = torch.rand(2, 3, *model.patch_embed.img_size)
    caught = []
    hook = model.blocks[0].register_forward_hook(lambda *args: caught.append(args[-1]))
    encoded = encode(model, tensor, block=0)
    hook.remove()
    assert torch.allclose(encoded.tokens, model.norm(caught[0]), atol=1e-6)
    assert torch.equal(encode(model, tensor, block=-2).tokens, encoded.tokens)
    assert torch.equal(encode(model, tensor, block=1).tokens, encode(model, tensor).tokens)
    with pytest.raises(IndexError):
        encode(model, tensor, block=2)


@pytest.mark.parametrize(
    "size, grid",
    [((112, 112), (14, 14)), ((64, 96), (8, 12)), ((65, 90), (9, 12)), ((7, 9), (1, 2))],
)
def test_grid_of_any_size(embedded, size, grid):
    encoded = encode(embedded, torch.rand(1, 3, *size))
    assert encoded.grid == grid
    assert encoded.patch_tokens.shape == (1, grid[0] * grid[1], 192)


@pytest.mark.parametrize("row, column", [(0, 0), (2, 7), (4, 1)])
def test_a_bright_patch_ends_up_in_its_own_row_and_column(row, column):
    """Without blocks each token sees its own patch only, so exactly one may change."""
    model = timm.create_model("vit_tiny_patch16_224", depth=0, dynamic_img_size=True).eval()
    dark = torch.zeros(1, 3, 5 * 16, 8 * 16)
    bright = dark.clone()
    bright[..., row * 16 : (row + 1) * 16, column * 16 : (column + 1) * 16] = 1
    before, after = encode(model, dark), encode(model, bright)
    changed = (after.patch_tokens - before.patch_tokens).norm(dim=-1).reshape(after.grid)
    assert after.grid == (5, 8) and torch.nonzero(changed).tolist() == [[row, column]]


def test_picture_without_batch_axis(embedded):
    with pytest.raises(ValueError, match=r"must be \(B, 3, H, W\): \(3, 112, 112\).*unsqueeze"):
        encode(embedded, torch.rand(3, 112, 112))
