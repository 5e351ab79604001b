"""What of a lesson's outputs is stored."""

import base64
import io

from nbformat.v4 import new_code_cell, new_notebook, new_output
from PIL import Image

from tools.notebooks import LARGE, tidy


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
