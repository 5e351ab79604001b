"""The engine in the page against timm: pictures, tokens, attention, maps, what-ifs."""

import base64
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import save

from explorer.bundle import bundle
from explorer.interventions import Block, WhatIf, forward, untrained
from helpers import maps
from helpers.encoding import attention_rows, encode, queries_keys
from helpers.images import load_photo, to_tensor
from tools import lab
from topics.patches import similarity_map
from topics.rollout import rollout_row

pytestmark = pytest.mark.skipif(lab.CHROMIUM is None, reason="no Chromium on this machine")

ROOT = Path(__file__).resolve().parents[2]
ENGINE = ROOT / "explorer" / "engine"
EMBEDDED = ROOT / "helpers" / "embedded"
ARITHMETICS = ("relaxed SIMD", "SIMD", "JavaScript")
PHOTOS = ("astronaut", "cat", "koala")  # square, wide, tall
EMPTY_PAGE = "<!DOCTYPE html><meta charset='utf-8'><title>engine</title>"


def text(data):
    return base64.b64encode(data).decode()


def floats(packed):
    return np.frombuffer(base64.b64decode(packed["base64"]), np.float32)


def files(weights=None, config=None, **changes):
    """What an engine is started with: the embedded network, if no other is given."""
    return {
        "weights": text(weights or (EMBEDDED / "model.safetensors").read_bytes()),
        "config": config or json.loads((EMBEDDED / "config.json").read_text()),
        "relaxed": text((ENGINE / "relaxed.wasm").read_bytes()),
        "simd": text((ENGINE / "simd.wasm").read_bytes()),
        **changes,
    }


@pytest.fixture(scope="module")
def code():
    return bundle(ENGINE / "worker.js")


@pytest.fixture(scope="module")
def page(browser):
    page = browser.new_page()
    page.set_default_timeout(lab.SECONDS)
    page.set_content(EMPTY_PAGE)
    page.add_script_tag(content=bundle(Path(__file__).with_name("engine_page.js")))
    yield page
    page.close()


@pytest.fixture(scope="module")
def start(page, code):
    """Start an engine in the page under a name; what it says of itself."""
    return lambda name, **given: page.evaluate(
        "([name, code, files]) => dino.start(name, code, files)", [name, code, files(**given)]
    )


@pytest.fixture(scope="module", params=ARITHMETICS)
def arithmetic(request, start):
    """The name of an engine with the embedded network."""
    assert start(request.param, only=request.param)["arithmetic"] == request.param
    return request.param


@pytest.fixture(scope="module")
def engine(start):
    """The name of an engine that chose for itself."""
    start("engine")
    return "engine"


@pytest.fixture(scope="module")
def ask(page):
    def ask(name, /, **question):
        return page.evaluate("([name, question]) => dino.ask(name, question)", [name, question])

    return ask


def picture(tensor):
    """A tensor (1, 3, H, W) as the engine takes it."""
    _, _, height, width = tensor.shape
    data = np.ascontiguousarray(tensor[0].numpy(), dtype=np.float32)
    return {"tensor": text(data.tobytes()), "height": height, "width": width}


def pixels(photo):
    """A photo as a canvas gives it."""
    return {
        "data": text(photo.convert("RGBA").tobytes()),
        "width": photo.width,
        "height": photo.height,
    }


def difference(answer, index, block, heads):
    """How far the engine's block is from ``interventions.Block``: tokens, attention."""
    got = answer["blocks"][str(index)]
    tokens = floats(got["tokens"]).reshape(block.tokens.shape[1:])
    off = [np.abs(tokens - block.tokens[0].numpy()).max()]
    if block.q is None:
        assert got["q"] is None and got["k"] is None
        return [*off, 0]
    q, k = (torch.tensor(floats(got[name])).reshape(heads, answer["n"], -1) for name in ("q", "k"))
    rows = ((x @ y.mT).softmax(-1) for x, y in ((q, k), (block.q[0], block.k[0])))
    return [*off, float((next(rows) - next(rows)).abs().max())]


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


