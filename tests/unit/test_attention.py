"""Attention that equals timm's own on every family, and what reading it costs."""

import copy

import pytest
import timm
import torch
from families import picture
from timm.utils import AttentionExtract
from torch.utils._python_dispatch import TorchDispatchMode

from bilingual import BadInput
from helpers.encoding import attention, attention_rows, encode, queries_keys
from topics import rollout


def timms_own_attention(model, tensor):
    """(blocks, B, heads, N, N), by the library's own extractor on a copy, fused off."""
    model = copy.deepcopy(model)
    for block in model.blocks:
        block.attn.fused_attn = False
    with torch.no_grad():
        extracted = AttentionExtract(model, method="hook")(tensor)
    assert len(extracted) == len(model.blocks)
    return torch.stack(list(extracted.values()))


# --- the numbers ---


@pytest.mark.parametrize("wider", [0, 1])
def test_is_timms_own(model, wider):
    tensor = picture(model, wider=wider * model.patch_embed.patch_size[1])
    timms = timms_own_attention(model, tensor)
    assert timms[..., 0, :].std() > 2e-4, "rows too flat to tell anything"

    some = [5, 0, 3]
    assert (attention_rows(model, tensor) - timms[..., :1, :]).abs().max() <= 1e-5
    assert (attention(model, tensor) - timms[-1][..., :1, :]).abs().max() <= 1e-5
    assert (attention(model, tensor, 0, some) - timms[0][..., some, :]).abs().max() <= 1e-5
    everyone = attention_rows(model, tensor, queries=range(timms.shape[-1]))
    assert everyone.shape == timms.shape and (everyone - timms).abs().max() <= 1e-5
    pairs = queries_keys(model, tensor)
    ours = torch.stack([(q @ k.mT).softmax(-1) for q, k in pairs])
    assert (ours - timms).abs().max() <= 1e-5


PLAIN = ["vit_tiny_patch16_224", "vit_small_patch14_dinov2", "vit_small_patch14_reg4_dinov2"]


@pytest.mark.parametrize("name", PLAIN)
def test_is_softmax_of_queries_times_keys(name, randomised):
    """By hand, from what the block is given; DINOv3 also rotates (see timm's own above)."""
    model = randomised(timm.create_model(name, depth=2, img_size=56, patch_size=14))
    tensor, caught = picture(model, batch=1), []
    hook = model.blocks[1].register_forward_pre_hook(lambda block, args: caught.append(args[0]))
    model(tensor)
    hook.remove()
    attn = model.blocks[1].attn
    q, k, _ = attn.qkv(model.blocks[1].norm1(caught[0]))[0].chunk(3, dim=-1)
    d = attn.head_dim
    by_hand = [
        (q[:, i : i + d] @ k[:, i : i + d].T / d**0.5).softmax(dim=-1)
        for i in range(0, q.shape[-1], d)
    ]
    ours = attention(model, tensor, queries=range(len(q)))[0]
    assert (ours - torch.stack(by_hand)).abs().max() <= 1e-5


def test_rows_sum_to_1(model):
    rows = attention_rows(model, picture(model), queries=(0, 1, 7))
    assert torch.allclose(rows.sum(dim=-1), torch.ones(()), atol=1e-5) and (rows >= 0).all()


def test_blocks_come_in_the_asked_order(embedded):
    tensor = torch.rand(1, 3, 112, 112)
    every = attention_rows(embedded, tensor, queries=(4, 0))
    assert every.shape == (6, 1, 6, 2, 197)
    assert torch.equal(attention_rows(embedded, tensor, (-1, 2, 2), (4, 0)), every[[5, 2, 2]])
    assert torch.equal(attention(embedded, tensor, 2, (4, 0)), every[2])
    assert hooks(embedded) == 0


@pytest.mark.parametrize("read", [attention_rows, queries_keys])
@pytest.mark.parametrize("blocks", [6, -7, [6], [0, "1"], [None], 1.5])
def test_no_such_blocks(embedded, read, blocks):
    with pytest.raises(BadInput, match="Blocks are 0 to 5, or from the end -1 to -6: "):
        read(embedded, torch.rand(1, 3, 64, 64), blocks)


def test_one_block_or_token_where_several_may_be_asked(embedded):
    tensor = torch.rand(1, 3, 64, 64)
    assert torch.equal(
        attention_rows(embedded, tensor, 2, 4), attention_rows(embedded, tensor, [2], [4])
    )


def test_pictures_of_a_batch_are_read_apart(embedded):
    tensor = torch.rand(2, 3, 112, 112)
    one_by_one = [attention_rows(embedded, tensor[i : i + 1]) for i in range(2)]
    assert torch.allclose(attention_rows(embedded, tensor), torch.cat(one_by_one, 1), atol=1e-6)


