"""The lessons as they open: by the README's own command, on Binder, and pulled by nbgitpuller.

Every picture of every lesson loads, and every link leads to a file that the server gives.
"""

import contextlib
import json
import os
import posixpath
import re
import shlex
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import nbformat
import pytest

from tools import lab, one_language

ROOT = Path(__file__).parents[2]
LESSONS = sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))
LINK = re.compile(r"\]\(([^)\s]+)\)")
pytestmark = pytest.mark.slow


def command():
    """What `make lab` runs, word for word."""
    told = subprocess.run(
        ["make", "-n", "lab", "--old-file=.venv/.installed"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    line = next(line for line in told.stdout.splitlines() if "deploy.lab" in line)
    return shlex.split(line)[1:]  # without .venv/bin/python, which may be elsewhere here


@contextlib.contextmanager
def server(words, folder, home):
    """A JupyterLab by these words after `python`; yields its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    places = {name: str(home / name) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR")}
    places |= {name: str(home / name) for name in ("JUPYTERLAB_WORKSPACES_DIR", "IPYTHONDIR")}
    places["JUPYTERLAB_SETTINGS_DIR"] = str(home / "settings")
    ours = [f"--port={port}", "--no-browser", "--allow-root", "--IdentityProvider.token="]
    process = subprocess.Popen(
        [sys.executable, *words, *ours],
        cwd=folder,
        env={**os.environ, **places, "HF_HUB_OFFLINE": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        while True:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{address}/api/status").close()
                break
            assert process.poll() is None, "the server ended"
        yield address
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:  # it may wait for a thread of its own for ever
            process.kill()
            process.wait()


def links(path):
    """Local targets of a lesson's links and pictures, without their anchors."""
    cells = nbformat.read(path, as_version=4).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    found = {target.partition("#")[0] for target in LINK.findall(text)}
    return {target for target in found if target and "://" not in target}


def missing(address, place, path):
    """The local targets of a lesson that the server does not give."""
    gone = []
    for target in links(path):
        where = posixpath.normpath(posixpath.join(posixpath.dirname(place), target))
        if where.startswith(".."):
            gone.append(target)
            continue
        url = f"{address}/api/contents/{urllib.parse.quote(where)}?content=0"
        try:
            urllib.request.urlopen(url).close()
        except urllib.error.HTTPError:
            gone.append(target)
    return gone


@pytest.fixture(scope="module")
def copies(tmp_path_factory):
    """A home with the repository in it, as a hub's student has it, with Binder's two copies."""
    home = tmp_path_factory.mktemp("home")
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            there = home / "dino-tutorial" / name
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, there)
    for language in one_language.LANGUAGES:
        folder = home / "dino-tutorial" / language
        folder.mkdir()
        for name in LESSONS:
            nb = nbformat.read(ROOT / "notebooks" / name, as_version=4)
            nbformat.write(one_language.in_one_language(nb, language), folder / name)
    return home


def outputs(path):
    """What a lesson's stored outputs have as HTML."""
    for cell in nbformat.read(path, as_version=4).cells:
        for output in cell.get("outputs", []):
            yield "".join(output.get("data", {}).get("text/html", ""))


def test_the_readmes_command_gives_every_picture_and_link(browser, tmp_path):
    if lab.CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    words = command()
    assert words[:2] == ["-m", "deploy.lab"] and words[-1] == "notebooks/00_start.ipynb"
    tables = 0
    with server(words, ROOT, tmp_path) as address:
        page = browser.new_page(viewport={"width": 1000, "height": 800})
        page.set_default_timeout(lab.SECONDS)
        page.goto(f"{address}/lab/tree/{words[-1]}?reset")
        for name in LESSONS:
            path = ROOT / "notebooks" / name
            assert missing(address, f"notebooks/{name}", path) == []
            page.goto(f"{address}/doc/tree/notebooks/{name}")
            pictures = json.dumps(len([t for t in links(path) if t.endswith((".jpg", ".png"))]))
            page.wait_for_function(
                f"""() => {{
                    const all = [...document.querySelectorAll(".jp-MarkdownOutput img")]
                        .filter((i) => !/^(https|data):/.test(i.src));
                    const there = all.every((i) => i.complete && i.naturalWidth);
                    return all.length >= {pictures} && there;
                }}"""
            )
            there = sum("<table" in html for html in outputs(path))
            tables += there
            # Cells below are drawn when the page has time, or when they come into sight.
            page.wait_for_function(
                """(n) => {
                    const cells = [...document.querySelectorAll(".jp-Cell")];
                    const next = cells.find((cell) => !cell.childElementCount) ?? cells.at(-1);
                    next?.scrollIntoView();
                    return document.querySelectorAll(".jp-OutputArea-output table").length >= n;
                }""",
                arg=there,
                polling=200,
            )
            wide = page.eval_on_selector_all(
                ".jp-OutputArea-output table",
                """all => all.map((table) => {
                    const out = table.closest(".jp-OutputArea-output");
                    return [out.scrollWidth, out.clientWidth];
                })""",
            )
            assert all(width <= room for width, room in wide), name  # no column is out of sight
        assert tables
        page.close()


@pytest.mark.parametrize("layout", ["Binder", "nbgitpuller"])
def test_other_ways_in_give_every_picture_and_link(copies, tmp_path, layout):
    root = copies / "dino-tutorial" if layout == "Binder" else copies
    before = "" if layout == "Binder" else "dino-tutorial/"
    with server(["-m", "jupyterlab", f"--ServerApp.root_dir={root}"], root, tmp_path) as address:
        for folder in ("notebooks", "ko", "en"):
            for name in LESSONS:
                path = copies / "dino-tutorial" / folder / name
                assert missing(address, f"{before}{folder}/{name}", path) == [], folder
