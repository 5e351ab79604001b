"""Installation: what it needs, the preflight that looks for it, and how much there is to fetch."""

import ast
import os
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import yaml
from repository import HANGUL, LESSONS, PROJECT, PYPROJECT, READMES, ROOT

from tools import preflight
from tools.notebooks import stored

CONDA_NAMES = {"torch": "pytorch-cpu", "matplotlib": "matplotlib-base"}


def test_environment_yml_equals_pyproject():
    """Same packages, same ranges; conda-forge calls a few of them something else."""
    environment = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))
    python, *packages = environment["dependencies"]
    wanted = {}
    for requirement in PROJECT["dependencies"]:
        name, at_least, version = re.fullmatch(r"([\w-]+)(>=)([\d.]+)", requirement).groups()
        wanted[CONDA_NAMES.get(name, name)] = at_least + version
    listed = dict(re.fullmatch(r"([\w-]+)(\W.*)", package).groups() for package in packages)
    assert listed == wanted
    assert environment["name"] == PROJECT["name"]
    assert environment["channels"] == ["conda-forge", "nodefaults"]
    pinned = re.fullmatch(r"python=(\d+)\.(\d+)", python).groups()
    assert tuple(map(int, pinned)) >= preflight.PYTHON


def test_one_python_floor():
    """The same oldest Python in pyproject.toml, the preflight and both READMEs."""
    floor = "{}.{}".format(*preflight.PYTHON)
    assert PROJECT["requires-python"] == f">={floor}"
    assert PYPROJECT["tool"]["ruff"]["target-version"] == "py" + floor.replace(".", "")
    assert all(f"Python {floor}" in readme.read_text("utf-8") for readme in READMES)


def imported(folder):
    """Top-level modules that the Python files of a folder import."""
    names = set()
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("folder", PYPROJECT["tool"]["setuptools"]["packages"])
def test_every_import_is_declared(folder):
    """A package imported but not listed works only as long as another happens to bring it."""
    modules = {
        "PIL": "pillow",
        "IPython": "jupyterlab",
        "traitlets": "ipywidgets",
        "sklearn": "scikit-learn",
    }
    listed = {re.match(r"[\w-]+", line).group() for line in PROJECT["dependencies"]}
    optional = {"google", "pillow_heif", "av"}  # google.colab exists on Colab alone; av: [video]
    ours = {*PYPROJECT["tool"]["setuptools"]["packages"], *optional}
    others = imported(folder) - set(sys.stdlib_module_names) - ours
    assert {modules.get(name, name) for name in others} <= listed


def test_preflight_says_one_bilingual_line():
    """Too old a Python, too small a disk: one line, Korean then English, with the numbers."""
    old, full = preflight.python_problem((3, 9, 1)), preflight.disk_problem(1.5, 9)
    assert "3.9" in old and "3.11" in old
    assert "1.5 GB" in full and "9 GB" in full
    for line in (old, full):
        korean, english = line.split(" / ")
        assert HANGUL.search(korean) and not HANGUL.search(english) and "\n" not in line
    assert preflight.python_problem((3, 11, 0)) is None
    assert preflight.python_problem((4, 0, 0)) is None
    assert preflight.disk_problem(9, 9) is None


def test_preflight_stops_the_installation(tmp_path):
    """As the Makefile calls it: exit 1 and one line on stderr when the disk is too small."""
    command = [sys.executable, ROOT / "tools" / "preflight.py", tmp_path]
    env = {**os.environ, "DINO_TORCH_INDEX": "http://127.0.0.1:9"}  # nobody answers there
    full = subprocess.run([*command, "1e6"], capture_output=True, encoding="utf-8", env=env)
    assert (full.returncode, full.stdout, full.stderr.count("\n")) == (1, "", 1)
    fits = subprocess.run([*command, "0"], capture_output=True, encoding="utf-8", env=env)
    assert (fits.returncode, fits.stdout.strip()) == (0, "")


def test_preflight_runs_on_the_pythons_it_turns_away():
    """Its syntax is understood by Python 3.4, long out of service."""
    source = (ROOT / "tools" / "preflight.py").read_text("utf-8")
    ast.parse(source, feature_version=(3, 4))
    assert not any(isinstance(node, ast.JoinedStr) for node in ast.walk(ast.parse(source)))


@pytest.fixture
def wheels():
    """The address of a stand-in for PyTorch's CPU wheels, on this machine."""

    class Index(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path == "/cpu/torch/" else 404)
            self.end_headers()

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Index) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere pip's torch is small")
@pytest.mark.parametrize(
    "card, path, taken, why",
    [
        (False, "/cpu", True, "No NVIDIA card"),
        (False, "/gone", False, "does not answer"),
        (True, "/cpu", False, "CUDA"),
    ],
)
def test_cpu_wheels_where_they_serve(wheels, tmp_path, card, path, taken, why):
    """As the Makefile calls it: the wheels' address or nothing, and one line that says why."""
    (tmp_path / "bin").mkdir()
    if card:
        (tmp_path / "bin" / "nvidia-smi").write_text("#!/bin/sh\n")
        (tmp_path / "bin" / "nvidia-smi").chmod(0o755)
    elif preflight.has_nvidia():
        pytest.skip("there is an NVIDIA card here")
    command = [sys.executable, ROOT / "tools" / "preflight.py", tmp_path, "0"]
    env = {"PATH": str(tmp_path / "bin"), "DINO_TORCH_INDEX": wheels + path, "no_proxy": "*"}
    done = subprocess.run(command, capture_output=True, encoding="utf-8", env=env)
    assert done.stdout.strip() == (wheels + path if taken else "")
    korean, english = done.stderr.strip().split(" / ")
    assert why in english and HANGUL.search(korean) and done.returncode == 0


def test_preflight_on_a_console_without_hangul(tmp_path):
    """A Windows or container console may know ASCII alone."""
    command = [sys.executable, ROOT / "tools" / "preflight.py", tmp_path, "1e6"]
    env = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, capture_output=True, text=True, env=env)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "free disk are needed" in done.stderr


@pytest.mark.parametrize(
    ("pattern", "megabytes"),
    [
        ("helpers/fonts/*.ttf", 2.8),
        ("helpers/embedded/*", 12),
        ("images/*", 6),
        ("notebooks/*.ipynb", 5),
    ],
)
def test_clone_stays_light(pattern, megabytes):
    files = list(ROOT.glob(pattern))
    assert files
    sizes = (len(stored(p)) if p in LESSONS else p.stat().st_size for p in files)
    assert sum(sizes) <= megabytes * 1e6