# --- the model afterwards ---


def hooks(model):
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules())


@pytest.fixture
def unchanged(model):
    """Called: the model's weights, hooks, modes and outputs are what they were at the start."""
    tensor = picture(model)
    weights = {name: value.clone() for name, value in model.state_dict().items()}
    tokens = encode(model, tensor).tokens
    assert all(block.attn.fused_attn for block in model.blocks)

    def check():
        assert hooks(model) == 0
        assert all(block.attn.fused_attn for block in model.blocks) and not model.training
        assert model.state_dict().keys() == weights.keys()
        assert all(torch.equal(value, weights[name]) for name, value in model.state_dict().items())
        assert torch.equal(encode(model, tensor).tokens, tokens)

    return check


@pytest.mark.parametrize("read", [attention, attention_rows, queries_keys])
def test_reading_leaves_the_model_as_it_was(model, unchanged, read):
    result = read(model, picture(model))
    unchanged()
    first = result[0][0] if read is queries_keys else result
    assert not first.requires_grad


@pytest.mark.parametrize("error", [MemoryError, KeyboardInterrupt])
def test_an_error_in_the_middle_leaves_the_model_as_it_was(model, unchanged, monkeypatch, error):
    def fail(x):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(model.blocks[0].mlp, "forward", fail)
        with pytest.raises(error):
            attention_rows(model, picture(model))
    unchanged()
    with pytest.raises(IndexError):
        attention_rows(model, picture(model), queries=(10_000,))
    unchanged()
    with pytest.raises(BadInput):
        attention_rows(model, torch.rand(1, 4, *model.patch_embed.img_size))
    unchanged()


def test_a_hook_of_somebody_else_stays(embedded):
    hook = embedded.blocks[3].attn.k_norm.register_forward_hook(lambda *args: None)
    attention_rows(embedded, torch.rand(1, 3, 112, 112))
    assert hooks(embedded) == 1
    hook.remove()


# --- what it costs ---


class Largest(TorchDispatchMode):
    """Notes how many numbers the largest tensor has that any operation returns."""

    numbers = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        out = function(*args, **(kwargs or {}))
        for tensor in out if isinstance(out, (tuple, list)) else [out]:
            if isinstance(tensor, torch.Tensor):
                self.numbers = max(self.numbers, tensor.numel())
        return out


def test_no_square_matrix_is_ever_made(embedded):
    """At 30 × 30 patches; the extractor, as a control, does make one."""
    tensor = torch.rand(1, 3, 240, 240)
    square = 901 * 901
    reads = {
        "rows": lambda: attention_rows(embedded, tensor),
        "rollout": lambda: rollout.rollout_row(queries_keys(embedded, tensor), chunk=64),
        "control": lambda: timms_own_attention(embedded, tensor),
    }
    largest = {}
    for name, read in reads.items():
        with Largest() as watched:
            read()
        largest[name] = watched.numbers
    assert largest["rows"] < square and largest["rollout"] < square < largest["control"]


def test_one_pass_and_nothing_after_the_last_asked_block(embedded):
    ran = []
    watch = [
        module.register_forward_hook(lambda *args, name=name: ran.append(name))
        for name, module in [("photo", embedded.patch_embed), *embedded.blocks.named_children()]
    ]
    tensor = torch.rand(1, 3, 112, 112)
    attention_rows(embedded, tensor)
    attention_rows(embedded, tensor, blocks=(2, 0))
    for hook in watch:
        hook.remove()
    assert ran == ["photo", "0", "1", "2", "3", "4", "5", "photo", "0", "1", "2"]


# --- what cannot be read ---


def test_attention_that_cannot_be_read_says_so():
    model = timm.create_model("vit_small_patch16_18x2_224", depth=1, img_size=32)
    with pytest.raises(ValueError, match="cannot be read: ParallelThingsBlock"):
        attention(model, torch.rand(1, 3, 32, 32))
    assert hooks(model) == 0


@pytest.mark.parametrize("read", [attention, attention_rows, queries_keys])
def test_picture_without_batch_axis(embedded, read):
    with pytest.raises(ValueError, match=r"must be \(B, 3, H, W\).*: \(3, 112, 112\).*unsqueeze"):
        read(embedded, torch.rand(3, 112, 112))


# --- what lesson 04 says ---


def test_fused_attention_never_calls_attn_drop(embedded):
    """With fused attention the extractor gives nothing, and no error."""
    spare = copy.deepcopy(embedded)
    tensor = torch.rand(1, 3, 112, 112)
    assert len(AttentionExtract(spare, method="hook")(tensor)) == 0
