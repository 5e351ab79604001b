"""ipywidgets' own sliders over a map: helpers.widgets."""

import io

import numpy as np
from PIL import Image

from helpers import maps, overlay
from helpers import widgets as sliders


def test_plain_sliders_show_the_overlay(photo, embedded, tensor):
    m = maps.norm_map(embedded, tensor)
    box = sliders.sliders(photo, m, weights=embedded)
    alpha, cmap, picture, line = box.children
    assert (alpha.value, alpha.min, alpha.max, cmap.value) == (0.5, 0, 1, "viridis")
    assert cmap.options == overlay.COLORMAPS and str(embedded.weights) in line.value
    assert "불투명도" in alpha.description and "opacity" in alpha.description
    for look in ((0.5, "viridis"), (0.2, "viridis"), (0.2, "jet")):
        alpha.value, cmap.value = look
        shown = np.asarray(Image.open(io.BytesIO(picture.value)))
        assert np.array_equal(shown, np.asarray(overlay.blend(photo, m, *look)))
