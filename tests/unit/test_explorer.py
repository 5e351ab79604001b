"""What the explorer sends to the browser, the files it writes, and the upload button.

How it behaves in a browser is tested in tests/browser.
"""

import base64
import copy
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from unittest.mock import Mock

import matplotlib
import nbformat
import numpy as np
import pytest
import timm
import torch
from ipywidgets.widgets import widget_output
from nbclient import NotebookClient
from nbconvert import HTMLExporter
from PIL import Image
from safetensors.torch import load

import explorer
from bilingual import BadInput
from explorer import live
from explorer.data import block_data, patch_map, shrink
from explorer.interventions import forward
from explorer.network import in_page, levels, weights
from explorer.upload import upload
from explorer.widget import KINDS
from helpers import images, maps, models, overlay
from helpers import widgets as sliders
from helpers.encoding import attention, encode
from topics.masks import load_masks, masks_on_grid

ROOT = Path(__file__).resolve().parents[2]
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


def test_unknown_start(photo, embedded):
    with pytest.raises(BadInput, match="(?s)start에 쓸.*start must be"):
        explorer.explore(photo, embedded, start="attention")


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


def test_large_photo_is_sent_small():
    small = shrink(Image.new("RGBA", (1600, 900)))
    assert small.size == (384, 216) and small.mode == "RGB"


@pytest.mark.parametrize("side, sent", [(300, None), (900, 900), (2000, 1600)])
def test_the_picture_to_keep_is_the_photos_own_size(embedded, side, sent):
    box = explorer.explore(Image.new("RGB", (side, side), "red"), embedded, fit="whole")
    assert (Image.open(io.BytesIO(box.full)).size if box.full else None) == (sent and (sent, sent))


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


# --- what the browser asks for ---


@pytest.fixture
def asked(photo, embedded):
    """Ask a fresh explorer; returns it and what it sent back."""
    view = explorer.explore(photo, embedded)
    sent = []
    view.send = lambda content, buffers=None: (
        None if content == {"heard": True} else sent.append((content, buffers))
    )
    return lambda **question: view._answer(view, question, []), view, sent


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


# --- where widgets don't run ---


def test_static_figure_and_stable_text(box):
    data, _ = box._repr_mimebundle_()
    assert data["text/plain"] == f"<explorer: {box.weights}>"
    assert data[VIEW]["model_id"] == box.model_id
    figure = np.asarray(Image.open(io.BytesIO(base64.b64decode(data["image/jpeg"]))))
    assert figure.shape[1] > 400 and figure.std() > 10


@pytest.mark.parametrize("start", KINDS)
def test_the_figure_is_of_the_first_map_and_names_it(photo, embedded, start):
    box = explorer.explore(photo, embedded, start=start)
    titles = [ax.get_title() for ax in box.figure().axes]
    assert any(KINDS[start][1] in title for title in titles)
    shown = box.figure().axes[1].images[0].get_array()
    norm = explorer.explore(photo, embedded).figure().axes[1].images[0].get_array()
    assert np.array_equal(shown, norm) == (start == "norm")


# As google.colab.output._widgets is published: what is displayed gets the address of the widget
# manager, by a hook that the result of a cell does not pass.
COLAB = """
import sys, types
from IPython import get_ipython
colab, output, inner = (types.ModuleType(name) for name in (
    "google.colab", "google.colab.output", "google.colab.output._widgets"))
sys.modules |= {m.__name__: m for m in (types.ModuleType("google"), colab, output, inner)}
colab.output, output._widgets, inner._installed_url = output, inner, None
VIEW = "application/vnd.jupyter.widget-view+json"
def hook(msg):
    content = msg.get("content", {})
    if VIEW in content.get("data", {}):
        held = content.setdefault("metadata", {}).setdefault(VIEW, {})
        held["colab"] = {"custom_widget_manager": {"url": inner._installed_url}}
    return msg
def enable_custom_widget_manager():
    if not inner._installed_url:
        get_ipython().display_pub.register_hook(hook)
    inner._installed_url = "https://colab.example/manager.js"
output.enable_custom_widget_manager = enable_custom_widget_manager
import explorer
from classroom import predict
from explorer.upload import upload
from helpers import models
model = models.load_model("embedded")
"""


