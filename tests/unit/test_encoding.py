"""Tokens and grids; and that neither threads, precisions nor devices change what comes out."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import timm
import torch

from bilingual import BadInput
from explorer.data import block_data
from explorer.interventions import forward
from helpers import overlay
from helpers.encoding import attention, attention_rows, encode, one_photo, queries_keys
from helpers.images import to_tensor
from helpers.maps import attention_map, cls_attention, norm_map
from topics import deletion, gradients, measure, norms, objects, parts, patches, search
from topics.rollout import rollout_map


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
    for read in (encode, attention):
        for block in (2, -3, "1"):
            with pytest.raises(BadInput, match=r"Blocks are 0 to 1, or from the end -1 to -2: \("):
                read(model, tensor, block)


@pytest.mark.parametrize("size, grid", [((112, 112), (14, 14)), ((64, 96), (8, 12))])
def test_grid_of_any_size(embedded, size, grid):
    encoded = encode(embedded, torch.rand(1, 3, *size))
    assert encoded.grid == grid
    assert encoded.patch_tokens.shape == (1, grid[0] * grid[1], 192)


@pytest.mark.parametrize("row, column", [(0, 0), (2, 7), (4, 1)])
def test_a_bright_patch_ends_up_in_its_own_row_and_column(row, column):
    """Without blocks each token sees its own patch only, so exactly one may change."""
    model = timm.create_model("vit_tiny_patch16_224", depth=1, dynamic_img_size=True).eval()
    model.blocks[0] = torch.nn.Identity()
    dark = torch.zeros(1, 3, 5 * 16, 8 * 16)
    bright = dark.clone()
    bright[..., row * 16 : (row + 1) * 16, column * 16 : (column + 1) * 16] = 1
    before, after = encode(model, dark), encode(model, bright)
    changed = (after.patch_tokens - before.patch_tokens).norm(dim=-1).reshape(after.grid)
    assert after.grid == (5, 8) and torch.nonzero(changed).tolist() == [[row, column]]


# --- what cannot be encoded ---


def test_picture_without_batch_axis(embedded):
    with pytest.raises(ValueError, match=r"must be \(B, 3, H, W\).*: \(3, 112, 112\).*unsqueeze"):
        encode(embedded, torch.rand(3, 112, 112))


@pytest.mark.parametrize("read", [encode, attention, norm_map, attention_map])
def test_what_is_no_tensor_or_no_model_is_said(embedded, photo, read):
    good = torch.rand(1, 3, 64, 64)
    wrong = (photo, None, "cat.jpg", [good], (good, photo), good.numpy())
    for tensor in (*wrong, good[:, :1], good[:0], good[..., :0]):
        with pytest.raises(BadInput, match="must be .B, 3, H, W.*images.to_tensor"):
            read(embedded, tensor)
    for model in (None, "embedded", torch.nn.Linear(1, 1)):
        with pytest.raises(BadInput, match="Not a ViT: .*models.load_model"):
            read(model, good)
        with pytest.raises(BadInput, match="Not a ViT"):
            to_tensor(photo, model)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("read", [encode, attention, norm_map, norms.block_norms])
def test_a_tensor_with_a_number_that_is_none(embedded, read, value):
    tensor = torch.rand(1, 3, 64, 64)
    tensor[0, 1, 2, 3] = value
    with pytest.raises(BadInput, match="NaN or inf"):
        read(embedded, tensor)


@pytest.mark.parametrize("size", [(65, 96), (64, 90)])
def test_size_that_the_patch_does_not_divide(embedded, size):
    """timm would pad it, and the grid would cover more than the photo."""
    for read in (encode, attention, queries_keys, norms.block_norms, forward):
        with pytest.raises(ValueError, match=r"multiples of the patch \(8 × 8\)"):
            read(embedded, torch.rand(1, 3, *size))


def test_several_photos_where_one_is_read(embedded):
    """The first would come out, and nothing would say so."""
    two = torch.rand(2, 3, 64, 64)
    one_photo(two[:1])
    for read in (objects.key_features, lambda *args: deletion.curve(*args, torch.rand(8, 8))):
        with pytest.raises(ValueError, match="One picture at a time, not 2"):
            read(embedded, two)


# --- two readers at a time ---


READ = {
    "keys": objects.key_features,
    "encode": lambda model, tensor: encode(model, tensor).tokens,
    "attention": lambda model, tensor: attention_rows(model, tensor, None, (0, 5)),
    "norms": norms.block_norms,
    "rollout": rollout_map,
}


@pytest.mark.parametrize("name", READ)
def test_two_photos_in_two_threads(embedded, name):
    """One model, read by both at once: nobody gets the other's photo, and no hook stays."""
    photos = torch.rand(2, 1, 3, 64, 64)
    alone = [READ[name](embedded, photo) for photo in photos]
    assert not torch.equal(*alone)
    with ThreadPoolExecutor(2) as threads:
        both = list(threads.map(lambda i: READ[name](embedded, photos[i % 2]), range(40)))
    assert all(torch.equal(read, alone[i % 2]) for i, read in enumerate(both))
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in embedded.modules())


