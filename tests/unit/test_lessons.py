"""The set-up cell: silent, and on Colab it installs what is missing and nothing else."""

import os
import sys
import tempfile
import types

import pytest

from classroom import lessons


@pytest.fixture
def pip(monkeypatch):
    """Record what would be installed."""
    commands = []
    monkeypatch.setattr(lessons.subprocess, "run", lambda command, **kw: commands.append(command))
    return commands


@pytest.fixture
def colab(monkeypatch):
    monkeypatch.setitem(sys.modules, "google.colab", types.ModuleType("google.colab"))


@pytest.fixture
def listing(monkeypatch, tmp_path):
    """Let pyproject.toml list other packages."""

    def write(*lines):
        monkeypatch.setattr(lessons, "ROOT", tmp_path)
        (tmp_path / "pyproject.toml").write_text(f"[project]\ndependencies = {list(lines)}")

    return write


def test_setup_is_silent_and_installs_nothing(pip, capsys):
    lessons.setup()
    captured = capsys.readouterr()
    assert captured.out == captured.err == "" and pip == []


def test_nothing_is_installed_outside_colab(pip, listing):
    listing("no_such_package")
    lessons.setup()
    assert pip == []


def test_colab_gets_only_what_is_missing(pip, colab, listing, monkeypatch):
    """By any spelling of a name; Colab is its own Jupyter."""
    lessons.setup()
    assert pip == []
    here = [d for d in lessons.metadata.distributions() if d.name != "jupyterlab"]
    monkeypatch.setattr(lessons.metadata, "distributions", lambda: here)
    listing("numpy>=99", "huggingface-hub", "scikit_learn>=1.5", "jupyterlab", "no_such_package>=2")
    lessons.setup()
    assert pip == [[sys.executable, "-m", "pip", "install", "-q", "no_such_package>=2"]]


# --- where the lessons write ---


@pytest.fixture
def places(tmp_path, monkeypatch):
    """(the checkout, the temporary directory), both ours for a while; no notice was given yet."""
    checkout, temporary = tmp_path / "checkout", tmp_path / "temp"
    checkout.mkdir()
    temporary.mkdir()
    monkeypatch.delenv("DINO_OUTPUTS", raising=False)
    monkeypatch.setattr(lessons, "ROOT", checkout)
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    lessons._temporary.cache_clear()
    return checkout, temporary


def test_outputs_are_beside_the_helpers_and_made_on_demand(places, capsys):
    checkout, _ = places
    assert not (checkout / "outputs").exists()
    assert lessons.outputs() == checkout / "outputs" and lessons.outputs().is_dir()
    assert list(lessons.outputs().iterdir()) == [] and capsys.readouterr().out == ""


def test_outputs_go_where_the_environment_says(places, tmp_path, monkeypatch):
    monkeypatch.setenv("DINO_OUTPUTS", str(tmp_path / "내 결과" / "deep"))
    assert lessons.outputs() == tmp_path / "내 결과" / "deep" and lessons.outputs().is_dir()
    assert not (places[0] / "outputs").exists()


def test_a_checkout_that_cannot_be_written_to(places, capsys):
    """A file in the folder's place stops root, too, whom no permission does."""
    checkout, temporary = places
    (checkout / "outputs").write_text("in the way")
    first, again = lessons.outputs(), lessons.outputs()
    assert first == again and first.parent == temporary and first.is_dir()
    assert first.name.startswith("dino-tutorial-") and first.stat().st_mode & 0o077 == 0
    korean, english = capsys.readouterr().out.splitlines()  # once
    assert korean == f"{checkout / 'outputs'}에는 쓸 수 없어서 결과를 {first}에 둡니다."
    assert english == (
        f"{checkout / 'outputs'} cannot be written to, so what the lessons write goes to {first}."
    )
    lessons._temporary.cache_clear()  # the next lesson finds what this one wrote
    assert lessons.outputs() == first


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="no user numbers on this system")
def test_somebody_elses_folder_in_the_temporary_directory_is_not_used(places, monkeypatch):
    checkout, temporary = places
    (checkout / "outputs").write_text("in the way")
    ours = os.getuid()
    theirs = temporary / f"dino-tutorial-{ours + 1}"
    theirs.mkdir()  # by us, in the eyes of user `ours + 1`
    monkeypatch.setattr(os, "getuid", lambda: ours + 1)
    assert lessons.outputs() not in (checkout / "outputs", theirs)
    monkeypatch.setattr(os, "getuid", lambda: ours)
    lessons._temporary.cache_clear()
    link = temporary / f"dino-tutorial-{ours}"
    link.symlink_to(checkout)  # what a wicked neighbour would do
    assert lessons.outputs() not in (link, checkout)
