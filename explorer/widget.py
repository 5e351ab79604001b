"""The explorer as a widget: what the page gets, what it asks for, and the files it can become."""

import contextlib
from pathlib import Path

import anywidget
import traitlets

from bilingual import Bilingual, language, one_of, plain, say, writing
from explorer import export, network, still
from explorer.bundle import bundle, in_base64
from explorer.data import block_data, colour_table, full, patch_map, png, shrink
from helpers.images import load_photo, to_tensor
from helpers.maps import min_max
from helpers.overlay import COLORMAPS
from helpers.plots import two_panel
from helpers.weights import caption
from sources.kinds import PhotoError
from topics.masks import load_masks, masks_on_grid

HERE = Path(__file__).resolve().parent
LONG = 3.5  # a whole photo that is longer is cropped, as in live/taker.js
KINDS = {
    "norm": ("토큰 노름", "token norm"),
    "cls": ("CLS 어텐션", "CLS attention"),
    "similarity": ("패치 유사도", "patch similarity"),
    "query": ("패치 어텐션", "patch attention"),
}


class Explorer(anywidget.AnyWidget):
    """An overlay whose map, opacity, colours and patch the reader chooses, and a bench to break it.

    Photo, map and overlay are the browser's work. So is the network, if it is small and of timm's
    plain kind (``network.in_page``): the page gets its weights when the reader first touches the
    explorer. Else the kernel is asked for another block or photo.

    Parameters
    ----------
    photo : PIL.Image.Image, or anything that ``images.load_photo`` reads
    model : timm model
    fit, size : see ``images.to_tensor``; a larger size gives a finer grid. "whole" crops a photo
        that is more than 3.5 times as long as it is wide.
    start : {"norm", "cls", "similarity", "query"}
        The map that is shown first: token norm, CLS attention, or similarity to, and attention of,
        the patch under the mouse.
    masks : array, optional
        As ``masks.load_masks`` gives: then the explorer says whether a map's highest patch lies on
        an object. Known of a bundled photo given by its name.

    Raises
    ------
    PhotoError, BadInput
        See ``images.to_tensor``; and if there is no such `start` or parameter.
    """

    _esm = bundle(HERE / "explorer.js")
    _css = export.STYLE
    # What the browser has set must not come back from the kernel: the reader may be further by now.
    alpha = traitlets.Float(0.5, min=0, max=1).tag(sync=True, echo_update=False)
    cmap = traitlets.Enum(COLORMAPS, COLORMAPS[0]).tag(sync=True, echo_update=False)
    kinds = traitlets.Dict(KINDS).tag(sync=True)
    start = traitlets.Enum(tuple(KINDS), "norm").tag(sync=True)  # the kind that is shown first
    photo = traitlets.Bytes().tag(sync=True)
    full = traitlets.Bytes().tag(sync=True)
    tables = traitlets.Dict().tag(sync=True)
    data = traitlets.Dict().tag(sync=True)  # one block's maps, see data.block_data
    mask = traitlets.Bytes().tag(sync=True)  # 1 for each patch of an object; empty: not known
    cropped = traitlets.Bool().tag(sync=True)  # a long photo, of which only the centre is seen
    network = traitlets.Dict().tag(sync=True)  # see network.in_page; the weights come on request
    input = traitlets.Bytes().tag(sync=True)  # for such a network, the picture that it gets
    view = traitlets.Dict().tag(sync=True)  # how a photo is fitted to the network
    weights = traitlets.Unicode().tag(sync=True)
    language = traitlets.Unicode().tag(sync=True)

    def __init__(self, photo, model, fit="crop", size=None, start="norm", masks=None, **unknown):
        for name in unknown:
            one_of("explore()", name, ("fit", "size", "start", "masks"))
        one_of("start", start, KINDS)
        if masks is None and isinstance(photo, (str, Path)):
            with contextlib.suppress(PhotoError):
                masks = load_masks(photo)
        self.model, self.fit, self.size = model, fit, size
        super().__init__(
            start=start,
            tables={name: colour_table(name) for name in COLORMAPS},
            network=network.in_page(model),
            view={"fit": fit, "size": size if size is None or isinstance(size, int) else min(size)},
            weights=caption(model),
            language=language(),
            **self._shown(photo, masks),
        )
        self.on_msg(self._answer)

    def _shown(self, photo, masks=None):
        """Take a photo: sets what Python keeps of it, returns what the page gets."""
        photo = load_photo(photo, max_side=None)
        long = self.fit == "whole" and max(photo.size) > LONG * min(photo.size)
        fit = "crop" if long else self.fit
        tensor, seen = to_tensor(photo, self.model, fit, self.size)
        self.tensor, self.seen, self.picture = tensor, seen, shrink(seen)
        on_grid = b""
        if masks is not None:
            on_grid = masks_on_grid(masks, self.model, fit, self.size).any(0)
            on_grid = on_grid.numpy().astype("uint8").tobytes()
        levels = network.levels(self.model, tensor) if network.in_page(self.model) else b""
        shown = {"photo": png(self.picture), "full": full(seen), "mask": on_grid, "cropped": long}
        return shown | {"data": block_data(self.model, tensor, -1), "input": levels}

    def _answer(self, _, question, buffers):
        """What the browser asks for: the network, another block or photo, one patch's map."""
        self.send({"heard": True})  # a page that hears nothing tells the reader so, see patience.js
        try:
            asked = question["ask"]
            if asked == "network":
                files = network.engine_files()
                worker = files.pop("worker")
                files["weights"] = network.weights(self.model)
                self.send({"network": list(files), "worker": worker}, list(files.values()))
            elif asked == "photo":
                self.fit = "squash" if self.fit == "squash" else "whole"  # no one crops their own
                shown = self._shown(load_photo([{"name": question["name"], "content": buffers[0]}]))
                with self.hold_sync():
                    for name, value in shown.items():
                        setattr(self, name, value)
            elif asked == "block":
                self.data = block_data(self.model, self.tensor, question["block"])
            else:
                block = self.data["block"]
                m = patch_map(self.model, self.tensor, block, asked, question["patch"])
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
        data = {**data, "image/jpeg": in_base64(jpeg)}
        return data, {**metadata, "image/jpeg": size}

    def _ipython_display_(self, **kwargs):
        """In JupyterLab two outputs, elsewhere one; see ``still``."""
        still.show(*self._repr_mimebundle_(), say("겹침 그림", "overlay"))

    def figure(self):
        """The post's two-panel figure of the map that is shown first."""
        m, title = min_max(export.first_map(self)), say(*KINDS[self.start])
        look = {"alpha": self.alpha, "cmap": self.cmap, "title": title}
        return two_panel(self.picture, m, weights=self.model, **look)

    def save_html(self, path="explorer.html", network=True):
        """Write the explorer as one HTML file that needs neither kernel nor internet.

        Parameters
        ----------
        path : str or Path, of the file; its folder is made
        network : bool
            Whether the network goes along, if it can work in a page (about 8 MB): for photos of the
            reader's own, and to break it. Else the file is small, with what it made of this photo.

        Returns
        -------
        Path

        Raises
        ------
        BadInput
            The file cannot be written.
        """
        with writing(path) as path:
            path.write_text(export.page(self, plain(path.stem), network), encoding="utf-8")
        return path

    def save_gif(self, path="explorer.gif", sweep="alpha"):
        """Write the overlay as a moving picture, a GIF or, by its name, a smaller WebP.

        Parameters
        ----------
        path : str or Path, of the file; its folder is made
        sweep : {"alpha", "head", "block", "query"}
            From photo to the first map and back; CLS attention head by head; token norms block by
            block; a patch that goes round the photo, where it looks and which patches are like it.

        Returns
        -------
        Path

        Raises
        ------
        BadInput
            No such sweep, or the file cannot be written.
        """
        with writing(path) as path:
            export.gif(self, path, sweep)
        return path
