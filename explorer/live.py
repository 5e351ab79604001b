"""The live page: one HTML file in which the embedded network sees what a camera sees.

    python -m explorer.live live.html

The file asks for nothing: network, engine and two photos are in it. It opens from disk, from a USB
stick or from any server (the camera: from disk, localhost or https).
"""

import re
import sys
from pathlib import Path

import anywidget
import traitlets

from bilingual import console, language, writing
from helpers.models import load_model
from helpers.weights import caption
from topics.masks import load_masks, masks_on_grid

from . import export, network
from .bundle import bundle, fill, in_base64, in_script
from .data import colour_table

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
EMBEDDED = ROOT / "helpers" / "embedded"
COLOURS = ("viridis", "magma", "cividis", "gray")
# Both CC0 1.0; see images/CREDITS.md.
PHOTOS = {
    "kingfisher": {"ko": "예제 사진: 물총새", "en": "Example photo: a kingfisher"},
    "cat": {"ko": "예제 사진: 고양이", "en": "Example photo: a cat"},
}
CREDITS = {
    "ko": "예제 사진: Stefan van der Walt(고양이), Frank-2.0(물총새), CC0 1.0.",
    "en": "Example photos: Stefan van der Walt (cat), Frank-2.0 (kingfisher), CC0 1.0.",
}


def page(model):
    """The live page as text, with a network that ``network.in_page`` knows how to send."""
    compiled = network.engine_files()
    embedded = getattr(getattr(model, "weights", None), "source", "") == "embedded"
    named = dict.fromkeys(("ko", "en"), caption(model))
    facts = {
        "config": network.in_page(model)["config"],
        "files": {name: compiled[name] for name in ("relaxed", "simd")},
        "colours": [[name, colour_table(name)] for name in COLOURS],
        "photos": PHOTOS,
        "words": {
            "networkName": {"ko": "내장 DINO", "en": "embedded DINO"} if embedded else named,
            "network": network_words(model) if embedded else named,
            "credits": CREDITS,
        },
    }
    return fill(
        HERE / "live" / "page.html",
        STYLE=(HERE / "live" / "style.css").read_text("utf-8"),
        EXAMPLES="\n".join(_example(name, model) for name in PHOTOS),
        FACTS=in_script(facts),
        WEIGHTS=in_base64(network.weights(model)),
        WORKER=compiled["worker"],
        SCRIPT=bundle(HERE / "live" / "main.js"),
    )


def write(path="live.html", model=None):
    """Write the live page.

    Parameters
    ----------
    path : str or Path, of the file; its folder is made
    model : timm model, optional, one that ``network.in_page`` can send; else the embedded one

    Returns
    -------
    Path

    Raises
    ------
    BadInput
        The file cannot be written.
    """
    with writing(path) as path:  # a fresh clone has no outputs/
        path.write_text(page(model or load_model("embedded")), encoding="utf-8")
    return path


def network_words(model):
    """Which network it is and what it learnt from, as its model card says: {"ko", "en"}."""
    card = (EMBEDDED / "README.md").read_text("utf-8")
    section = re.search(r"^## What it is not.*?\n(.*?)^## ", card, re.MULTILINE | re.DOTALL)[1]
    english, korean = (" ".join(p.replace("*", "").split()) for p in section.strip().split("\n\n"))
    pixels, patch = (side[0] for side in (model.patch_embed.img_size, model.patch_embed.patch_size))
    numbers = [pixels, patch, len(model.blocks), model.blocks[0].attn.num_heads]
    ko = "이 맵은 내장 DINO의 것입니다(ViT, {}픽셀, 패치 {}, 블록 {}개, 헤드 {}개)."
    en = "These maps are the embedded DINO's (a ViT: {} pixels, patch {}, {} blocks, {} heads)."
    return {"ko": f"{ko.format(*numbers)} {korean}", "en": f"{en.format(*numbers)} {english}"}


def _example(name, model):
    """A button with a photo, and which of its patches are an object's."""
    picture = in_base64((ROOT / "images" / f"{name}.jpg").read_bytes())
    mask = masks_on_grid(load_masks(name), model, "whole").any(0).flatten().int().tolist()
    return (
        f'<button type="button" class="example" data-photo="{name}"><img alt="" '
        f'data-mask="{"".join(map(str, mask))}" src="data:image/jpeg;base64,{picture}"></button>'
    )


class Camera(anywidget.AnyWidget):
    """The live page in a cell. It goes to the page when the reader asks for it."""

    _esm = bundle(HERE / "camera.js")
    _css = export.STYLE
    language = traitlets.Unicode().tag(sync=True)

    def __init__(self, model):
        self.model = model
        super().__init__(language=language())
        self.on_msg(self._answer)

    def _answer(self, *_):
        self.send({"heard": True})
        self.send({}, buffers=[page(self.model).encode()])  # 8 MB, made for who asks

    def __repr__(self):
        return "<camera>"


if __name__ == "__main__":
    console.prepare()
    print(write(*sys.argv[1:]))
