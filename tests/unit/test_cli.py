"""`python -m helpers photo.jpg`."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from helpers import __main__ as cli
from helpers import images, maps, overlay, plots

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Work in an empty folder that also gets what is written by default; the embedded DINO."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DINO_MODEL", "embedded")
    monkeypatch.setenv("DINO_OUTPUTS", str(tmp_path / "outputs"))
    return tmp_path


@pytest.fixture
def drawn(monkeypatch):
    """Record what the figure is made of."""
    calls = []
    two_panel = plots.two_panel

    def record(photo, m, **kwargs):
        calls.append((photo, m, kwargs))
        return two_panel(photo, m, **kwargs)

    monkeypatch.setattr(plots, "two_panel", record)
    return calls


def test_writes_the_figure_and_says_which_weights(elsewhere, capsys):
    assert cli.main(["cat.jpg"]) == 0
    out = elsewhere / "outputs" / "cat.dino.png"
    assert Image.open(out).width > 400
    path, weights = capsys.readouterr().out.splitlines()
    assert path == os.path.join("outputs", "cat.dino.png")
    assert weights == "가중치 weights: 내장 DINO · embedded DINO (112 px, patch 8)"


def test_options_reach_the_figure(drawn, embedded, elsewhere):
    argv = "cat.jpg -o sub/my.png --map attention --alpha 0.3 --cmap jet --fit squash"
    assert cli.main(argv.split()) == 0
    assert (elsewhere / "sub" / "my.png").exists()
    assert list((elsewhere / "outputs").iterdir()) == []
    ((seen, m, kwargs),) = drawn
    cat = images.load_photo("cat.jpg")
    tensor, _ = images.to_tensor(cat, embedded, "squash")
    assert seen.size == cat.size and (kwargs["alpha"], kwargs["cmap"]) == (0.3, "jet")
    assert np.allclose(m, maps.attention_map(embedded, tensor), atol=1e-6)


def test_defaults_are_the_norm_map_of_what_the_network_saw(drawn, embedded):
    cli.main(["cat.jpg"])
    ((seen, m, kwargs),) = drawn
    tensor, expected = images.to_tensor(images.load_photo("cat.jpg"), embedded)
    assert seen.size == expected.size and kwargs["cmap"] == overlay.COLORMAPS[0]
    assert np.allclose(m, maps.norm_map(embedded, tensor), atol=1e-6)


@pytest.mark.parametrize(
    "argv, message",
    [
        (["nothing.jpg"], "No such file: nothing.jpg"),
        (["notes.txt"], "Not a photo: notes.txt"),
        (["cat.jpg", "--model", "vit_bse_patch16_224.dino"], "timm has no such model"),
        (["cat.jpg", "--alpha", "2"], "alpha must be between 0 and 1"),
        (["cat.jpg", "--cmap", "rainbowish"], "No such colormap"),
        (["cat.jpg", "-o", "notes.txt/a.png"], "notes.txt"),
        (["cat.jpg", "-o", "a.docx"], "docx"),
    ],
)
def test_errors_are_one_line_and_exit_2(elsewhere, capsys, argv, message):
    (elsewhere / "notes.txt").write_text("hello")
    assert cli.main(argv) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and len(captured.err.splitlines()) == 1
    assert message in captured.err


@pytest.mark.parametrize(
    "photo, stem",
    [("a/b.c.jpg", "b.c"), ("https://x.org/%EA%B0%9C.jpg?w=3", "개"), ("https://x.org/", "photo")],
)
def test_name_of_the_figure(photo, stem):
    assert cli._stem(photo) == stem


def test_runs_from_any_folder_and_helps_at_once(elsewhere):
    """At once: without importing torch, which takes seconds."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    code = (
        "import runpy, sys; sys.argv = ['helpers', '--help']\n"
        "try: runpy.run_module('helpers', run_name='__main__')\n"
        "finally: print('torch' in sys.modules, 'matplotlib' in sys.modules)"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert "usage: python -m helpers" in done.stdout and "False False" in done.stdout

    command = [sys.executable, "-m", "helpers", "cat.jpg"]
    subprocess.run(command, env=environment, capture_output=True, check=True)
    assert (elsewhere / "outputs" / "cat.dino.png").exists()