def test_colab_is_told_where_its_widget_manager_is():
    ends = (
        "explorer.explore('cat.jpg', model)",
        "explorer.camera(model)",
        "upload(print)",
        "guess = predict.patches('00', 'a', 'cat.jpg', (3, 4))",
        "guess = predict.choice('00', 'b', [('예', 'yes'), ('아니요', 'no')])",
    )
    cells = [nbformat.v4.new_code_cell(source) for source in (COLAB, *ends)]
    nb = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(nb, kernel_name="python3", timeout=600).execute()
    for cell in nb.cells[1:]:
        (shown,) = cell.outputs
        manager = shown.metadata[VIEW]["colab"]["custom_widget_manager"]
        assert manager == {"url": "https://colab.example/manager.js"}
        assert shown.data[VIEW]["model_id"]


@pytest.mark.parametrize("view_is_stored", [False, True])
def test_nbconvert_shows_the_figure(box, view_is_stored):
    """Without a kernel, and whether or not Jupyter has stored a reference to the widget."""
    bundle = {**box._repr_mimebundle_()[0]}
    if not view_is_stored:
        del bundle[VIEW]
    shown = nbformat.v4.new_output("execute_result", bundle, execution_count=1)
    cell = nbformat.v4.new_code_cell("explorer.explore(photo, model)", outputs=[shown])
    page, _ = HTMLExporter().from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
    assert f'src="data:image/jpeg;base64,{bundle["image/jpeg"][:200]}' in page
    assert "widget-view" not in page


# --- files ---


def traits(page):
    return json.loads(re.search(r'class="dino-traits">(.*?)</script>', page, re.S)[1])


def test_page_holds_everything(box, tmp_path):
    path = box.save_html(tmp_path / "a folder" / "that is new" / "mine.html")
    page = path.read_text("utf-8")
    held = traits(page)
    assert base64.b64decode(held["photo"]) == box.photo
    assert base64.b64decode(held["data"]["norm"]) == box.data["norm"]
    assert "<title>mine</title>" in page
    assert not re.search(r"https?://|src=|href=\"", page)


def test_page_follows_slider_and_menu(photo, embedded, tmp_path):
    box = explorer.explore(photo, embedded)
    box.alpha, box.cmap = 0.25, "jet"
    held = traits(box.save_html(tmp_path / "a.html").read_text("utf-8"))
    assert (held["alpha"], held["cmap"]) == (0.25, "jet")


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
    model = timm.create_model(name, num_classes=0, depth=3, dynamic_img_size=True).eval()
    noise = np.random.default_rng(0).integers(0, 256, (224, 224, 3), np.uint8)
    box = explorer.explore(Image.fromarray(noise), model)
    assert box.save_html(tmp_path / "a.html").stat().st_size <= 2_000_000


def test_page_with_the_network(embedded, tmp_path):
    """At most 9 MB with a large photo of noise; the weights are those of the model."""
    noise = np.random.default_rng(0).integers(0, 256, (384, 384, 3), np.uint8)
    box = explorer.explore(Image.fromarray(noise), embedded)
    page = box.save_html(tmp_path / "a.html")
    assert page.stat().st_size <= 9_000_000
    held = traits(page.read_text("utf-8"))["network"]
    assert load(base64.b64decode(held["weights"])).keys() == embedded.state_dict().keys()
    assert len(base64.b64decode(held["relaxed"])) > 10_000 and "onmessage" in held["worker"]


def test_page_without_the_network_has_all_blocks(box, embedded, tensor, tmp_path):
    page = box.save_html(tmp_path / "a.html", network=False).read_text("utf-8")
    held = traits(page)
    assert held["network"] == {} and len(page) < 2_500_000
    for packed, block in zip(held["tokens"]["blocks"], forward(embedded, tensor), strict=True):
        for name, numbers in block._asdict().items():
            half = np.frombuffer(base64.b64decode(packed[name]), np.float16)
            assert np.abs(half - numbers.numpy().ravel()).max() < 2e-3 * numbers.abs().max()


# --- the network in the page ---


def test_the_network_comes_on_request_and_is_stored_nowhere(asked, embedded):
    ask, view, sent = asked
    assert len(str(view.get_state())) < 3_000_000 and "weights" not in view.network
    assert sum(len(str(x)) for x in view._repr_mimebundle_()[0].values()) < 300_000
    ask(ask="network")
    ((content, buffers),) = sent
    files = dict(zip(content["network"], buffers, strict=True))
    for name, numbers in load(files["weights"]).items():
        assert torch.equal(numbers.float(), embedded.state_dict()[name])


def test_a_changed_model_is_another_network(embedded, photo):
    """Its own numbers go to the page, in full precision where half would change them."""
    changed = copy.deepcopy(embedded)
    with torch.no_grad():
        changed.blocks[0].attn.proj.bias += 1e-4
    assert in_page(changed)["key"] != in_page(embedded)["key"]
    assert load(weights(changed))["norm.bias"].dtype == torch.float32


