"""The overlay to play with, in the browser.

``data`` computes what is sent, the modules in JavaScript show it, ``export`` writes files, and
``upload`` is a button for a photo of one's own.
"""

import base64
from pathlib import Path

import anywidget
import traitlets

from bilingual import BadInput, Bilingual, language, plain, say
from explorer import export
from explorer.data import block_data, colour_table, full, patch_map, png, shrink
from helpers import still
from helpers.images import to_tensor
from helpers.maps import min_max
from helpers.overlay import COLORMAPS
from helpers.plots import two_panel
from helpers.weights import caption

__all__ = ["Explorer", "explore"]

HERE = Path(__file__).resolve().parent
KINDS = {
    "norm": ("토큰 노름", "token norm"),
    "cls": ("CLS 어텐션", "CLS attention"),
    "similarity": ("패치 유사도", "patch similarity"),
    "query": ("패치 어텐션", "patch attention"),
}


class Explorer(anywidget.AnyWidget):
    """Photo, map and overlay on three canvases; everything but another block is the browser's work.

    Takes the model, the tensor (1, 3, H, W), the photo as the network saw it, and a map's kind.

    Attributes
    ----------
    alpha : float
        Opacity of the colours, 0..1.
    cmap : str
        One of ``overlay.COLORMAPS``.
    """

    _esm = HERE / "explorer.js"
    _css = export.STYLE
    # What the browser has set must not come back from the kernel: the reader may be further by now.
    alpha = traitlets.Float(0.5, min=0, max=1).tag(sync=True, echo_update=False)
    cmap = traitlets.Enum(COLORMAPS, COLORMAPS[0]).tag(sync=True, echo_update=False)
    modules = traitlets.Dict().tag(sync=True)  # what explorer.js imports: name → text
    kinds = traitlets.Dict(KINDS).tag(sync=True)
    start = traitlets.Enum(tuple(KINDS), "norm").tag(sync=True)  # the kind that is shown first
    photo = traitlets.Bytes().tag(sync=True)
    full = traitlets.Bytes().tag(sync=True)
    tables = traitlets.Dict().tag(sync=True)
    data = traitlets.Dict().tag(sync=True)  # one block's maps, see data.block_data
    weights = traitlets.Unicode().tag(sync=True)
    language = traitlets.Unicode().tag(sync=True)

    def __init__(self, model, tensor, seen, start="norm"):
        self.model, self.tensor = model, tensor
        self.seen, self.picture = seen, shrink(seen)
        super().__init__(
            modules={name: (HERE / f"{name}.js").read_text("utf-8") for name in ("pixels", "view")},
            start=start,
            photo=png(self.picture),
            full=full(seen),
            tables={name: colour_table(name) for name in COLORMAPS},
            data=block_data(model, tensor, -1),
            weights=caption(model),
            language=language(),
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
            words = f"{type(error).__name__}: {error}"
            told = isinstance(error, Bilingual)
            self.send({"error": [error.ko, error.en] if told else [words, words]})
            raise

    def __repr__(self):
        return f"<explorer: {self.weights}>"

    def _repr_mimebundle_(self, **kwargs):
        """The widget, with what Colab needs to find it; and a figure where no widget runs."""
        data, metadata = super()._repr_mimebundle_(**kwargs)
        jpeg, size = self.figure()._repr_jpeg_()
        data = {**data, "image/jpeg": base64.b64encode(jpeg).decode()}
        return data, {**metadata, "image/jpeg": size}

    def _ipython_display_(self, **kwargs):
        """In JupyterLab two outputs, elsewhere one; see ``still``."""
        data, metadata = self._repr_mimebundle_()
        source = f"data:image/jpeg;base64,{data['image/jpeg']}"
        alt = say("겹침 그림", "overlay")
        still.show(data, metadata, f'<img alt="{alt}" style="max-width: 100%" src="{source}">')

    def figure(self):
        """The post's two-panel figure of the map that is shown first."""
        m, title = min_max(export.first_map(self)), say(*KINDS[self.start])
        look = {"alpha": self.alpha, "cmap": self.cmap, "title": title}
        return two_panel(self.picture, m, weights=self.model, **look)

    def save_html(self, path="explorer.html"):
        """Write the explorer as one HTML file that needs no kernel and no network; its Path.

        Folders that are not there yet are made.
        """
        path = _made(path)
        path.write_text(export.page(self, title=plain(path.stem)), encoding="utf-8")
        return path

    def save_gif(self, path="explorer.gif", sweep="alpha"):
        """Write the overlay as a moving picture.

        Parameters
        ----------
        path : str or Path
            Folders that are not there yet are made.
        sweep : {"alpha", "head", "block", "zoom"}
            From photo to the first map and back; CLS attention head by head; token norms block by
            block; into the middle and out again, with the token norms of what is in view.

        Returns
        -------
        Path

        Raises
        ------
        BadInput
            No such sweep.
        """
        path = _made(path)
        export.gif(self, path, sweep)
        return path


def explore(photo, model, fit="crop", size=None, start="norm"):
    """An overlay whose map, opacity, colours and patch the reader chooses.

    Parameters
    ----------
    photo : PIL.Image.Image
        Or anything that ``images.load_photo`` reads.
    model : timm model
    fit : {"crop", "squash", "whole"}
        See ``images.to_tensor``.
    size : int, optional
        Pixels of the network's input; more of them give a finer grid.
    start : {"norm", "cls", "similarity", "query"}
        The map that is shown first: token norm, CLS attention, or similarity to, and attention of,
        the patch under the mouse.

    Returns
    -------
    Explorer
        A widget; works on ipywidgets 7.7 and 8.

    Raises
    ------
    PhotoError, BadInput
        See ``images.to_tensor``; and if there is no such `start`.
    """
    if start not in KINDS:
        raise BadInput(
            f"start는 {', '.join(KINDS)} 가운데 하나여야 합니다: {start!r}",
            f"start must be one of {', '.join(KINDS)}: {start!r}",
        )
    tensor, seen = to_tensor(photo, model, fit, size)
    return Explorer(model, tensor, seen, start)


def _made(path):
    path = Path(path).expanduser()
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
