"""What the explorer sends to the browser, the files it writes, and the upload button.

How it behaves in a browser is tested in tests/browser.
"""

import base64
import copy
import datetime
import io
import json
import re

import ipywidgets as widgets
import matplotlib
import nbformat
import numpy as np
import pytest
import timm
import torch
from nbconvert import HTMLExporter
from PIL import Image

import explorer
from explorer import data
from helpers import images, maps, models, overlay
from helpers.encoding import attention, encode

VIEW = "application/vnd.jupyter.widget-view+json"


@pytest.fixture(scope="module")
def box(photo, embedded):
    return explorer.explore(photo, embedded)


@pytest.fixture(scope="module")
def tensor(photo, embedded):
    return images.to_tensor(photo, embedded)[0]


def floats(data, *shape):
    return torch.frombuffer(bytearray(data), dtype=torch.float32).reshape(shape)


def table(data, patches):
    """(rows, N, N), the numbers that the browser reads out of an eight-bit table."""
    low, high = floats(data["ranges"], data["rows"], patches, 2).split(1, dim=-1)
    steps = torch.frombuffer(bytearray(data["bytes"]), dtype=torch.uint8)
    return low + steps.reshape(data["rows"], patches, patches) * (high - low) / 255


# --- what is sent ---


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
    data = data.block_data(model, tensor, block)
    encoded = encode(model, tensor, block)
    prefix, n = model.num_prefix_tokens, 24
    assert (data["block"], data["blocks"], data["grid"]) == (block % 2, 2, [4, 6])
    assert data["left_out"] == ""
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
    view = box.view
    assert (box.alpha.value, box.alpha.min, box.alpha.max) == (0.5, 0, 1)
    assert box.cmap.options == overlay.COLORMAPS and box.cmap.value == "viridis"
    assert view.weights == "합성한 그림으로 학습한 내장 DINO · embedded DINO, trained on composites (112 px, patch 8)"
    assert view.data["block"] == len(embedded.blocks) - 1
    _, seen = images.to_tensor(photo, embedded)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(view.photo))), np.asarray(seen))


def test_slider_and_menu_are_joined_in_the_browser(box):
    joined = [(link.source, link.target) for link in box.links]
    assert joined == [
        ((box.alpha, "value"), (box.view, "alpha")),
        ((box.cmap, "index"), (box.view, "cmap")),
    ]
    assert set(box.view.hushed) == {box.alpha.model_id, box.cmap.model_id, box.view.model_id}


def test_colour_tables_are_matplotlibs(box):
    assert tuple(box.view.tables) == overlay.COLORMAPS
    for name, entries in box.view.tables.items():
        ours = np.frombuffer(entries, np.uint8).reshape(256, 3)
        assert np.array_equal(ours, matplotlib.colormaps[name](range(256), bytes=True)[:, :3])


def test_large_photo_is_sent_small():
    small = data.shrink(Image.new("RGBA", (1600, 900)))
    assert small.size == (384, 216) and small.mode == "RGB"


@pytest.mark.parametrize(
    "budget, similarity, rows, left_out",
    [
        (8 * 196**2, True, 7, ""),
        (8 * 196**2 - 1, True, 1, "single heads"),
        (2 * 196**2 - 1, True, None, "어텐션 attention."),
        (196**2 - 1, False, None, "similarity and attention"),
    ],
)
def test_budget_is_kept_and_said(embedded, tensor, budget, similarity, rows, left_out):
    data = data.block_data(embedded, tensor, -1, budget)
    query = data["query"]
    assert (data["similarity"] is not None, query and query["rows"]) == (similarity, rows)
    sent = sum(len(data[kind]["bytes"]) for kind in ("similarity", "query") if data[kind])
    assert sent <= budget
    assert left_out in data["left_out"]
    assert bool(re.search("[가-힣]", data["left_out"])) == bool(left_out)


def test_sixty_by_sixty_patches_stay_light(embedded):
    data = data.block_data(embedded, torch.rand(1, 3, 480, 480), -1)
    assert data["grid"] == [60, 60] and data["similarity"] is None and data["query"] is None
    assert sum(len(data[kind]) for kind in ("norm", "cls")) < 120_000


# --- what the browser asks for ---


@pytest.fixture
def asked(photo, embedded):
    """Ask a fresh explorer; returns it and what it sent back."""
    view = explorer.explore(photo, embedded).view
    sent = []
    view.send = lambda content, buffers=None: sent.append((content, buffers))
    return lambda **question: view._answer(view, question, []), view, sent


def test_another_block(asked, embedded, tensor):
    ask, view, _ = asked
    ask(ask="block", block=2)
    assert view.data == data.block_data(embedded, tensor, 2)
    assert view.data != data.block_data(embedded, tensor, -1)


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
        ask(ask="block", block=99)
    assert "IndexError" in sent[0][0]["error"]


# --- where widgets don't run ---


def test_static_figure_and_stable_text(box, photo, embedded):
    bundle = box._repr_mimebundle_()
    assert bundle["text/plain"] == "<explorer: 합성한 그림으로 학습한 내장 DINO · embedded DINO, trained on composites (112 px, patch 8)>"
    assert bundle[VIEW]["model_id"] == box.model_id
    assert box._ipython_display_ is None  # ipywidgets 7 would show no figure
    figure = np.asarray(Image.open(io.BytesIO(base64.b64decode(bundle["image/png"]))))
    assert figure.shape[1] > 400 and figure.std() > 10


