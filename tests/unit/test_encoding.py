"""Tokens, grids, and attention that equals timm's own on every family."""

import copy

import pytest
import timm
import torch
from timm.utils import AttentionExtract

from helpers.encoding import attention, encode

DYNAMIC = {"dynamic_img_size": True, "dynamic_img_pad": True, "num_classes": 0}
FAMILIES = {
    "ViT": ("vit_tiny_patch16_224", {"img_size": 64}),
    "ViT with q and k norm": ("vit_tiny_patch16_224", {"img_size": 64, "qk_norm": True}),
    "DINOv2": ("vit_small_patch14_dinov2", {"img_size": 56}),
    "DINOv2 with registers": ("vit_small_patch14_reg4_dinov2", {"img_size": 56}),
    "DeiT distilled": ("deit_tiny_distilled_patch16_224", {"img_size": 64}),
    "EVA-02 (separate q, k, v)": ("eva02_tiny_patch14_224", {"img_size": 56}),
    "DINOv3": ("vit_small_patch16_dinov3", {"img_size": 64}),
    "DINOv3 with q, k, v biases": ("vit_small_patch16_dinov3_qkvb", {"img_size": 64}),
}


@pytest.fixture(params=FAMILIES)
def model(request, randomised):
    name, kwargs = FAMILIES[request.param]
    return randomised(timm.create_model(name, depth=2, **kwargs, **DYNAMIC))


def timms_own_attention(model, tensor):
    """(B, heads, N, N) of each block, by the library's own extractor on a copy, fused off."""
    model = copy.deepcopy(model)
    for block in model.blocks:
        block.attn.fused_attn = False
    with torch.no_grad():
        maps = AttentionExtract(model, method="hook")(tensor)
    assert len(maps) == len(model.blocks)
    return list(maps.values())


# --- encode ---


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
    model = timm.create_model("vit_tiny_patch16_224", depth=0, **DYNAMIC).eval()
    dark = torch.zeros(1, 3, 5 * 16, 8 * 16)
    bright = dark.clone()
    bright[..., row * 16 : (row + 1) * 16, column * 16 : (column + 1) * 16] = 1
    before, after = encode(model, dark), encode(model, bright)
    changed = (after.patch_tokens - before.patch_tokens).norm(dim=-1).reshape(after.grid)
    assert after.grid == (5, 8) and torch.nonzero(changed).tolist() == [[row, column]]


# --- attention ---


@pytest.mark.parametrize("wide", [False, True])
def test_attention_is_timms_own(model, wide):
    height, width = model.patch_embed.img_size
    tensor = torch.rand(2, 3, height, width + 23 * wide)
    first, last = timms_own_attention(model, tensor)
    assert last[:, :, 0].std() > 2e-4, "rows too flat to tell anything"

    ours = attention(model, tensor)
    assert ours.shape == (2, last.shape[1], 1, last.shape[-1])
    assert (ours - last[:, :, :1]).abs().max() <= 1e-5
    some = [5, 0, 3]
    assert (attention(model, tensor, block=0, queries=some) - first[:, :, some]).abs().max() <= 1e-5


def hooks(model):
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules())


def test_attention_leaves_the_model_as_it_was(model):
    tensor = torch.rand(1, 3, *model.patch_embed.img_size)
    weights = {name: value.clone() for name, value in model.state_dict().items()}
    fused = [block.attn.fused_attn for block in model.blocks]
    tokens = encode(model, tensor).tokens

    attention(model, tensor)

    assert hooks(model) == 0
    assert [block.attn.fused_attn for block in model.blocks] == fused and all(fused)
    assert all(torch.equal(value, weights[name]) for name, value in model.state_dict().items())
    assert torch.equal(encode(model, tensor).tokens, tokens)


def test_hooks_go_even_if_the_model_fails(embedded):
    with pytest.raises(RuntimeError):
        attention(embedded, torch.rand(1, 4, 112, 112))
    assert hooks(embedded) == 0


def test_attention_that_cannot_be_read_says_so():
    model = timm.create_model("vit_small_patch16_18x2_224", depth=1, img_size=32)
    with pytest.raises(ValueError, match="cannot be read: ParallelThingsBlock"):
        attention(model, torch.rand(1, 3, 32, 32))


@pytest.mark.parametrize("function", [encode, attention])
def test_picture_without_batch_axis(embedded, function):
    with pytest.raises(ValueError, match=r"must be \(B, 3, H, W\): \(3, 112, 112\).*unsqueeze"):
        function(embedded, torch.rand(3, 112, 112))