@pytest.mark.parametrize("name", ["vit_small_patch16_224", "vit_small_patch16_dinov3"])
def test_other_networks_stay_with_the_kernel(name, photo, embedded, monkeypatch):
    """Large ones, and those that are none of timm's plain kind however small."""
    size = {} if name == "vit_small_patch16_224" else {"depth": 1}
    model = timm.create_model(name, num_classes=0, dynamic_img_size=True, **size).eval()
    assert in_page(model) == {}
    with pytest.raises(BadInput, match="(?s)작은 기본형.*small ViTs"):
        explorer.camera(model)
    gelu = copy.deepcopy(embedded)
    gelu.blocks[0].mlp.act = torch.nn.GELU("tanh")
    assert in_page(gelu) == {}


@pytest.mark.parametrize("fit", ["crop", "squash", "whole"])
def test_the_page_gets_the_networks_own_picture(photo, embedded, fit):
    tensor, _ = images.to_tensor(photo, embedded, fit)
    picture = np.asarray(Image.open(io.BytesIO(levels(embedded, tensor))))
    mean, std = (np.array(embedded.pretrained_cfg[name], np.float32) for name in ("mean", "std"))
    again = ((picture / np.float32(255) - mean) / std).transpose(2, 0, 1)
    assert np.abs(again - tensor[0].numpy()).max() < 1e-6


def test_a_photo_from_the_page(asked, embedded):
    """For a model that the kernel computes; all is as if it had been given from the start."""
    ask, view, _ = asked
    other = Image.new("RGB", (200, 90), "teal")
    file = io.BytesIO()
    other.save(file, "PNG")
    view.mask = b"\1" * 196  # the old photo's must go
    view._answer(view, {"ask": "photo", "name": "a.png"}, [file.getvalue()])
    wanted = explorer.explore(other, embedded, fit="whole")  # no one crops their own
    for name in ("photo", "full", "data", "input", "mask"):
        assert getattr(view, name) == getattr(wanted, name), name


@pytest.mark.parametrize("size, grid", [((300, 100), (14, 42)), ((100, 400), (14, 14))])
def test_a_very_long_photo_is_cropped(embedded, size, grid):
    """Whole, it would have thousands of patches, each compared with all others."""
    box = explorer.explore(Image.new("RGB", size), embedded, fit="whole")
    assert tuple(box.data["grid"]) == grid


def test_the_camera_says_that_it_heard_and_sends_its_page(embedded):
    view, sent = explorer.camera(embedded), []
    view.send = lambda content, buffers=(): sent.append((content, list(buffers)))
    view._answer(view, {"ask": "page"}, [])
    assert sent == [({"heard": True}, []), ({}, [live.page(embedded).encode()])]


def test_masks_of_a_bundled_photo(embedded):
    """Known by the photo's name, in the view that the network has."""
    box = explorer.explore("kingfisher.jpg", embedded, fit="whole")
    wanted = masks_on_grid(load_masks("kingfisher"), embedded, "whole").any(0).flatten()
    assert list(box.mask) == wanted.int().tolist()
    assert explorer.explore(images.load_photo("kingfisher.jpg"), embedded).mask == b""