@pytest.mark.parametrize("view_is_stored", [False, True])
def test_nbconvert_shows_the_figure(box, view_is_stored):
    """Without a kernel, and whether or not Jupyter has stored a reference to the widget."""
    bundle = {**box._repr_mimebundle_()}
    if not view_is_stored:
        del bundle[VIEW]
    shown = nbformat.v4.new_output("execute_result", bundle, execution_count=1)
    cell = nbformat.v4.new_code_cell("explorer.explore(photo, model)", outputs=[shown])
    page, _ = HTMLExporter().from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
    assert f'src="data:image/png;base64,{bundle["image/png"][:200]}' in page
    assert "widget-view" not in page


# --- files ---


def traits(page):
    return json.loads(re.search(r'id="traits">(.*?)</script>', page, re.S)[1])


def test_page_holds_everything(box, tmp_path):
    path = box.save_html(tmp_path / "mine.html")
    page = path.read_text("utf-8")
    held = traits(page)
    assert base64.b64decode(held["photo"]) == box.view.photo
    assert base64.b64decode(held["data"]["norm"]) == box.view.data["norm"]
    assert "<title>mine</title>" in page
    assert not re.search(r"https?://|\bimport\s|src=|href=\"", page)


def test_page_follows_slider_and_menu(photo, embedded, tmp_path):
    box = explorer.explore(photo, embedded)
    box.alpha.value, box.cmap.value = 0.25, "jet"
    held = traits(box.save_html(tmp_path / "a.html").read_text("utf-8"))
    assert held["alpha"] == 0.25 and overlay.COLORMAPS[held["cmap"]] == "jet"


def test_page_escapes_names(photo, embedded, tmp_path):
    evil = copy.copy(embedded)
    evil.weights = models.Weights("</script><script>alert(1)</script>", "hub", True)
    page = explorer.explore(photo, evil).save_html(tmp_path / "<b>&.html").read_text("utf-8")
    assert page.count("<script") == 2 and page.count("</script") == 2
    assert "<title>&lt;b&gt;&amp;</title>" in page
    assert "</script><script>alert(1)</script>" in traits(page)["weights"]


@pytest.mark.parametrize("name", ["vit_base_patch16_224", "vit_small_patch8_224"])
def test_page_is_small(name, tmp_path):
    """At 224 px, with a photo of noise, the worst to compress at this size."""
    model = timm.create_model(name, num_classes=0, depth=1).eval()
    noise = np.random.default_rng(0).integers(0, 256, (224, 224, 3), np.uint8)
    box = explorer.explore(Image.fromarray(noise), model)
    assert box.save_html(tmp_path / "a.html").stat().st_size <= 2_000_000


@pytest.mark.parametrize("sweep, frames", [("alpha", 40), ("head", 6), ("block", 6), ("zoom", 24)])
def test_gif(box, photo, tmp_path, sweep, frames):
    path = box.save_gif(tmp_path / "a.gif", sweep)
    with Image.open(path) as gif:
        assert (gif.format, gif.n_frames) == ("GIF", frames)
        first = np.asarray(gif.convert("RGB")).astype(int)
        gif.seek(frames // 2)
        middle = np.asarray(gif.convert("RGB")).astype(int)
    seen = np.asarray(box.view.picture)
    assert first.shape == (seen.shape[0] + 22, seen.shape[1], 3)
    assert np.abs(first - middle)[: len(seen)].mean() > 2
    if sweep == "alpha":
        assert np.abs(first[: len(seen)] - seen).mean() < 5
        m = maps.min_max(floats(box.view.data["norm"], *box.view.data["grid"]))
        wanted = np.asarray(overlay.blend(box.view.picture, m, 1.0))
        assert np.abs(middle[: len(seen)] - wanted).mean() < 5
    if sweep == "zoom":  # half-way round it is the middle third, with a map of its own
        whole = box.view.seen
        w, h = whole.width / 3, whole.height / 3
        window = whole.crop([round(edge) for edge in (w, h, 2 * w, 2 * h)])
        m = maps.norm_map(box.view.model, images.to_tensor(window, box.view.model, "whole")[0])
        wanted = overlay.blend(window, m, box.view.alpha).resize(box.view.picture.size)
        assert np.abs(middle[: len(seen)] - np.asarray(wanted)).mean() < 5


def test_unknown_sweep(box, tmp_path):
    with pytest.raises(ValueError, match="(?s)sweep은.*sweep must be"):
        box.save_gif(tmp_path / "a.gif", "spin")


# --- upload ---


def value(name, data):
    """What a FileUpload of the installed ipywidgets holds after an upload."""
    if int(widgets.__version__.split(".")[0]) < 8:
        return {name: {"content": data, "metadata": {"name": name}}}
    file = {"name": name, "type": "image/png", "size": len(data), "content": memoryview(data)}
    return ({**file, "last_modified": datetime.datetime.now(datetime.UTC)},)


@pytest.fixture
def upload(photo):
    seen = []
    box = explorer.upload(seen.append)
    button, message, output = box.children
    png = io.BytesIO()
    photo.save(png, "PNG")

    def put(name, data):
        button.set_trait("value", value(name, data))

    return seen, put, message, png.getvalue()


def test_uploaded_photo_is_shown(upload, photo):
    seen, put, message, png = upload
    put("cat.png", png)
    assert len(seen) == 1 and np.array_equal(np.asarray(seen[0]), np.asarray(photo))
    assert message.value == ""


def test_bad_file_is_explained_and_nothing_is_lost(upload):
    seen, put, message, png = upload
    put("cat.png", png)
    put("<b>notes</b>.txt", b"hello")
    assert len(seen) == 1
    assert "사진이 아닙니다: &lt;b&gt;notes&lt;/b&gt;.txt" in message.value
    assert "Not a photo" in message.value and "<b>" not in message.value
    put("cat2.png", png)
    assert len(seen) == 2 and message.value == ""


def test_button_takes_one_picture():
    button = explorer.upload(print).children[0]
    assert button.accept == "image/*" and button.multiple is False
