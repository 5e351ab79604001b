"""The overlay to play with, in the browser; and a place to drop one's own photo.

``data`` computes what is sent, ``explorer.js`` shows it, ``explorer_export`` writes files.
"""

import base64
from pathlib import Path

import anywidget
import ipywidgets as widgets
import traitlets

import bilingual
from bilingual import plain
from bilingual.legacy import pick
from explorer import export
from explorer.data import block_data, colour_table, patch_map, png, shrink
from helpers.images import to_tensor
from helpers.maps import norm_map
from helpers.overlay import COLORMAPS
from helpers.plots import two_panel
from helpers.weights import caption

__all__ = ["Explorer", "ExplorerBox", "explore"]

HERE = Path(__file__).resolve().parent
SCRIPT = "\n".join((HERE / f).read_text("utf-8") for f in ("pixels.js", "explorer.js"))
STYLE = (HERE / "explorer.css").read_text("utf-8")
_WIDE = {"description_width": "initial"}


class Explorer(anywidget.AnyWidget):
    """Photo, map and overlay on three canvases; everything but another block is the browser's work.

    Takes the model, the tensor (1, 3, H, W), and the photo as the network saw it.
    """

    _esm = SCRIPT
    _css = STYLE
    alpha = traitlets.Float(0.5).tag(sync=True)
    cmap = traitlets.Int(0).tag(sync=True)  # the number of one of the colour tables
    photo = traitlets.Bytes().tag(sync=True)
    tables = traitlets.Dict().tag(sync=True)
    data = traitlets.Dict().tag(sync=True)  # one block's maps, see data.block_data
    weights = traitlets.Unicode().tag(sync=True)
    language = traitlets.Unicode().tag(sync=True)
    hushed = traitlets.List(traitlets.Unicode()).tag(sync=True)  # widgets to keep quiet in a drag

    def __init__(self, model, tensor, seen):
        self.model, self.tensor = model, tensor
        self.seen, self.picture = seen, shrink(seen)
        super().__init__(
            photo=png(self.picture),
            tables={name: colour_table(name) for name in COLORMAPS},
            data=block_data(model, tensor, -1),
            weights=caption(model),
            language=bilingual.language(),
        )
        self.on_msg(self._answer)

    def _answer(self, _, question, buffers):
        """What the browser asks for: another block, or one patch's map that was not sent."""
        try:
            if question["ask"] == "block":
                self.data = block_data(self.model, self.tensor, question["block"])
            else:
                block = self.data["block"]
                m = patch_map(self.model, self.tensor, block, question["ask"], question["patch"])
                self.send({**question, "block": block}, buffers=[m.numpy().tobytes()])
        except Exception as error:  # shown on the page, which would wait for ever; and in the log
            self.send({"error": f"{type(error).__name__}: {pick(str(error))}"})
            raise


class ExplorerBox(widgets.VBox):
    """The explorer with its slider and colormap menu; a figure where widgets don't run.

    Attributes
    ----------
    view : Explorer
    alpha : ipywidgets.FloatSlider
    cmap : ipywidgets.Dropdown
    """

    _ipython_display_ = None  # of ipywidgets 7; it would go before _repr_mimebundle_

    def __init__(self, view):
        self.view = view
        self.alpha = widgets.FloatSlider(
            value=view.alpha, min=0, max=1, step=0.01, description="투명도 alpha", style=_WIDE
        )
        self.cmap = widgets.Dropdown(
            options=COLORMAPS, index=view.cmap, description="컬러맵 colormap", style=_WIDE
        )
        self.links = [
            widgets.jslink((self.alpha, "value"), (view, "alpha")),
            widgets.jslink((self.cmap, "index"), (view, "cmap")),
        ]
        view.hushed = [w.model_id for w in (self.alpha, self.cmap, view)]
        super().__init__([widgets.HBox([self.alpha, self.cmap]), view])

    def __repr__(self):
        return f"<explorer: {self.view.weights}>"

    def _repr_mimebundle_(self, **kwargs):
        """The widget, and for GitHub, print and nbconvert the post's two-panel figure."""
        view = self._set_view()
        m = norm_map(view.model, view.tensor)
        fig = two_panel(view.picture, m, weights=view.model, alpha=view.alpha, cmap=self.cmap.value)
        return {
            "text/plain": repr(self),
            "image/png": base64.b64encode(fig.encoded()).decode(),
            "application/vnd.jupyter.widget-view+json": {
                "version_major": 2,
                "version_minor": 0,
                "model_id": self.model_id,
            },
        }

    def _set_view(self):
        """The view, set as slider and menu are; between those, only a browser carries values."""
        self.view.alpha, self.view.cmap = self.alpha.value, self.cmap.index
        return self.view

    def save_html(self, path="explorer.html"):
        """Write the explorer as one HTML file that needs no kernel and no network; its Path."""
        path = Path(path)
        page = export.page(self._set_view(), SCRIPT, STYLE, title=plain(path.stem))
        path.write_text(page, encoding="utf-8")
        return path

    def save_gif(self, path="explorer.gif", sweep="alpha"):
        """Write the overlay as a moving picture.

        Parameters
        ----------
        path : str or Path
        sweep : {"alpha", "head", "block", "zoom"}
            From photo to map and back; CLS attention head by head; token norms block by block;
            into the middle and out again, with the token norms of what is in view.

        Returns
        -------
        Path
        """
        path = Path(path)
        export.gif(self._set_view(), path, sweep)
        return path


def explore(photo, model, fit="crop", size=None):
    """An overlay whose map, transparency, colours and patch the reader chooses.

    Parameters
    ----------
    photo : PIL.Image.Image
    model : timm model
    fit : {"crop", "squash", "whole"}
        See ``images.to_tensor``.
    size : int, optional
        Pixels of the network's input; more of them give a finer grid.

    Returns
    -------
    ExplorerBox
        An ipywidgets.VBox; works on ipywidgets 7.7 and 8.
    """
    tensor, seen = to_tensor(photo, model, fit, size)
    return ExplorerBox(Explorer(model, tensor, seen))
