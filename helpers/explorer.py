"""The overlay with sliders, and a place to drop one's own photo."""

import html
import io

import ipywidgets as widgets
from IPython.display import display

from .images import PhotoError, load_photo, to_tensor
from .maps import photo_attention, photo_norm
from .models import caption
from .overlay import COLORMAPS, blend

HEIGHT = "320px"  # fixed, so that the page does not jump while a slider moves
MAPS = {
    "토큰 노름 맵 token-norm map": photo_norm,
    "CLS 어텐션(헤드 평균) CLS attention, mean of heads": photo_attention,
}
_WIDE = {"description_width": "initial"}


def explore(photo, model, fit="crop"):
    """An overlay whose map, transparency and colours the reader chooses.

    Parameters
    ----------
    photo : PIL.Image.Image
    model : timm model
    fit : {"crop", "squash", "whole"}
        See ``images.to_tensor``.

    Returns
    -------
    ipywidgets.VBox
        Works on ipywidgets 7.7 and 8.
    """
    tensor, seen = to_tensor(photo, model, fit)
    computed = {}
    alpha = widgets.FloatSlider(
        value=0.5,
        min=0,
        max=1,
        step=0.05,
        description="투명도 alpha",
        continuous_update=False,
        style=_WIDE,
    )
    cmap = widgets.Dropdown(options=COLORMAPS, description="컬러맵 colormap", style=_WIDE)
    chosen = widgets.Dropdown(options=list(MAPS), description="맵 map", style=_WIDE)
    picture = widgets.Image(format="jpeg", layout={"height": HEIGHT, "object_fit": "contain"})

    def redraw(_=None):
        if chosen.value not in computed:
            computed[chosen.value] = MAPS[chosen.value](model, tensor)
        overlay = blend(seen, computed[chosen.value], alpha.value, cmap.value)
        jpeg = io.BytesIO()
        overlay.save(jpeg, "JPEG", quality=90)
        picture.value = jpeg.getvalue()

    for control in (alpha, cmap, chosen):
        control.observe(redraw, names="value")
    redraw()
    weights = widgets.Label(f"가중치 weights: {caption(model)}")
    return widgets.VBox([widgets.HBox([alpha, cmap]), chosen, picture, weights])


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
