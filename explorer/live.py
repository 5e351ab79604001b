"""The live page: one HTML file in which the embedded network sees what a camera sees.

    python -m explorer.live live.html

The file asks for nothing: network, engine and two photos are in it. It opens from disk, from a USB
stick or from any server (the camera: from disk, localhost or https).
"""

import base64
import html
import json
import re
import sys
from pathlib import Path

import matplotlib
import numpy as np

from .bundle import bundle

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
EMBEDDED = ROOT / "helpers" / "embedded"
COLOURS = ("viridis", "magma", "cividis", "gray")
# Both CC0 1.0; see images/CREDITS.md.
PHOTOS = {
    "cat": {"ko": "예제 사진: 고양이", "en": "Example photo: a cat"},
    "kingfisher": {"ko": "예제 사진: 물총새", "en": "Example photo: a kingfisher"},
}
CREDITS = {
    "ko": "예제 사진: Stefan van der Walt(고양이), Frank-2.0(물총새), CC0 1.0.",
    "en": "Example photos: Stefan van der Walt (cat), Frank-2.0 (kingfisher), CC0 1.0.",
}


def page():
    """The live page as text."""
    config = json.loads((EMBEDDED / "config.json").read_text("utf-8"))
    compiled = {name: _base64(HERE / "engine" / f"{name}.wasm") for name in ("relaxed", "simd")}
    facts = {
        "config": config,
        "files": compiled,
        "colours": [[name, _colour_table(name)] for name in COLOURS],
        "photos": PHOTOS,
        "words": {
            "networkName": {"ko": "내장 DINO", "en": "embedded DINO"},
            "network": network_words(config),
            "credits": CREDITS,
        },
    }
    parts = {
        "STYLE": (HERE / "live" / "style.css").read_text("utf-8"),
        "EXAMPLES": "\n".join(_example(name) for name in PHOTOS),
        "FACTS": json.dumps(facts, ensure_ascii=False).replace("<", "\\u003c"),
        "WEIGHTS": _base64(EMBEDDED / "model.safetensors"),
        "WORKER": _script(HERE / "engine" / "worker.js"),
        "SCRIPT": _script(HERE / "live" / "main.js"),
    }
    template = (HERE / "live" / "page.html").read_text("utf-8")
    return re.sub(r"@([A-Z]+)@", lambda found: parts[found[1]], template)


def write(path="live.html"):
    """Write the live page; its Path."""
    path = Path(path)
    path.write_text(page(), encoding="utf-8")
    return path


def network_words(config):
    """Which network it is and what it learnt from, as its model card says: {"ko", "en"}."""
    card = (EMBEDDED / "README.md").read_text("utf-8")
    section = re.search(r"^## What it is not.*?\n(.*?)^## ", card, re.MULTILINE | re.DOTALL)[1]
    told = {}
    for paragraph in section.strip().split("\n\n"):
        told["ko" if re.search("[가-힣]", paragraph) else "en"] = " ".join(paragraph.split())
    size = config["model_args"]
    numbers = [size[name] for name in ("img_size", "patch_size", "depth", "num_heads")]
    ko = "이 맵은 내장 DINO의 것입니다(ViT, {}픽셀, 패치 {}, 블록 {}개, 헤드 {}개)."
    en = "These maps are the embedded DINO's (a ViT: {} pixels, patch {}, {} blocks, {} heads)."
    return {
        "ko": f"{ko.format(*numbers)} {told['ko']}",
        "en": f"{en.format(*numbers)} {told['en']}",
    }


def _example(name):
    picture = _base64(ROOT / "images" / f"{name}.jpg")
    return (
        f'<button type="button" class="example" data-photo="{html.escape(name)}">'
        f'<img alt="" src="data:image/jpeg;base64,{picture}"></button>'
    )


def _script(path):
    script = bundle(path)
    if "</script" in script:
        raise ValueError(f"{path}: </script would end the page's script")
    return script


def _base64(path):
    return base64.b64encode(path.read_bytes()).decode()


def _colour_table(name):
    """256 × RGB bytes of one of matplotlib's colormaps, in base64."""
    table = matplotlib.colormaps[name](np.arange(256), bytes=True)[:, :3]
    return base64.b64encode(table.tobytes()).decode()


if __name__ == "__main__":
    print(write(*sys.argv[1:]))
