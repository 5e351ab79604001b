"""The set-up cell: silent, and on Colab it installs what is missing and nothing else."""

import re
import sys
import tomllib
import types
from pathlib import Path

import pytest

from helpers import lessons

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def pip(monkeypatch):
    """Record what would be installed."""
    commands = []
    monkeypatch.setattr(lessons.subprocess, "run", lambda command, **kw: commands.append(command))
    return commands


def test_setup_is_silent_and_installs_nothing(pip, capsys):
    lessons.setup()
    captured = capsys.readouterr()
    assert captured.out == captured.err == "" and pip == []
    assert "helpers.plots" in sys.modules


def test_nothing_is_installed_outside_colab(pip, monkeypatch):
    monkeypatch.setattr(lessons, "PACKAGES", ("no_such_package",))
    lessons.setup()
    assert pip == []


def test_colab_gets_only_what_is_missing(pip, monkeypatch):
    monkeypatch.setitem(sys.modules, "google.colab", types.ModuleType("google.colab"))
    lessons.setup()
    assert pip == []
    monkeypatch.setattr(lessons, "PACKAGES", ("numpy", "no_such_package"))
    lessons.setup()
    assert pip == [[sys.executable, "-m", "pip", "install", "-q", "no_such_package"]]


def test_pip_calls_pillow_by_another_name(pip):
    lessons.install(["PIL"])
    assert pip[0][-1] == "pillow"


def test_packages_are_those_of_the_one_list():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    listed = {re.match(r"[\w-]+", line)[0] for line in project["dependencies"]}
    ours = {lessons.PIP_NAMES.get(name, name) for name in lessons.PACKAGES}
    assert ours == listed - {"jupyterlab"}  # Colab has its own
