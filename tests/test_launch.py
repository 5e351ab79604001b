"""Ways into the lessons: alone on Colab, on Binder, and from wherever the project moves to."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook
from repository import HANGUL, LESSONS, ROOT

from tools import one_language
from tools.site import web

OLD = web.address()


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A repository of this checkout as it is, to clone from."""
    folder = tmp_path_factory.mktemp("source") / "repository"
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    who = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], [*who, "commit", "-qm", "all"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    return folder


def run(cells, folder, **environment):
    """Execute cells (or a notebook) in a folder, in a kernel of its own; returns the notebook."""
    nb = cells
    if isinstance(cells, list):
        nb = new_notebook(cells=[new_code_cell(source) for source in cells])
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    client = NotebookClient(
        nb, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    )
    client.execute(env={**env, **environment})
    return nb


def printed(cell):
    return "".join(output.get("text", "") for output in cell.outputs)


# --- the set-up cell, away from the repository --------------------------------------------------


# What Colab has that we have not: its module, loaded before the first cell. One of our packages
# looks as if it were missing; what is installed is written down, and really installed.
COLAB = """
import subprocess, sys, types
sys.modules["google.colab"] = types.ModuleType("google.colab")
from importlib import metadata
run = subprocess.run
all_of_them = metadata.distributions
metadata.distributions = lambda: (d for d in all_of_them() if d.name.lower() != "anywidget")
def noted(command, **kwargs):
    open(LOG, "a").write(" ".join(command[1:]) + chr(10))
    return run(command, **kwargs)
subprocess.run = noted
"""


@pytest.fixture
def colab(tmp_path):
    """Environment of a kernel that believes to be on Colab; and where its installs are noted."""
    log = tmp_path / "installed.txt"
    startup = tmp_path / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "colab.py").write_text(COLAB.replace("LOG", repr(str(log))))
    return {"IPYTHONDIR": str(tmp_path / "ipython")}, log


def setup_cell(address):
    cell = next(c for c in nbformat.read(LESSONS[0], 4).cells if c.cell_type == "code")
    assert cell.source.count(f'"https://github.com/{OLD}"') == 1
    return cell.source.replace(f"https://github.com/{OLD}", address)


def test_a_lesson_alone_on_colab(source, colab, tmp_path):
    environment, log = colab
    alone = tmp_path / "content"
    alone.mkdir()
    nb = nbformat.read(LESSONS[0], as_version=4)
    code = [cell for cell in nb.cells if cell.cell_type == "code"]
    code[0].source = setup_cell(source.as_uri())
    last = new_code_cell("import helpers, os\nprint(helpers.__file__, os.getcwd(), sep='\\n')")
    nb.cells.append(last)
    run(nb, alone, **environment)
    clone = alone / "dino-tutorial"
    assert printed(last).split() == [str(clone / "helpers/__init__.py"), str(clone / "notebooks")]
    assert code[0].outputs == []
    assert log.read_text() == "-m pip install -q anywidget>=0.9\n"
    assert [p.name for p in alone.iterdir()] == ["dino-tutorial"]


def test_the_next_lesson_on_the_same_machine_takes_the_clone_that_is_there(source, tmp_path):
    shutil.copytree(source / "helpers", tmp_path / "dino-tutorial" / "helpers")
    (tmp_path / "dino-tutorial" / "notebooks").mkdir()
    git = tmp_path / "bin" / "git"  # notes that it was called
    git.parent.mkdir()
    git.write_text(f"#!/bin/sh\ntouch {tmp_path}/called\n")
    git.chmod(0o755)
    cells = [setup_cell("file:///no/such/repository"), "print(os.getcwd())"]
    nb = run(cells, tmp_path, PATH=f"{git.parent}{os.pathsep}{os.environ['PATH']}")
    assert nb.cells[0].outputs == [] and not (tmp_path / "called").exists()
    assert printed(nb.cells[1]).strip() == str(tmp_path / "dino-tutorial" / "notebooks")


def test_beside_the_helpers_the_setup_cell_does_nothing(source):
    cells = [setup_cell("file:///no/such/repository"), "print(os.getcwd(), lessons.__file__)"]
    nb = run(cells, source / "notebooks")
    assert nb.cells[0].outputs == []
    assert printed(nb.cells[1]).split() == [
        str(source / "notebooks"),
        str(source / "classroom" / "lessons.py"),
    ]


