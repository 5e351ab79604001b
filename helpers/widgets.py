"""Sliders: a map over a photo, with the opacity and the colours that the reader chooses."""

import io

import ipywidgets

from bilingual import say

from .overlay import COLORMAPS, blend
from .weights import caption

_WIDE = {"description_width": "initial"}


def alpha_slider(value=0.5):
    """A slider from 0, the photo, to 1, the colours alone: an ``ipywidgets.FloatSlider``."""
    label = say("불투명도", "opacity alpha")
    return ipywidgets.FloatSlider(value, min=0, max=1, step=0.01, description=label, style=_WIDE)


def colormap_menu(value=COLORMAPS[0]):
    """A menu of ``overlay.COLORMAPS``: an ``ipywidgets.Dropdown``."""
    label = say("컬러맵", "colormap")
    return ipywidgets.Dropdown(value=value, options=COLORMAPS, description=label, style=_WIDE)


def sliders(photo, m, *, weights):
    """The overlay under two controls. The kernel draws; ``explorer.explore`` draws in the browser.

    Parameters
    ----------
    photo : PIL.Image.Image
    m : torch.Tensor or array
        (gh, gw) in 0..1, see ``maps.min_max``.
    weights : timm model or str
        Names what made the map, below it.

    Returns
    -------
    ipywidgets.VBox
        Of the slider, the menu, the picture and the line below it.

    Raises
    ------
    BadInput
        As ``overlay.blend``.
    """
    alpha, cmap, picture = alpha_slider(), colormap_menu(), ipywidgets.Image(format="png")
    words = say("가중치", "weights"), weights if isinstance(weights, str) else caption(weights)

    def draw(_=None):
        file = io.BytesIO()
        blend(photo, m, alpha.value, cmap.value).save(file, "PNG")
        picture.value = file.getvalue()

    for control in (alpha, cmap):
        control.observe(draw, names="value")
    draw()
    return ipywidgets.VBox([alpha, cmap, picture, ipywidgets.Label(": ".join(words))])