# Of 8 × 12 patches.
CHANGES = {
    "heads": WhatIf(heads_off=[(1, 0), (1, 3), (5, 2)]),
    "blocks": WhatIf(blocks_off=[0, 4]),
    "masked": WhatIf(masked=[0, 37, 38, 95]),
    "removed": WhatIf(removed=[0, 37, 38, 95]),
    "order": WhatIf(order=list(np.random.default_rng(0).permutation(96))),
    "cls": WhatIf(cls=False),
    "position": WhatIf(position=False),
    "all": WhatIf([(2, 1)], [3], list(range(95, -1, -1)), [5, 6], [7, 90], False, False),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_if_is_pythons(ask, embedded, engine, change):
    tensor, _ = to_tensor(load_photo("cat.jpg"), embedded, "whole", 64)
    what_if = CHANGES[change]
    question = {
        "headsOff": what_if.heads_off,
        "blocksOff": what_if.blocks_off,
        "order": what_if.order and [int(i) for i in what_if.order],
        "masked": what_if.masked,
        "removed": what_if.removed,
        "cls": what_if.cls,
        "position": what_if.position,
    }
    answer = ask(engine, picture=picture(tensor), whatIf=question)
    blocks, plain = forward(embedded, tensor, what_if), forward(embedded, tensor)
    for index, block in enumerate(blocks):
        tokens, attention = difference(answer, index, block, 6)
        assert tokens <= 1e-5 and attention <= 5e-6, (index, tokens, attention)
    same = blocks[-1].tokens.shape == plain[-1].tokens.shape
    assert not same or not torch.allclose(blocks[-1].tokens, plain[-1].tokens, atol=1e-2)


def test_the_untrained_network_is_pythons(ask, embedded, engine):
    """Its weights are made in the page, and changed as the trained ones are."""
    tensor, _ = to_tensor(load_photo("cat.jpg"), embedded, "whole", 64)
    answer = ask(engine, picture=picture(tensor), untrained=True, whatIf={"blocksOff": [2]})
    for index, block in enumerate(forward(untrained(embedded), tensor, WhatIf(blocks_off=[2]))):
        tokens, attention = difference(answer, index, block, 6)
        assert tokens <= 2e-5 and attention <= 5e-6, (index, tokens, attention)
    trained = ask(engine, picture=picture(tensor))
    assert difference(trained, 5, block, 6)[0] > 0.1


def test_pictures_are_kept_by_name(ask, embedded, engine):
    """Explorers share one engine; each asks again about its own picture."""
    first, second = (
        to_tensor(load_photo(f"{name}.jpg"), embedded, size=56)[0] for name in PHOTOS[:2]
    )
    answer = ask(engine, picture=picture(first), name="one", blocks=[0])
    ask(engine, picture=picture(second), name="two", blocks=[0])
    again = ask(engine, name="one", blocks=[0])
    assert again["blocks"] == answer["blocks"]


def test_rollout_passes_by_a_block(ask, embedded, engine):
    tensor, _ = to_tensor(load_photo("cat.jpg"), embedded, size=64)
    answer = ask(engine, picture=picture(tensor), whatIf={"blocksOff": [1]}, **{"from": 0})
    blocks = forward(embedded, tensor, WhatIf(blocks_off=[1]))
    row = rollout_row([(b.q, b.k) for b in blocks if b.q is not None])[0]
    assert np.abs(floats(answer["rollout"]) - row.numpy()).max() <= 1e-6


OTHERS = {  # timm's name, its settings, a picture's size
    "four registers, LayerScale, no position for CLS": (
        "vit_small_patch14_reg4_dinov2",
        {"img_size": 56, "depth": 2, "embed_dim": 64, "num_heads": 4},
        (98, 70),
    ),
    "patch 16, a picture of another shape": (
        "vit_tiny_patch16_224",
        {"img_size": 64, "depth": 2},
        (80, 128),
    ),
    "wide heads, no bias": (
        "vit_tiny_patch16_224",
        {"img_size": 32, "depth": 2, "num_heads": 2, "qkv_bias": False, "patch_size": 8},
        (32, 48),
    ),
}


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("half", (False, True), ids=("float32", "half"))
def test_other_networks(start, ask, page, other, half):
    name, settings, size = OTHERS[other]
    torch.manual_seed(0)
    model = timm.create_model(
        name, num_classes=0, dynamic_img_size=True, dynamic_img_pad=True, **settings
    ).eval()
    with torch.no_grad():  # biases are 0 and norms 1 in a new network, LayerScale next to nothing
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.05)
            if half:
                parameter.copy_(parameter.half())
    state = {n: (t.half() if half else t).contiguous() for n, t in model.state_dict().items()}
    heads = model.blocks[0].attn.num_heads
    start("other", weights=save(state), config={"model_args": {"num_heads": heads}})
    tensor = torch.randn(1, 3, *size)
    answer = ask("other", picture=picture(tensor))
    expected = model.forward_features(tensor).detach()[0].numpy()
    last = forward(model, tensor)[-1]
    assert np.abs(last.tokens[0].numpy() - expected).max() <= 1e-5
    tokens, attention = difference(answer, len(model.blocks) - 1, last, heads)
    assert tokens <= 2e-5 and attention <= 5e-6, (tokens, attention)
    page.evaluate("dino.stop('other')")


