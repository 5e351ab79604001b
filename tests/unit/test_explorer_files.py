"""The files that the explorer writes: its HTML page, GIFs, the live page."""

import base64
import copy
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import timm
from explorer_data import floats
from PIL import Image
from safetensors.torch import load

import explorer
from bilingual import BadInput
from explorer.interventions import forward
from helpers import maps, models, overlay

ROOT = Path(__file__).resolve().parents[2]


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
