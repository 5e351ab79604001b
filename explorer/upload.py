"""A place in the notebook to drop one's own photo."""

import html

import ipywidgets as widgets
from IPython.display import display

from helpers.images import PhotoError, load_photo


def upload(show):
    """A button to upload one photo; what ``show`` makes of it appears below.

    Parameters
    ----------
    show : callable
        Takes the photo (PIL.Image.Image), returns anything that a notebook can display.

    Returns
    -------
    ipywidgets.VBox
        A file that is no photo leaves the last picture as it is and says what is wrong.
    """
    button = widgets.FileUpload(accept="image/*", multiple=False, description="사진 올리기 upload")
    button.layout.width = "220px"
    message = widgets.HTML()
    output = widgets.Output()

    def uploaded(_):
        if not button.value:
            return
        try:
            photo = load_photo(button.value)
        except PhotoError as error:
            message.value = f"<pre>{html.escape(str(error))}</pre>"
            return
        message.value = ""
        output.clear_output(wait=True)
        with output:
            display(show(photo))

    button.observe(uploaded, names="value")
    return widgets.VBox([button, message, output])