def test_untouched_is_timm(embedded):
    tensor, _ = to_tensor(load_photo("cat.jpg"), embedded, "whole", 64)
    for index, block in enumerate(forward(embedded, tensor)):
        assert (block.tokens - encode(embedded, tensor, index).tokens).abs().max() <= 1e-5


@pytest.mark.parametrize(
    "name, settings",
    [("vit_small_patch16_dinov3", {}), ("vit_tiny_patch16_224", {"qk_norm": True})],
)
def test_other_architectures_are_refused(start, name, settings):
    """A tensor that the engine would leave out is no small difference."""
    state = timm.create_model(name, num_classes=0, depth=1, **settings).state_dict()
    with pytest.raises(Exception, match="plain ViT"):
        start("refused", weights=save(state))


def test_a_browser_without_relaxed_simd_takes_simd(start, page):
    assert start("second", relaxed=text(b"\0asm\1\0\0\0\xff"))["arithmetic"] == "SIMD"
    page.evaluate("dino.stop('second')")


def test_a_page_that_forbids_webassembly_takes_javascript(browser, code):
    page = browser.new_page()
    policy = "script-src 'unsafe-inline' blob:; worker-src blob:"
    page.set_content(f'{EMPTY_PAGE}<meta http-equiv="Content-Security-Policy" content="{policy}">')
    page.add_script_tag(content=bundle(Path(__file__).with_name("engine_page.js")))
    ready = page.evaluate("([code, files]) => dino.start('plain', code, files)", [code, files()])
    page.close()
    assert ready["arithmetic"] == "JavaScript"


def test_compiled_files_are_of_this_source(tmp_path):
    """kernels.c, compiled again, gives the committed bytes."""
    if not shutil.which("clang-16") or not shutil.which("wasm-ld-16"):
        pytest.skip("Debian 12's clang-16 and lld-16 are not installed; another writes other bytes")
    version = subprocess.run(["clang-16", "--version"], capture_output=True, text=True).stdout
    if "Debian clang version 16.0.6" not in version:
        pytest.skip(f"another clang writes other bytes: {version.splitlines()[0]}")
    subprocess.run([ENGINE / "build.sh", tmp_path], check=True)
    for name in ("simd.wasm", "relaxed.wasm"):
        assert (tmp_path / name).read_bytes() == (ENGINE / name).read_bytes(), name
