"""`python -m helpers photo.jpg`."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import bilingual
from helpers import __main__ as cli
from helpers import images, maps, overlay, plots
from sources import web

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Work in an empty folder with the embedded DINO; no language was chosen."""
    monkeypatch.setattr(bilingual, "_chosen", None)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DINO_MODEL", "embedded")
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


def command(*arguments, **environment):
    """Run the command in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    line = [sys.executable, "-m", "helpers", *arguments]
    return subprocess.run(line, env=environment, capture_output=True, check=False)


def test_writes_the_figure_here_and_says_which_weights(elsewhere, capsys):
    assert cli.main(["cat.jpg"]) == 0
    assert Image.open(elsewhere / "cat.dino.png").width > 400
    path, weights = capsys.readouterr().out.splitlines()
    assert path == "cat.dino.png"
    assert weights.startswith("가중치 weights: ") and "embedded DINO" in weights


def test_options_reach_the_figure(drawn, embedded, elsewhere):
    argv = "cat.jpg -o sub/my.png --map attention --alpha 0.3 --cmap jet --fit squash"
    assert cli.main(argv.split()) == 0
    assert [p.as_posix() for p in Path().rglob("*.png")] == ["sub/my.png"]
    ((seen, m, kwargs),) = drawn
    cat = images.load_photo("cat.jpg")
    tensor, _ = images.to_tensor(cat, embedded, "squash")
    assert seen.size == cat.size and (kwargs["alpha"], kwargs["cmap"]) == (0.3, "jet")
    assert kwargs["title"] == "어텐션 맵 attention map"
    assert np.allclose(m, maps.attention_map(embedded, tensor), atol=1e-6)


def test_defaults_are_the_norm_map_of_what_the_network_saw(drawn, embedded):
    cli.main(["cat.jpg"])
    ((seen, m, kwargs),) = drawn
    tensor, expected = images.to_tensor(images.load_photo("cat.jpg"), embedded)
    assert seen.size == expected.size and kwargs["cmap"] == overlay.COLORMAPS[0]
    assert kwargs["title"] == "노름 맵 norm map"
    assert np.allclose(m, maps.norm_map(embedded, tensor), atol=1e-6)


@pytest.mark.parametrize(
    "asked, written", [("result", "result.png"), ("my.JPG", "my.JPG"), ("sub/a.pdf", "sub/a.pdf")]
)
def test_the_name_that_is_told_is_the_file_that_is_there(capsys, asked, written):
    assert cli.main(["cat.jpg", "-o", asked]) == 0
    assert capsys.readouterr().out.splitlines()[0] == written
    assert [p.as_posix() for p in Path().rglob("*.*")] == [written]


@pytest.mark.parametrize(
    "argv, message",
    [
        (["nothing.jpg"], "No such file: nothing.jpg"),
        (["notes.txt"], "Not a photo: notes.txt"),
        (["cat.jpg", "--model", "vit_bse_patch16_224.dino"], "timm has no such model"),
        (["cat.jpg", "--alpha", "2"], "alpha must be a number between 0 and 1"),
        (["cat.jpg", "--cmap", "rainbowish"], "cmap must be one of viridis"),
        (["cat.jpg", "--map", "norms"], "--map must be one of norm, attention: 'norms'"),
        (["cat.jpg", "--fit", "cut"], "fit must be one of crop, squash, whole: 'cut'"),
        (["cat.jpg", "--alpha", "half"], "not understood (argument --alpha: invalid float"),
        ([], "not understood (the following arguments are required: photo)"),
        (["cat.jpg", "-o", "notes.txt/a.png"], "cannot be written: notes.txt/a.png"),
        (["cat.jpg", "-o", "a.docx"], "cannot be written: a.docx (Format 'docx'"),
    ],
)
def test_errors_are_one_line_in_both_languages_and_exit_2(elsewhere, capsys, argv, message):
    (elsewhere / "notes.txt").write_text("hello")
    assert cli.main(argv) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and len(captured.err.splitlines()) == 1
    korean, english = captured.err.split(" / ")
    assert message in english and any("가" <= sign <= "힣" for sign in korean)


def test_speaks_one_language(monkeypatch, capsys):
    monkeypatch.setenv("DINO_LANGUAGE", "en")
    assert cli.main(["none.jpg"]) == 2
    assert capsys.readouterr().err.startswith("No such file: none.jpg.")
    monkeypatch.setenv("DINO_LANGUAGE", "kr")
    assert cli.main(["none.jpg"]) == 2
    assert "must be" in capsys.readouterr().err


def test_nothing_is_said_of_kernels(monkeypatch, capsys):
    """The hub is off here, so the embedded DINO draws, and a notice says what would help."""
    assert cli.main(["cat.jpg", "--model", "vit_small_patch16_224.dino"]) == 0
    out = capsys.readouterr().out
    assert "HF_HUB_OFFLINE" in out and "kernel" not in out and "커널" not in out


@pytest.mark.parametrize(
    "photo, stem",
    [
        ("a/b.c.jpg", "b.c"),
        ("https://x.org/%EA%B0%9C.jpg?w=3", "개"),
        ("https://x.org/", "photo"),
        ("https://x.org/a%3Ab%00c%5Cd.jpg", "a_b_c_d"),
    ],
)
def test_name_of_the_figure(photo, stem):
    assert web.stem(photo) == stem


def test_helps_at_once(monkeypatch):
    """Without importing torch, which takes seconds."""
    code = (
        "import runpy, sys; sys.argv = ['helpers', '--help']\n"
        "try: runpy.run_module('helpers', run_name='__main__')\n"
        "finally: print('torch' in sys.modules, 'matplotlib' in sys.modules)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    line = [sys.executable, "-c", code]
    done = subprocess.run(line, env=environment, capture_output=True, text=True, check=True)
    assert "usage: python -m helpers" in done.stdout and "False False" in done.stdout


SLOW = (pytest.param(encoding, marks=pytest.mark.slow) for encoding in ("cp949", "ascii"))


@pytest.mark.parametrize("encoding", ["cp1252", *SLOW])
def test_any_console_will_do(elsewhere, encoding):
    """Photos whose names are no UTF-8, too."""
    name = b"\xb0\xed.png" if encoding == "cp1252" else "뷁.png".encode()
    Image.new("RGB", (30, 40), "navy").save(os.fsdecode(name))
    assert command("--help", PYTHONIOENCODING=encoding).returncode == 0
    done = command(os.fsdecode(name), PYTHONIOENCODING=encoding)
    assert (done.returncode, done.stderr) == (0, b"")
    assert Path(os.fsdecode(name[:-4] + b".dino.png")).exists()
    assert (b"weights: embedded DINO" in done.stdout) or encoding == "cp949"
    assert command("nothing.jpg", PYTHONIOENCODING=encoding).returncode == 2
