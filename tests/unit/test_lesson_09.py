"""Lesson 09: every cell with a hub within reach, and what its checks say."""

import os
import re
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
import timm
import torch
from learner import NAME as TINY
from learner import URL_PATH
from safetensors.torch import save
from verdicts import all_different_hints

from classroom.checks import lesson_09 as checks
from tools.notebooks import Client

ROOT = Path(__file__).resolve().parents[2]


def test_lesson_shows_real_models_when_the_hub_has_them(loopback_hub, tmp_path):
    """Every cell of the lesson, with a hub that has one more model and lacks another.

    A tiny architecture with random weights stands in for DINO S/16.
    """
    torch.manual_seed(1)
    server = loopback_hub(URL_PATH, save(timm.create_model("test_vit").state_dict()))
    nb = nbformat.read(ROOT / "notebooks" / "09_models.ipynb", as_version=4)
    nb.cells = [cell for cell in nb.cells if cell.cell_type == "code"]
    # The third cell is the lesson's first own one.
    other = "zoo.LINE_UP = (*zoo.LINE_UP[:2], zoo.Entry('DINO S/16', '{}'), zoo.LINE_UP[7])"
    nb.cells.insert(2, nbformat.v4.new_code_cell(other.format(TINY)))
    hidden = ("HF_HUB_OFFLINE", "HF_HUB_CACHE", "DINO_MODEL")
    env = {key: value for key, value in os.environ.items() if key not in hidden}
    env |= {"HF_ENDPOINT": server.address, "HF_HOME": str(tmp_path)}
    resources = {"metadata": {"path": str(ROOT / "notebooks")}}
    client = Client(nb, timeout=120, kernel_name="python3", resources=resources)
    client.execute(env=env)

    texts = {
        cell.source.split("\n")[0]: "".join(
            output.get("text", output.get("data", {}).get("text/plain", ""))
            for output in cell.outputs
            if output.get("name") != "stderr"  # the hub's progress bar
        )
        for cell in nb.cells
    }
    ready = texts["ready = zoo.available(zoo.LINE_UP)"]
    assert "to download: DINO S/16, DINOv2 S/14 reg" in ready
    # 404 of the other one comes to light when it is loaded; it is skipped then, cell by cell.
    likeness = "likeness = zoo.run_all(lambda model: norms.like_pixels(model, photo), ready)"
    for text in (ready, texts["def focus(model):"], texts[likeness]):
        assert "Skipped: DINOv2 S/14 reg; the hub has no such weights (404)." in text
    assert re.search(r"'DINO S/16': '\d+%'", texts["def focus(model):"])
    assert re.search(r"^DINO S/16: longest \d", texts[likeness], re.M)
    # Where it can be had, the second half of the lesson is about DINO S/16, not the embedded one.
    (states,) = (text for start, text in texts.items() if start.startswith("by_label = "))
    blocks, grid = len(timm.create_model("test_vit").blocks), 160 // 16
    assert states == f"({blocks}, 1, {grid * grid}) True\n"
    assert server.requests.count(f"GET {URL_PATH}") == 1  # then from the cache


def test_check_all_tokens(said):
    row = SimpleNamespace(grid=(37, 37), prefix_tokens=5)
    assert said(checks.check_all_tokens, 37 * 37 + 5, row).startswith(
        "맞습니다! 37 × 37 + 5 = 1374"
    )
    assert said(checks.check_all_tokens, ..., row).startswith("아직 답이 없습니다.")
    wrong = 37 * 37, 37 * 37 + 1, 37 * 37 + 4, 37 + 5, 518, "37 × 37 + 5"
    all_different_hints(said(checks.check_all_tokens, w, row) for w in wrong)


@pytest.mark.parametrize("count", [196, 1960])
def test_check_cutoff(said, count):
    lengths = torch.rand(count, generator=torch.Generator().manual_seed(0)) ** 4 * 10 + 5
    right = lengths.quantile(0.98)
    for answer in (right, float(right), round(float(right), 2)):
        out = said(checks.check_cutoff, answer, lengths)
        assert out.startswith("맞습니다! 2%가") and "\nCorrect! 2% are" in out
    assert said(checks.check_cutoff, ..., lengths).startswith("아직 답이 없습니다.")
    wrong = [
        lengths.quantile(0.02),
        0.98 * lengths.max(),
        right / lengths.median(),
        lengths.median(),
        lengths,
    ]
    hints = [said(checks.check_cutoff, w, lengths) for w in wrong]
    all_different_hints(hints)
    words = "small end", "not of the maximum", "not a multiple", "50.0% of the patches", "no Tensor"
    assert all(word in hint for word, hint in zip(words, hints))


def test_check_kept_width(said):
    where = {"size": (640, 480), "short": 256, "kept": 224}
    for right in (224 / (640 * 256 / 480), 0.66):
        out = said(checks.check_kept_width, right, **where)
        assert out.startswith("맞습니다! 66%가") and "\nCorrect! 66% are left." in out
    assert said(checks.check_kept_width, ..., **where).startswith("아직 답이 없습니다.")
    wrong = 224 / 256, 224 / 640, 1 - 0.65625, 65.625, 224 / (640 * 248 / 480), 0.1, "two thirds"
    all_different_hints(said(checks.check_kept_width, w, **where) for w in wrong)
