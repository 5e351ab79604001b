"""Heads: what they hand on, how far they look, what is lost without one; and kinds of map."""

import pytest
import timm
import torch
from families import SMALL

from bilingual import BadInput
from helpers.encoding import attention_rows, encode
from topics import heads, kinds, rollout


@pytest.fixture(params=["ViT", "DINOv2", "DINOv2 with registers"])
def plain(request, randomised):
    name, side = SMALL[request.param]
    kwargs = {"dynamic_img_size": True, "num_classes": 0, "img_size": side}
    return randomised(timm.create_model(name, depth=3, **kwargs))


def picture(model, wider=1):
    height, width = model.patch_embed.img_size
    width += wider * model.patch_embed.patch_size[1]
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(0))


def inside(model, tensor, *names):
    """What modules of a model return in a plain forward pass, by name."""
    out, hooks = {}, []
    for name in names:
        module = model.get_submodule(name)
        keep = lambda module, args, found, name=name: out.update({name: found[0]})  # noqa: E731
        hooks.append(module.register_forward_hook(keep))
    with torch.no_grad():
        model.forward_features(tensor)
    for hook in hooks:
        hook.remove()
    return out


# --- what is handed on ---


@pytest.mark.parametrize(("block", "query"), [(-1, 0), (0, 5)])
def test_what_all_hand_on_is_what_attention_adds(plain, block, query):
    tensor = picture(plain)
    handed = heads.handed_on(plain, tensor, block, query)
    part = plain.blocks[block]
    scale = getattr(part.ls1, "gamma", torch.ones(()))
    (added,) = inside(plain, tensor, f"blocks.{range(3)[block]}.ls1").values()
    found = handed.sum((0, 1)) + part.attn.proj.bias * scale
    assert handed.shape[:2] == (part.attn.num_heads, len(added))
    assert (found - added[query]).abs().max() <= 1e-4 * added.abs().max()


def test_a_head_hands_on_in_proportion_to_its_shares(plain):
    """Two tokens that ask get the same vectors, in their own shares."""
    tensor = picture(plain)
    shares = attention_rows(plain, tensor, (1,), (0, 3))[0, 0]  # (heads, 2, N)
    one, other = (heads.handed_on(plain, tensor, 1, query) for query in (0, 3))
    assert torch.allclose(one * shares[:, 1, :, None], other * shares[:, 0, :, None], atol=1e-5)
    assert not torch.allclose(one, other, atol=1e-3)


# --- how far ---


def test_attention_distance_worked_out_on_paper():
    """2 × 2 patches behind a CLS token; patch 0 looks at itself and, half, across the diagonal."""
    rows = torch.zeros(1, 5, 5)
    rows[0, 1, [0, 1, 4]] = torch.tensor([0.5, 0.25, 0.25])  # what CLS gets does not count
    rows[0, 2, 1] = rows[0, 3, 1] = rows[0, 4, 4] = 0.1
    expected = (2**0.5 / 2 + 1 + 1 + 0) / 4
    assert heads.attention_distance(rows, (2, 2), 1).item() == pytest.approx(expected)


def test_attention_distance_knows_rows_from_columns():
    rows = torch.eye(6).roll(1, 0)[None]  # each patch looks at the one before it; 0 at 5
    assert heads.attention_distance(rows, (1, 6), 0).item() == pytest.approx((5 * 1 + 5) / 6)
    wide = heads.attention_distance(rows, (2, 3), 0).item()
    assert wide == pytest.approx((5**0.5 + 1 + 1 + 5**0.5 + 1 + 1) / 6)


# --- without a head ---


def test_ablating_heads_is_the_model_with_that_head_taken_out(plain):
    """By hand: the head's columns of ``proj`` are 0, and the model runs as a whole."""
    tensor = picture(plain)
    moved = heads.ablate_heads(plain, tensor)
    whole = encode(plain, tensor).cls_token
    attn = plain.blocks[1].attn
    weight, d = attn.proj.weight.data.clone(), attn.head_dim
    for head in range(attn.num_heads):
        attn.proj.weight.data[:, head * d : (head + 1) * d] = 0
        left = encode(plain, tensor).cls_token
        attn.proj.weight.data.copy_(weight)
        turned = 1 - torch.cosine_similarity(left, whole).item()
        assert moved[1, head].item() == pytest.approx(turned, abs=2e-6)
    assert moved.shape == (3, attn.num_heads) and moved[1].std() > 1e-5


@pytest.mark.parametrize(
    "read", [heads.handed_on, heads.ablate_heads, rollout.lengths], ids=lambda f: f.__name__
)
def test_the_model_is_left_as_it_was(plain, read):
    tensor = picture(plain)
    before = encode(plain, tensor).tokens
    read(plain, tensor)
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in plain.modules())
    assert torch.equal(encode(plain, tensor).tokens, before)


