"""The engine in the page against timm and Pillow: pictures, tokens, attention, maps."""

import numpy as np
import pytest
import torch

from explorer.bundle import bundle
from explorer.interventions import Block
from helpers import maps
from helpers.encoding import attention_rows, encode, queries_keys
from helpers.images import load_photo, to_tensor
from tests.browser.engine.packed import ENGINE, PHOTOS, difference, floats, picture, pixels
from tools import lab
from topics.patches import similarity_map
from topics.rollout import rollout_row

pytestmark = pytest.mark.skipif(lab.CHROMIUM is None, reason="no Chromium on this machine")


@pytest.mark.parametrize("name", PHOTOS)
def test_levels_are_pillows(page, embedded, engine, name):
    """Each fit gives the very levels that helpers' to_tensor gives."""
    photo = load_photo(f"{name}.jpg")
    code = "\n".join(
        [
            bundle(ENGINE / "prep.js")[: -len("}\n")],
            "const input = { size: 112, cropPct: 0.9, interpolation: 'bicubic',",
            "  mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };",
            "globalThis.prepare = (image, fit) => photoTensor(image, fit, input, 8);\n}",
        ]
    )
    page.add_script_tag(content=code)
    for fit in ("crop", "squash", "whole"):
        expected, _ = to_tensor(photo, embedded, fit)
        got = page.evaluate(
            """([image, fit]) => {
                const data = Uint8ClampedArray.from(atob(image.data), (c) => c.charCodeAt(0));
                const { tensor, height, width } = prepare({ ...image, data }, fit);
                return { height, width, numbers: dino.base64(tensor) };
            }""",
            [pixels(photo), fit],
        )
        assert (got["height"], got["width"]) == expected.shape[-2:]
        off = np.abs(floats({"base64": got["numbers"]}) - expected.numpy().ravel()).max()
        assert off < 1e-6, (fit, off)  # one level is 0.017


@pytest.mark.parametrize("name", PHOTOS)
def test_tokens_and_attention_are_timms(ask, embedded, arithmetic, name):
    size = 56 if arithmetic == "JavaScript" else 112  # the same sums, but for a slow engine fewer
    tensor, _ = to_tensor(load_photo(f"{name}.jpg"), embedded, "whole", size)
    answer = ask(arithmetic, picture=picture(tensor))
    assert tuple(answer["grid"]) == embedded.patch_embed.dynamic_feat_size(tensor.shape[-2:])
    expected = embedded.forward_intermediates(
        tensor, norm=True, return_prefix_tokens=True, output_fmt="NLC", intermediates_only=True
    )
    for index, (q, k) in enumerate(queries_keys(embedded, tensor)):
        block = Block(torch.cat(expected[index][::-1], dim=1), q, k)
        tokens, attention = difference(answer, index, block, q.shape[1])
        assert tokens <= 1e-5 and attention <= 5e-6, (index, tokens, attention)
    # The rows themselves, once; above they are made from q and k.
    rows = attention_rows(embedded, tensor, queries=range(answer["n"]))[-1, 0]
    assert ((q[0] @ k[0].mT).softmax(-1) - rows).abs().max() <= 1e-6


def test_photo_to_tokens(ask, embedded, engine):
    """The whole way, from pixels; and only what was asked for comes back."""
    photo = load_photo("cat.jpg")
    answer = ask(engine, image=pixels(photo), fit="crop", blocks=[2, 5])
    assert list(answer["blocks"]) == ["2", "5"]
    tokens = encode(embedded, to_tensor(photo, embedded)[0]).tokens[0].numpy()
    got = floats(answer["blocks"]["5"]["tokens"]).reshape(tokens.shape)
    assert np.abs(got - tokens).max() <= 1e-5


def test_maps_are_the_helpers(page, embedded, engine):
    tensor, _ = to_tensor(load_photo("cat.jpg"), embedded, "whole", 88)
    heads, place = embedded.blocks[0].attn.num_heads, 100
    encoded = encode(embedded, tensor, 3)
    patches, grid = encoded.patch_tokens[0], encoded.grid
    cls, asked = attention_rows(embedded, tensor, (3,), (0, place + 1))[0, 0].unbind(1)
    expected = {
        "norm": maps.token_norm(patches, grid),
        "similarity": similarity_map(patches, grid, patches[place]),
        "cls": cls.mean(0)[1:],
        **{f"head {h}": cls[h, 1:] for h in range(heads)},
        "query": asked.mean(0)[1:],
        "rollout": rollout_row(queries_keys(embedded, tensor), place + 1)[0, 1:],
    }
    wanted = {
        "norm": ["normMap", 3],
        "similarity": ["similarityMap", 3, place],
        "cls": ["attentionMap", 3, heads, None, 0],
        **{f"head {h}": ["attentionMap", 3, heads, h, 0] for h in range(heads)},
        "query": ["attentionMap", 3, heads, None, place + 1],
        "rollout": ["rolloutMap"],
    }
    got = page.evaluate(
        "([name, question, wanted]) => dino.maps(name, question, wanted)",
        [engine, {"picture": picture(tensor), "from": place + 1}, wanted],
    )
    for name, m in expected.items():
        m = maps.min_max(m.reshape(grid)).numpy().ravel()
        assert np.abs(floats(got[name]) - m).max() <= 2 / 255, name


def test_pictures_are_kept_by_name(ask, embedded, engine):
    """Explorers share one engine; each asks again about its own picture."""
    first, second = (
        to_tensor(load_photo(f"{name}.jpg"), embedded, size=56)[0] for name in PHOTOS[:2]
    )
    answer = ask(engine, picture=picture(first), name="one", blocks=[0])
    ask(engine, picture=picture(second), name="two", blocks=[0])
    again = ask(engine, name="one", blocks=[0])
    assert again["blocks"] == answer["blocks"]