def test_a_choice_reaches_errors_and_the_next_lesson(source, tmp_path):
    """In real kernels: the first lesson chooses Korean, the second finds it."""
    folder, mine = source / "notebooks", {"DINO_OUTPUTS": str(tmp_path)}
    mine["DINO_LANGUAGE"] = ""
    first = setup_cell("").replace("language=None", 'language="ko"')
    wrong = "from helpers import images\nimages.load_photo('none.jpg')"
    cell = f"_ = get_ipython().run_cell({wrong!r})"  # shows the error, and goes on

    def last_words(nb):
        return nb.cells[1].outputs[-1]["traceback"][-1]

    for setup in (first, setup_cell("")):
        nb = run([setup, cell], folder, **mine)
        shown = nb.cells[0].outputs[0]["data"]
        assert '[lang="en"]' in shown["text/html"] and "한국어" in shown["text/plain"]
        assert "파일이 없습니다" in last_words(nb) and "No such file" not in last_words(nb)
    nb = run([setup_cell("").replace("language=None", 'language="both"'), cell], folder, **mine)
    assert nb.cells[0].outputs == []
    assert "파일이 없습니다" in last_words(nb) and "No such file" in last_words(nb)


# --- Binder -------------------------------------------------------------------------------------


def test_post_build_makes_ready_what_the_first_lesson_needs(source, tmp_path):
    """postBuild in a clone, as repo2docker runs it, but without conda."""
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", source, clone], check=True)
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    env |= {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{env['PATH']}",
        "NB_PYTHON_PREFIX": str(tmp_path / "conda"),
        "MPLCONFIGDIR": str(tmp_path / "matplotlib"),
        "DINO_OUTPUTS": "",
    }
    assert os.access(clone / "postBuild", os.X_OK)
    done = subprocess.run([clone / "postBuild"], cwd=tmp_path, env=env, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    assert len([*(clone / "ko").glob("*.ipynb")]) == len(LESSONS)
    assert len([*(clone / "en").glob("*.ipynb")]) == len(LESSONS)
    assert [*(clone / "helpers" / "__pycache__").glob("models.*.pyc")]
    assert [*(tmp_path / "matplotlib").glob("fontlist*.json")]
    overrides = tmp_path / "conda/share/jupyter/lab/settings/overrides.json"
    news = json.loads(overrides.read_text())["@jupyterlab/apputils-extension:notification"]
    assert news == {"fetchNews": "false", "checkForUpdates": False}
    status = ["git", "status", "--porcelain"]
    changed = subprocess.run(status, cwd=clone, capture_output=True, text=True).stdout
    guessed = [path for path in LESSONS if "predict." in path.read_text("utf-8")]
    assert changed == "".join(f" M notebooks/{path.name}\n" for path in guessed)


# --- JupyterHub ---------------------------------------------------------------------------------


HUB_PAGES = [ROOT / "docs" / language / "jupyterhub.md" for language in one_language.LANGUAGES]


def test_the_pages_on_jupyterhub_are_twins():
    """Same code, same links but to each other, same table of memory, as many lines to tick."""

    def parts(path):
        text = path.read_text("utf-8")
        return (
            re.findall(r"```.*?```|`[^`\n]+`", text, re.S),
            [u for u in re.findall(r"\]\(([^)]+)\)", text) if not u.startswith("..")],
            re.findall(r"^\|[ \d|]+$|^\| MB .*$", text, re.M),
            text.count("- [ ] "),
        )

    korean, english = map(parts, HUB_PAGES)
    assert sorted(korean[0]) == sorted(english[0])
    assert korean[1:] == english[1:] and korean[3] >= 8


# --- make links ---------------------------------------------------------------------------------


def test_the_whole_repository_moves_and_moves_back(source, tmp_path):
    """`make links`, and its one line for an address that is none."""
    copy = tmp_path / "copy"
    shutil.copytree(source, copy)
    make = ["make", "-s", "links", f"PYTHON={sys.executable}"]
    wrong = subprocess.run([*make, "REPO=nowhere"], cwd=copy, capture_output=True, text=True)
    assert wrong.returncode != 0 and "REPO=owner/name" in wrong.stderr
    assert HANGUL.search(wrong.stderr) and "Traceback" not in wrong.stderr
    ours = (p for p in copy.rglob("*") if p.is_file() and ".git" not in p.parts)
    paths = [p for p in ours if p.relative_to(copy).parts[0] != "tests"]
    before = {path: path.read_bytes() for path in paths}
    subprocess.run([*make, "REPO=some-one/else.where"], cwd=copy, check=True, capture_output=True)
    owner, name = OLD.split("/")
    stale = re.compile(rf"{owner}(/|%2F){name}\b|tree(/|%2F){name}|{owner}\.github\.io".encode())
    assert [p for p in paths if stale.search(p.read_bytes())] == []
    assert 'Repository = "https://github.com/some-one/else.where"' in (
        (copy / "pyproject.toml").read_text("utf-8")
    )
    for path in copy.glob("notebooks/*.ipynb"):
        nbformat.validate(nbformat.read(path, as_version=4))
    subprocess.run([*make, f"REPO={OLD}"], cwd=copy, check=True, capture_output=True)
    assert {path: path.read_bytes() for path in paths} == before