@pytest.mark.parametrize("sweep, frames", [("alpha", 40), ("head", 6), ("block", 6)])
def test_gif(box, photo, tmp_path, sweep, frames):
    path = box.save_gif(tmp_path / "new" / "a.gif", sweep)
    with Image.open(path) as gif:
        assert (gif.format, gif.n_frames) == ("GIF", frames)
        first = np.asarray(gif.convert("RGB")).astype(int)
        gif.seek(frames // 2)
        middle = np.asarray(gif.convert("RGB")).astype(int)
    seen = np.asarray(box.picture)
    assert first.shape == (seen.shape[0] + 22, seen.shape[1], 3)
    assert np.abs(first - middle)[: len(seen)].mean() > 2
    if sweep == "alpha":
        assert np.abs(first[: len(seen)] - seen).mean() < 5
        m = maps.min_max(floats(box.data["norm"], *box.data["grid"]))
        wanted = np.asarray(overlay.blend(box.picture, m, 1.0))
        assert np.abs(middle[: len(seen)] - wanted).mean() < 5


def test_unknown_sweep(box, tmp_path):
    with pytest.raises(ValueError, match="(?s)^sweep에 쓸.*sweep must be"):
        box.save_gif(tmp_path / "a.gif", "spin")


@pytest.mark.parametrize("save", ["save_html", "save_gif"])
@pytest.mark.parametrize("place", ["folder", "notes.txt/a.gif"])
def test_a_place_that_cannot_be_written(box, tmp_path, save, place):
    (tmp_path / "folder").mkdir()
    (tmp_path / "notes.txt").touch()
    with pytest.raises(BadInput, match="(?s)파일을 저장할 수 없습니다.*Name a file, not a folder"):
        getattr(box, save)(tmp_path / place)


def test_the_live_page_is_written_by_command_on_a_fresh_clone(tmp_path):
    """Where there is no outputs folder yet, without a warning, on a console without Hangul."""
    command = [sys.executable, "-W", "error::RuntimeWarning", "-m", "explorer.live"]
    page, narrow = (
        tmp_path / "내 outputs" / "live.html",
        {**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    ran = subprocess.run([*command, page], cwd=ROOT, env=narrow, capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "") and page.exists()


# --- upload ---


@pytest.fixture
def uploading(photo):
    """Send a file as upload.js does; returns what was seen, and what the page was told."""
    seen, told = [], []

    def show(mine):
        seen.append(mine)
        return "a picture"

    box = upload(show)
    box.button.send = told.append
    png = io.BytesIO()
    photo.save(png, "PNG")

    def put(name, data):
        box.button._sent(None, {"name": name}, [memoryview(data)])

    return box, seen, told, put, png.getvalue()


def test_uploaded_photo_is_shown(uploading, photo):
    _, seen, told, put, png = uploading
    put("cat.png", png)
    assert len(seen) == 1 and np.array_equal(np.asarray(seen[0]), np.asarray(photo))
    assert told == [{"error": []}]


def test_bad_file_is_explained_and_the_button_stays(uploading):
    _, seen, told, put, png = uploading
    put("notes.txt", b"hello")
    korean, english = told[-1]["error"]
    assert seen == [] and "notes.txt" in korean and "notes.txt" in english
    assert "Not a photo" in english and "Not" not in korean
    put("cat2.png", png)
    assert len(seen) == 1 and told[-1] == {"error": []}


def test_the_page_is_answered_even_if_showing_fails(uploading):
    box, _, told, put, png = uploading

    def fail(mine):
        raise RuntimeError

    box.show = fail
    with pytest.raises(RuntimeError):
        put("cat.png", png)
    assert told == [{"error": []}]


def test_a_photo_that_cannot_be_shown_is_explained_without_a_traceback(uploading, monkeypatch):
    """As in a kernel, where an ``Output`` would take the error and draw it."""
    box, _, told, put, png = uploading
    shell, refusal = Mock(kernel=None), BadInput("너무 깁니다.", "Too long.")
    monkeypatch.setattr(widget_output, "get_ipython", lambda: shell)
    box.show = Mock(side_effect=refusal)
    put("cat.png", png)
    assert told == [{"error": [refusal.ko, refusal.en]}]
    shell.showtraceback.assert_not_called()


def test_a_video_comes_as_it_is_and_is_kept(uploading):
    seen, told = [], []
    box = upload(seen.append, video=True)
    box.button.send = told.append
    assert box.value is None and box.button.video and not uploading[0].button.video
    box.button._sent(None, {"name": "film.gif"}, [memoryview(b"GIF89a")])
    assert seen == [box.value] == [[{"name": "film.gif", "content": b"GIF89a"}]]
    box.show = Mock(side_effect=BadInput("깨졌습니다.", "Damaged."))
    box.button._sent(None, {"name": "other.gif"}, [memoryview(b"GIF")])
    assert box.value == seen[0] and told == [{"error": []}, {"error": ["깨졌습니다.", "Damaged."]}]


# --- ipywidgets' own sliders ---


def test_plain_sliders_show_the_overlay(photo, embedded, tensor):
    m = maps.norm_map(embedded, tensor)
    box = sliders.sliders(photo, m, weights=embedded)
    alpha, cmap, picture, line = box.children
    assert (alpha.value, alpha.min, alpha.max, cmap.value) == (0.5, 0, 1, "viridis")
    assert cmap.options == overlay.COLORMAPS and str(embedded.weights) in line.value
    assert "불투명도" in alpha.description and "opacity" in alpha.description
    for look in ((0.5, "viridis"), (0.2, "viridis"), (0.2, "jet")):
        alpha.value, cmap.value = look
        shown = np.asarray(Image.open(io.BytesIO(picture.value)))
        assert np.array_equal(shown, np.asarray(overlay.blend(photo, m, *look)))