@pytest.mark.parametrize("block", [99, -99, [1], "1", None])
def test_no_such_block(plain, block):
    with pytest.raises(BadInput, match="Blocks are 0 to"):
        heads.transformed_values(plain, torch.rand(1, 3, *plain.patch_embed.img_size), block)


def test_what_is_no_plain_vit_or_several_photos_is_refused(plain):
    other = timm.create_model("vit_small_patch16_dinov3", depth=1, img_size=32, num_classes=0)
    for read in (heads.handed_on, heads.ablate_heads, rollout.lengths):
        with pytest.raises(ValueError, match="VisionTransformer.*Eva"):
            read(other, torch.rand(1, 3, 32, 32))
    for read in (heads.handed_on, heads.ablate_heads):
        with pytest.raises(ValueError, match="One picture at a time, not 2"):
            read(plain, picture(plain).expand(2, -1, -1, -1))


# --- the residual path ---


def test_lengths_are_those_of_what_comes_in_and_what_is_added(plain):
    tensor = picture(plain)
    found = inside(plain, tensor, "blocks.0", "blocks.1.ls1", "blocks.1.ls2")
    expected = torch.stack([x.norm(dim=-1).mean() for x in found.values()])
    assert torch.allclose(rollout.lengths(plain, tensor)[1], expected, rtol=1e-5)


def test_a_block_is_drawn_with_its_lengths():
    lengths = torch.tensor([[1.0, 2, 3], [4, 5, 6]])
    drawing, bars = rollout.draw_block(lengths, weights="w").axes
    assert [bar.get_height() for bar in bars.patches] == [1, 4, 2, 5, 3, 6]
    words = [text.get_text() for text in drawing.texts]
    assert {"어텐션 attention", "MLP", "잔차 연결 residual path"} <= {*words}


# --- likeness, and kinds of map ---


def test_likeness_is_the_mean_of_all_pairs():
    a = torch.randn(5, 3, 4, generator=torch.Generator().manual_seed(2))
    table = torch.corrcoef(a.flatten(1))
    expected = table[~torch.eye(5, dtype=torch.bool)].mean()
    assert torch.allclose(heads.likeness(torch.stack([a, 2 * a + 3])), expected, atol=1e-5)
    assert heads.likeness(a[:1].expand(4, -1, -1)).item() == pytest.approx(1, abs=1e-5)


def test_r_precision_and_the_share_on_an_object():
    mask = torch.tensor([[1, 1, 0], [0, 0, 1]]).bool()
    m = torch.tensor([[9.0, 1, 8], [2, 3, 7]])
    assert kinds.r_precision(m, mask[None]) == pytest.approx(2 / 3)  # 9, 8, 7 of which 9, 7
    assert kinds.r_precision(m.exp(), torch.stack([mask, ~mask & mask])) == pytest.approx(2 / 3)
    assert kinds.share_on(torch.stack([m, 5 * m]), mask).tolist() == pytest.approx([17 / 30] * 2)


def test_rank_correlation_knows_the_order_only():
    m = torch.randn(4, 5, generator=torch.Generator().manual_seed(3))
    assert kinds.rank_correlation(m, m.exp()) == pytest.approx(1)
    assert kinds.rank_correlation(m, -m) == pytest.approx(-1)


def test_kinds_are_the_maps_they_are_named_after(embedded):
    tensor = torch.rand(1, 3, 112, 120, generator=torch.Generator().manual_seed(4))
    n, rows = 1 + 14 * 15, attention_rows(embedded, tensor)[-1, 0, :, 0, 1:]
    found = kinds.kinds(embedded, tensor, rows.reshape(-1, 14, 15))
    norm = encode(embedded, tensor).patch_tokens[0].norm(dim=-1)
    whole = rollout.rollout(attention_rows(embedded, tensor, queries=range(n)))[0, 0, 1:]
    handed = heads.handed_on(embedded, tensor).sum(0)[1:].norm(dim=-1)
    expected = {"attention": rows.mean(0), "value-weighted": handed, "rollout": whole, "norm": norm}
    assert found.keys() == expected.keys()
    for name, m in expected.items():
        assert torch.allclose(found[name], m.reshape(14, 15), atol=1e-5), name


# --- figures ---


def test_distances_are_a_dot_a_head_and_lines():
    fig = heads.draw_distances({"a": torch.rand(3, 4)}, lines={"evenly": 2.5}, weights="w")
    (ax,) = fig.axes
    (dots,) = ax.collections
    assert len(dots.get_offsets()) == 12 and ax.lines[0].get_ydata()[0] == 2.5


def test_a_table_writes_each_number_at_its_head():
    values = torch.tensor([[0.125, 0.5], [0.25, 0.0]])
    fig = heads.draw_table({"a": values, "b": 2 * values}, weights="w")
    written = {text.get_position(): text.get_text() for text in fig.axes[0].texts}
    assert written == {(0, 0): ".125", (1, 0): ".500", (0, 1): ".250", (1, 1): ".000"}
    assert {ax.images[0].get_clim() for ax in fig.axes} == {(0, 1)}  # one scale for both
