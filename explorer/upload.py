"""A place in the notebook to drop one's own photo or video."""

from pathlib import Path

import anywidget
import ipywidgets as widgets
import traitlets
from IPython.display import display

from bilingual import Bilingual, language
from explorer.bundle import bundle
from explorer.export import STYLE
from helpers.images import load_photo


class Button(anywidget.AnyWidget):
    """Takes a photo or a video in the browser, makes a large photo small, and sends it.

    Attributes
    ----------
    got : callable
        Takes what ``images.load_photo`` reads, or None for a file that was refused in the browser.
    """

    _esm = bundle(Path(__file__).with_name("upload.js"))
    _css = STYLE
    language = traitlets.Unicode().tag(sync=True)
    video = traitlets.Bool().tag(sync=True)

    def __init__(self, got, video):
        self.got = got
        super().__init__(language=language(), video=video)
        self.on_msg(self._sent)

    def _sent(self, _, message, buffers):
        error = []
        try:
            files = [{"name": message["name"], "content": buffers[0]}] if buffers else None
            self.got(files)
        except Bilingual as refused:
            error = [refused.ko, refused.en]
        finally:  # or the page would wait for ever
            if buffers:
                self.send({"error": error})


class Upload(widgets.VBox):
    """A button to upload one photo or video; what ``show`` makes of it appears below.

    A photo larger than what a notebook can carry is made smaller in the browser, and the page says
    so. A file that is no photo is refused in words, and the last photo's picture goes. A video goes
    as it is, or is refused where it is too large. ``value`` is what `show` was given.

    Parameters
    ----------
    show : callable
        Takes the photo (PIL.Image.Image) or what ``video.frames`` reads, returns anything that a
        notebook can display, or None.
    """

    def __init__(self, show, video=False):
        self.show, self.output, self.value = show, widgets.Output(), None
        self.button = Button(self._got, video)
        super().__init__([self.button, self.output])

    def _got(self, files):
        self.output.clear_output()  # an earlier photo's picture must not pass for this one's
        if files:
            mine, refused = files if self.button.video else load_photo(files), None
            with self.output:  # it would draw an error itself, with all the lines that led there
                try:
                    if (made := self.show(mine)) is not None:
                        display(made)
                    self.value = mine
                except Bilingual as error:
                    refused = error
            if refused:
                raise refused

    def __repr__(self):
        return "<upload>"

    def _ipython_display_(self, **kwargs):
        """As any widget, with what Colab needs to find the button."""
        data, metadata = self.button._repr_mimebundle_()
        view = "application/vnd.jupyter.widget-view+json"
        data = {"text/plain": repr(self), view: {**data[view], "model_id": self.model_id}}
        display(data, metadata=metadata, raw=True)


upload = Upload  # as the lessons say it
