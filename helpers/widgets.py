"""Sliders: a map over a photo, with the opacity and the colours that the reader chooses."""

import ipywidgets

from bilingual import say

from .overlay import COLORMAPS, blend
from .weights import made_by


def sliders(photo, m, *, weights):
    """The overlay under two controls, drawn in the kernel; ``explorer.explore`` needs no kernel.

    Takes what ``plots.two_panel`` does; returns an ``ipywidgets.VBox``.
    """
    label, wide = say("불투명도", "opacity alpha"), {"description_width": "initial"}
    alpha = ipywidgets.FloatSlider(0.5, max=1, step=0.01, description=label, style=wide)
    label = say("컬러맵", "colormap")
    cmap = ipywidgets.Dropdown(options=COLORMAPS, description=label, style=wide)
    picture = ipywidgets.Image(format="png")

    def draw(_=None):
        picture.value = blend(photo, m, alpha.value, cmap.value)._repr_png_()

    for control in (alpha, cmap):
        control.observe(draw, names="value")
    draw()
    return ipywidgets.VBox([alpha, cmap, picture, ipywidgets.Label(made_by(weights))])
