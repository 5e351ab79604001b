"""What the explorer sends to the browser, at once and when it is asked.

How it behaves in a browser is tested in tests/browser/explorer.
"""

import copy
import io

import matplotlib
import numpy as np
import pytest
import timm
import torch
from explorer_data import floats, table
from PIL import Image

import explorer
from bilingual import BadInput
from explorer.data import block_data, patch_map
from helpers import images, maps, overlay
from helpers.encoding import attention, encode


def family(name, size, randomised):
    dynamic = {"dynamic_img_size": True, "dynamic_img_pad": True, "num_classes": 0}
    return randomised(timm.create_model(name, depth=2, img_size=size, **dynamic))


@pytest.mark.parametrize(
    "name, size",
    [
        ("vit_tiny_patch16_224", (64, 96)),
        ("vit_small_patch14_reg4_dinov2", (56, 84)),
        ("vit_small_patch16_dinov3", (64, 96)),
    ],
)
@pytest.mark.parametrize("block", [0, -1])
def test_data_is_what_the_helpers_compute(name, size, block, randomised):
    """Non-square, with one prefix token and with five."""
    model = family(name, 56 if "patch14" in name else 64, randomised)
    tensor = torch.rand(1, 3, *size)
    data = block_data(model, tensor, block)
    encoded = encode(model, tensor, block)
    prefix, n = model.num_prefix_tokens, 24
    assert (data["block"], data["blocks"], data["grid"]) == (block % 2, 2, [4, 6])
    assert data["left_out"] == []
    norm = maps.token_norm(encoded.patch_tokens, encoded.grid)
    assert torch.equal(floats(data["norm"], 1, 4, 6), norm)
    rows = attention(model, tensor, block, [0, *range(prefix, prefix + n)])[0]
    heads = len(rows)
    cls = maps.cls_attention(rows, encoded.grid, prefix)
    expected = torch.cat([cls.mean(0, keepdim=True), cls])
    assert torch.allclose(floats(data["cls"], heads + 1, 4, 6), expected, atol=1e-7)
    of_patches = rows[:, 1:, prefix:]
    of_patches = torch.cat([of_patches.mean(0, keepdim=True), of_patches])
    unit = encoded.patch_tokens[0] / encoded.patch_tokens[0].norm(dim=-1, keepdim=True)
    for kind, wanted in (("query", of_patches), ("similarity", (unit @ unit.T)[None])):
        step = (wanted.amax(-1) - wanted.amin(-1))[..., None] / 255
        assert ((table(data[kind], n) - wanted).abs() <= 0.51 * step + 1e-6).all(), kind


def test_starts_as_the_lessons_do(box, photo, embedded):
    assert (box.alpha, box.cmap, box.start) == (0.5, "viridis", "norm")
    assert box.weights == str(embedded.weights)
    assert box.data["block"] == len(embedded.blocks) - 1
    _, seen = images.to_tensor(photo, embedded)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(box.photo))), np.asarray(seen))


@pytest.mark.parametrize(
    "settings, words",
    [
        ({"start": "attention"}, "(?s)start에 쓸.*start must be"),
        ({"block": 12}, r"(?s)explore\(\)에 쓸.*explore\(\) must be one of fit, .*: 'block'"),
    ],
)
def test_unknown_settings(photo, embedded, settings, words):
    with pytest.raises(BadInput, match=words):
        explorer.explore(photo, embedded, **settings)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_a_model_of_another_precision(dtype, tensor, embedded):
    """Near to what the same model gives in 32 bits; the explorer is sent 32 bits always."""
    low = copy.deepcopy(embedded).to(dtype)
    sent, wanted = block_data(low, tensor, -1), block_data(embedded, tensor, -1)
    for kind in ("norm", "cls"):
        ours, theirs = floats(sent[kind], -1, 196), floats(wanted[kind], -1, 196)
        assert (ours - theirs).abs().max() < 0.1 * theirs.max()
    for kind in ("similarity", "query"):
        ours, theirs = table(sent[kind], 196), table(wanted[kind], 196)
        assert (ours - theirs).abs().max() < 0.1 * theirs.max()
        assert patch_map(low, tensor, -1, kind, 17).dtype == torch.float32


def test_colour_tables_are_matplotlibs(box):
    assert tuple(box.tables) == overlay.COLORMAPS
    for name, entries in box.tables.items():
        ours = np.frombuffer(entries, np.uint8).reshape(256, 3)
        assert np.array_equal(ours, matplotlib.colormaps[name](range(256), bytes=True)[:, :3])


@pytest.mark.parametrize(
    "budget, similarity, rows, left_out",
    [
        (8 * 196**2, True, 7, None),
        (8 * 196**2 - 1, True, 1, "attention of single heads"),
        (2 * 196**2 - 1, True, None, "attention"),
        (196**2 - 1, False, None, "similarity and attention"),
    ],
)
def test_budget_is_kept_and_said(embedded, tensor, budget, similarity, rows, left_out):
    data = block_data(embedded, tensor, -1, budget)
    query = data["query"]
    assert (data["similarity"] is not None, query and query["rows"]) == (similarity, rows)
    sent = sum(len(data[kind]["bytes"]) for kind in ("similarity", "query") if data[kind])
    assert sent <= budget
    assert data["left_out"][1:] == ([left_out] if left_out else [])


def test_sixty_by_sixty_patches_stay_light(embedded):
    data = block_data(embedded, torch.rand(1, 3, 480, 480), -1)
    assert data["grid"] == [60, 60] and data["similarity"] is None and data["query"] is None
    assert sum(len(data[kind]) for kind in ("norm", "cls")) < 120_000


def test_another_block(asked, embedded, tensor):
    ask, view, _ = asked
    ask(ask="block", block=2)
    assert view.data == block_data(embedded, tensor, 2)
    assert view.data != block_data(embedded, tensor, -1)


@pytest.mark.parametrize("kind, rows", [("query", 7), ("similarity", 1)])
def test_a_patch_that_was_not_sent_is_the_same(asked, kind, rows):
    ask, view, sent = asked
    ask(ask=kind, patch=17)
    ((content, (buffer,)),) = sent
    assert content == {"ask": kind, "patch": 17, "block": 5}
    whole = table(view.data[kind], 196)[:, 17]
    step = (whole.amax(-1) - whole.amin(-1))[..., None] / 255
    assert ((floats(buffer, rows, 196) - whole).abs() <= 0.51 * step + 1e-6).all()


def test_errors_are_shown_and_not_swallowed(asked):
    ask, _, sent = asked
    with pytest.raises(IndexError):
        ask(ask="attention", patch=10_000)
    assert "IndexError" in sent[0][0]["error"][0]


def test_errors_are_told_in_both_languages(asked):
    ask, view, sent = asked
    view.tensor = view.tensor[0]
    with pytest.raises(BadInput) as error:
        ask(ask="block", block=2)
    assert sent[0][0]["error"] == [error.value.ko, error.value.en]
