"""What of a lesson's outputs is stored."""

import base64
import io
import subprocess

import nbformat
from nbformat.v4 import new_code_cell, new_notebook, new_output
from PIL import Image

from tools.notebooks import LARGE, LESSONS, stored, tidy


def encoded(kind, width):
    file = io.BytesIO()
    Image.effect_noise((width, width), 90).save(file, kind)
    return base64.b64encode(file.getvalue()).decode()


def test_of_a_progress_bar_its_last_word_is_kept():
    text = "photos:   0%|   | 0/9\rphotos: 100%|###| 9/9\ndone\n"
    output = new_output("stream", text=text, name="stdout")
    tidy(new_notebook(cells=[new_code_cell("", outputs=[output])]))
    assert output.text == "photos: 100%|###| 9/9\ndone\n"


def test_of_a_figure_that_shows_itself_twice_the_sharper_picture_is_kept():
    """After `interact` matplotlib adds a PNG of its own to our figures."""
    data = {"image/png": encoded("png", 300), "image/jpeg": encoded("jpeg", 600)}
    assert min(map(len, data.values())) > LARGE
    sizes = {kind: {"width": 300} for kind in data}
    output = new_output("display_data", data, metadata=sizes)
    tidy(new_notebook(cells=[new_code_cell("fig", outputs=[output])]))
    (stored,) = output.data.values()
    assert Image.open(io.BytesIO(base64.b64decode(stored))).width == 420
    assert output.metadata == {"image/jpeg": {"width": 300}}


def test_of_a_line_that_counts_only_its_last_word_is_stored():
    """As nbval and a page see it, in however many messages it came."""
    parts = "\rphotos: 0/2", "\rphotos: 1/2", "\r           \r", "2 photos\n"
    cell = new_code_cell("count()", outputs=[new_output("stream", text=part) for part in parts])
    tidy(new_notebook(cells=[cell]))
    assert [output.text for output in cell.outputs] == ["2 photos\n"]


def test_a_readers_saves_are_not_what_is_stored_but_what_is_committed_is(tmp_path):
    """JupyterLab saves by itself, with all outputs; then `make test` was red for a reader."""
    path, git = tmp_path / "a.ipynb", ["git", "-C", str(tmp_path)]

    def save(source, **language):
        cells = [new_code_cell(source, id="a")]
        metadata = {"language_info": {"name": "python", **language}}
        path.write_text(nbformat.writes(new_notebook(cells=cells, metadata=metadata)))
        return path.read_bytes()

    saved = save("run", version="3.11.7")
    assert stored(path) == saved  # no git here
    ours = save("ours")
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "a.ipynb"], check=True)
    assert stored(path) == ours
    assert save("changed by us") == stored(path)
    save("run and answered", version="3.11.7")
    assert stored(path) == ours
    subprocess.run([*git, "add", "a.ipynb"], check=True)
    assert stored(path) == path.read_bytes() != ours  # so a clean clone is looked at


def test_nbval_and_the_tests_read_what_is_stored(monkeypatch):
    lesson, other = LESSONS / "00_start.ipynb", new_notebook()
    known = nbformat.read.__globals__  # of the root's conftest.py
    monkeypatch.setitem(known, "stored", lambda path: nbformat.writes(other).encode())
    assert nbformat.read(str(lesson), as_version=4) == nbformat.read(lesson, 4) == other
