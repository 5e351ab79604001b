"""Sliders: a map over a photo, with the opacity and the colours that the reader chooses."""

import io

import ipywidgets

from bilingual import say

from .overlay import COLORMAPS, blend
from .weights import made_by


def sliders(photo, m, *, weights):
    """The overlay under two controls. The kernel draws; ``explorer.explore`` draws in the browser.

    Takes what ``plots.two_panel`` does.

    Returns
    -------
    ipywidgets.VBox, of the slider, the menu, the picture and the line below it
    """
    label, wide = say("불투명도", "opacity alpha"), {"description_width": "initial"}
    alpha = ipywidgets.FloatSlider(0.5, max=1, step=0.01, description=label, style=wide)
    label = say("컬러맵", "colormap")
    cmap = ipywidgets.Dropdown(options=COLORMAPS, description=label, style=wide)
    picture = ipywidgets.Image(format="png")

    def draw(_=None):
        file = io.BytesIO()
        blend(photo, m, alpha.value, cmap.value).save(file, "PNG")
        picture.value = file.getvalue()

    for control in (alpha, cmap):
        control.observe(draw, names="value")
    draw()
    return ipywidgets.VBox([alpha, cmap, picture, ipywidgets.Label(made_by(weights))])