# --- any precision, any device ---


def everything(model, tensor, photo):
    """Every number that the pipeline and the subjects take out of a model."""
    encoded, m = encode(model, tensor), norm_map(model, tensor)
    keys = objects.key_features(model, tensor)
    raw = encoded.patch_tokens[0].to(tensor.device, tensor.dtype)  # as a reader may hand it over
    return {
        "tokens": encoded.tokens,
        "an earlier block": encode(model, tensor, 0).tokens,
        "attention": attention(model, tensor),
        "norm map": m,
        "attention map": attention_map(model, tensor),
        "rollout map": rollout_map(model, tensor),
        "overlay": torch.from_numpy(np.array(overlay.blend(photo, m))).float(),
        "norms": norms.block_norms(model, tensor),
        "search": search.describe(model, tensor),
        "explorer": torch.frombuffer(
            bytearray(block_data(model, tensor, 0)["cls"]), dtype=torch.float32
        ),
        "keys": keys,
        "LOST": objects.lost(keys, encoded.grid).m,
        "LOST of raw tokens": objects.lost(raw, encoded.grid).m,
        "TokenCut": objects.token_cut(keys, encoded.grid).m,
        "TokenCut of raw tokens": objects.token_cut(raw, encoded.grid).m,
        "deletion": deletion.curve(model, tensor, m.to(tensor.device), steps=2),
        "raw rows": cls_attention(
            attention(model, tensor).to(tensor.device, tensor.dtype),
            encoded.grid,
            encoded.num_prefix_tokens,
        ),
        "likeness": patches.similarity_map(raw, encoded.grid, raw[0]),
        "pairs": patches.mutual_nearest(raw, raw.flip(0))[1],
        "colours": parts.pca_rgb(raw, encoded.grid).rgb,
        "parts": parts.parts(raw, encoded.grid, 2).float(),
        "gradients": gradients.integrated_gradients(model, tensor, steps=2),
        "measure": torch.tensor(measure.best_head_jaccard(m[None], m[None] > 0.5)),
    }


DEVICES = ["cpu"] + [name for name in ("cuda", "mps") if getattr(torch, name).is_available()]


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float16", "autocast"])
def test_numbers_come_out_as_float32_on_the_cpu(model, photo, precision, device):
    dtype = torch.float32 if precision == "autocast" else getattr(torch, precision)
    tensor = torch.rand(1, 3, *model.patch_embed.img_size)
    expected = everything(model, tensor, photo)
    model = model.to(device, dtype)
    with torch.autocast(device, torch.bfloat16, enabled=precision == "autocast"):
        found = everything(model, tensor.to(device, dtype), photo)
    for name, numbers in found.items():
        assert numbers.dtype == torch.float32 and numbers.device.type == "cpu", name
        assert numbers.shape == expected[name].shape and numbers.isfinite().all(), name
    near = 1e-4 if precision == "float32" else 0.1
    for name in ("norm map", "attention map", "search"):
        assert (found[name] - expected[name]).abs().mean() < near, name


def test_from_a_device_that_is_not_this_one(monkeypatch):
    """Stands in for a graphics card: tensors that know their place and refuse another's."""
    from torch._subclasses.fake_tensor import FakeTensorMode

    monkeypatch.setattr(torch.Tensor, "isfinite", lambda _: np.True_)  # there are no numbers to ask
    model = timm.create_model("vit_tiny_patch16_224", img_size=64, depth=2)
    with FakeTensorMode(allow_non_fake_inputs=True):
        there = {k: torch.empty(v.shape, device="cuda") for k, v in model.state_dict().items()}
        model.load_state_dict(there, assign=True)
        with pytest.raises(RuntimeError, match="device"):
            torch.rand(2, device="cuda") + torch.rand(2)
        for tensor in (torch.rand(1, 3, 64, 64), torch.rand(1, 3, 64, 64, device="cuda")):
            for read in (*READ.values(), norm_map, attention_map, search.describe):
                assert read(model, tensor).device.type == "cpu"
            m = torch.rand(4, 4, device="cuda")
            assert deletion.curve(model, tensor, m, steps=2).device.type == "cpu"
