"""The explorer where widgets don't run, or only with help: stills, nbconvert, Colab."""

import base64
import io

import nbformat
import numpy as np
import pytest
from explorer_data import VIEW
from nbclient import NotebookClient
from nbconvert import HTMLExporter
from PIL import Image

import explorer
from explorer.widget import KINDS


def test_static_figure_and_stable_text(box):
    data, _ = box._repr_mimebundle_()
    assert data["text/plain"] == f"<explorer: {box.weights}>"
    assert data[VIEW]["model_id"] == box.model_id
    figure = np.asarray(Image.open(io.BytesIO(base64.b64decode(data["image/jpeg"]))))
    assert figure.shape[1] > 400 and figure.std() > 10


@pytest.mark.parametrize("start", KINDS)
def test_the_figure_is_of_the_first_map_and_names_it(photo, embedded, start):
    box = explorer.explore(photo, embedded, start=start)
    titles = [ax.get_title() for ax in box.figure().axes]
    assert any(KINDS[start][1] in title for title in titles)
    shown = box.figure().axes[1].images[0].get_array()
    norm = explorer.explore(photo, embedded).figure().axes[1].images[0].get_array()
    assert np.array_equal(shown, norm) == (start == "norm")


# As google.colab.output._widgets is published: what is displayed gets the address of the widget
# manager, by a hook that the result of a cell does not pass.
COLAB = """
import sys, types
from IPython import get_ipython
colab, output, inner = (types.ModuleType(name) for name in (
    "google.colab", "google.colab.output", "google.colab.output._widgets"))
sys.modules |= {m.__name__: m for m in (types.ModuleType("google"), colab, output, inner)}
colab.output, output._widgets, inner._installed_url = output, inner, None
VIEW = "application/vnd.jupyter.widget-view+json"
def hook(msg):
    content = msg.get("content", {})
    if VIEW in content.get("data", {}):
        held = content.setdefault("metadata", {}).setdefault(VIEW, {})
        held["colab"] = {"custom_widget_manager": {"url": inner._installed_url}}
    return msg
def enable_custom_widget_manager():
    if not inner._installed_url:
        get_ipython().display_pub.register_hook(hook)
    inner._installed_url = "https://colab.example/manager.js"
output.enable_custom_widget_manager = enable_custom_widget_manager
import explorer
from classroom import predict
from explorer.upload import upload
from helpers import models
model = models.load_model("embedded")
"""


def test_colab_is_told_where_its_widget_manager_is():
    ends = (
        "explorer.explore('cat.jpg', model)",
        "explorer.camera(model)",
        "upload(print)",
        "guess = predict.patches('00', 'a', 'cat.jpg', (3, 4))",
        "guess = predict.choice('00', 'b', [('예', 'yes'), ('아니요', 'no')])",
    )
    cells = [nbformat.v4.new_code_cell(source) for source in (COLAB, *ends)]
    nb = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(nb, kernel_name="python3", timeout=600).execute()
    for cell in nb.cells[1:]:
        (shown,) = cell.outputs
        manager = shown.metadata[VIEW]["colab"]["custom_widget_manager"]
        assert manager == {"url": "https://colab.example/manager.js"}
        assert shown.data[VIEW]["model_id"]


@pytest.mark.parametrize("view_is_stored", [False, True])
def test_nbconvert_shows_the_figure(box, view_is_stored):
    """Without a kernel, and whether or not Jupyter has stored a reference to the widget."""
    bundle = {**box._repr_mimebundle_()[0]}
    if not view_is_stored:
        del bundle[VIEW]
    shown = nbformat.v4.new_output("execute_result", bundle, execution_count=1)
    cell = nbformat.v4.new_code_cell("explorer.explore(photo, model)", outputs=[shown])
    page, _ = HTMLExporter().from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
    assert f'src="data:image/jpeg;base64,{bundle["image/jpeg"][:200]}' in page
    assert "widget-view" not in page
