"""Whatever takes a photo takes it in every form that ``load_photo`` reads."""

import io

import numpy as np
import pytest
import torch
from PIL import Image
from scenes import saved

from classroom import predict
from explorer import explore
from helpers import images, overlay, plots, widgets
from topics import (
    attention,
    composites,
    objects,
    parts,
    patches,
    preprocessing,
    propagation,
    search,
    zoo,
)

MAP = torch.linspace(0, 1, 12).reshape(3, 4)


def forms(photo):
    """The photo in other forms; each shows the same, nearly."""
    exif = Image.Exif()
    exif[0x0112] = 6
    sideways = saved(photo.transpose(Image.Transpose.ROTATE_90), "PNG", exif=exif)
    return {
        "RGBA": photo.convert("RGBA"),
        "P": photo.quantize(256),
        "bytes": saved(photo, "PNG"),
        "array": np.asarray(photo),
        "opened by hand, held sideways": Image.open(io.BytesIO(sideways)),
    }


def shown(fig):
    return np.concatenate([ax.images[0].get_array().ravel() for ax in fig.axes if ax.images])


TAKERS = {
    "to_tensor": lambda photo, net: images.to_tensor(photo, net)[0].numpy() * 50,
    "blend": lambda photo, net: np.asarray(overlay.blend(photo, MAP)),
    "two_panel": lambda photo, net: shown(plots.two_panel(photo, MAP, weights="w")),
    "patch_grid": lambda photo, net: shown(plots.patch_grid(photo, (3, 4), weights="w")),
    "explore": lambda photo, net: np.asarray(explore(photo, net).picture),
    "recolour": lambda photo, net: np.asarray(patches.recolour(photo)),
    "match_back": lambda photo, net: np.array(patches.match_back(net, photo)) * 9,
    "place": lambda photo, net: np.nan_to_num(preprocessing.place(MAP, photo, photo)) * 9,
    "draw_differences": lambda photo, net: shown(
        preprocessing.draw_differences(photo, {"a": np.zeros((60, 90))}, weights="w")
    ),
    "draw_regions": lambda photo, net: shown(
        objects.draw_regions(photo, {"b": MAP > 0.5}, weights="w")
    ),
    "draw_gallery": lambda photo, net: shown(
        objects.draw_gallery({"a": (photo, MAP > 0.5)}, weights="w")
    ),
    "compare": lambda photo, net: (
        np.nan_to_num(preprocessing.compare(photo, net, {"a": {}})["a"]) * 9
    ),
    "looks": lambda photo, net: np.asarray(zoo.looks(photo, zoo.LINE_UP[1:2]).popitem()[1].seen),
    "altered": lambda photo, net: np.asarray(search.altered(photo)),
    "lay": lambda photo, net: np.asarray(composites.lay("cat", photo, (0.5, 0.5), 0.5)[0]),
    "shown": lambda photo, net: np.asarray(next(propagation.shown([photo], [MAP]))),
    "guess": lambda photo, net: np.asarray(predict.patches("00", "a", photo, (3, 4)).seen),
    "sliders": lambda photo, net: np.asarray(
        images.load_photo(widgets.sliders(photo, MAP, weights="w").children[2].value)
    ),
    "draw_similarity": lambda photo, net: shown(
        patches.draw_similarity({"a": (photo, MAP)}, (0, 0), weights="w")
    ),
    "draw_heads": lambda photo, net: shown(attention.draw_heads(photo, MAP[None], weights="w")),
    "draw_parts": lambda photo, net: shown(parts.draw_parts(photo, MAP.long(), weights="w"))[:-12],
    "side_by_side": lambda photo, net: shown(
        zoo.draw_side_by_side({"a": photo}, weights={"a": "w"})
    ),
    "draw_retrieval": lambda photo, net: shown(search.draw_retrieval(photo, [], weights="w")),
}


@pytest.mark.parametrize("taker", TAKERS)
def test_every_form_gives_what_the_plain_photo_gives(taker, photo, embedded):
    expected = np.asarray(TAKERS[taker](photo, embedded), dtype=float)
    for form, given in forms(photo).items():
        got = np.asarray(TAKERS[taker](given, embedded), dtype=float)
        assert got.shape == expected.shape, form
        assert np.abs(got - expected).mean() < 4, form
