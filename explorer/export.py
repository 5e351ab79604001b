"""The explorer as files: one HTML page, or a moving GIF."""

import html
from pathlib import Path

import numpy as np
from anywidget import AnyWidget
from PIL import Image, ImageDraw, ImageFont

from bilingual import one_of, plain, say
from explorer import network
from explorer.bundle import fill, in_script
from explorer.data import patch_map, unit_tokens
from helpers.encoding import attention, encode
from helpers.maps import attention_map, cls_attention, min_max, norm_map, token_norm
from helpers.overlay import blend
from helpers.plots import FONT

SWEEPS = ("alpha", "head", "block", "query")
QUERY_STEPS = 40  # of the way round the photo
HERE = Path(__file__).resolve().parent
STYLE = HERE / "explorer.css"
START = HERE / "page.js"  # starts the explorers of a page


def traits(view, whole):
    """What a page needs to show an explorer; `whole`: with the network, if a page can use it."""
    own = view.traits(sync=True).keys() - {"_css", *AnyWidget.class_traits(sync=True)}
    held = {name: getattr(view, name) for name in sorted(own)}
    if whole and view.network:
        files = {"weights": network.weights(view.model), **network.engine_files()}
        held["network"] = {**view.network, **files}
        held["data"] = {**view.data, "similarity": None, "query": None}  # the page works them out
    else:
        held |= {"network": {}, "input": b"", "tokens": network.tokens(view.model, view.tensor)}
        if held["tokens"]:
            held["data"] = {}
    return held


def page(view, title, whole):
    """The whole page as text; see ``traits``."""
    return fill(
        HERE / "page.html",
        LANG="en" if view.language == "en" else "ko",
        NO_SCRIPT=say("자바스크립트를 켜세요.", "Please switch JavaScript on."),
        TITLE=html.escape(title),
        STYLE=STYLE.read_text("utf-8"),
        START=START.read_text("utf-8"),
        TRAITS=in_script(traits(view, whole)),
    )


def first_map(view):
    """(gh, gw), the map that an explorer shows first: mean of heads, of the middle patch."""
    if view.start == "norm":
        return norm_map(view.model, view.tensor)
    if view.start == "cls":
        return attention_map(view.model, view.tensor)
    gh, gw = view.data["grid"]
    middle = gh // 2 * gw + gw // 2
    return patch_map(view.model, view.tensor, -1, view.start, middle)[0].reshape(gh, gw)


def gif(view, path, sweep):
    """Write a sweep as GIF or WebP; see ``Explorer.save_gif``."""
    one_of("sweep", sweep, SWEEPS)
    frames = [_labelled(p, f"{label} · {view.weights}") for p, label in _frames(view, sweep)]
    pause = {"alpha": 80, "query": 150}.get(sweep, 700)  # ms a frame
    webp = path.suffix.lower() == ".webp"
    how = {"format": "WEBP", "quality": 70, "method": 6} if webp else {"format": "GIF"}
    first, *others = frames if webp else (frame.quantize(128) for frame in frames)
    first.save(path, save_all=True, append_images=others, duration=pause, loop=0, **how)


def _frames(view, sweep):
    """(picture, label) of each frame."""
    model, tensor, block = view.model, view.tensor, view.data["block"]

    def over(m, alpha=view.alpha):
        return blend(view.picture, min_max(m), alpha, view.cmap)

    if sweep == "alpha":
        m = first_map(view)
        for step in (*range(0, 21), *range(19, 0, -1)):
            yield over(m, step / 20), f"alpha {step / 20:.2f}"
    elif sweep == "head":
        rows = attention(model, tensor, block)
        maps = cls_attention(rows, view.data["grid"], model.num_prefix_tokens)[0]
        for head, m in enumerate(maps):
            yield over(m), f"{say('헤드', 'head')} {head} · {say('블록', 'block')} {block}"
    elif sweep == "block":
        for block in range(len(model.blocks)):
            encoded = encode(model, tensor, block)
            m = token_norm(encoded.patch_tokens, encoded.grid)[0]
            yield over(m), f"{say('블록', 'block')} {block}"
    else:
        yield from _asking(view, over)


def _asking(view, over):
    """A patch goes round the photo: where it is, where it looks, which patches are like it."""
    model, tensor, (gh, gw) = view.model, view.tensor, view.data["grid"]
    prefix, block = model.num_prefix_tokens, view.data["block"]
    rows = attention(model, tensor, block, range(prefix, prefix + gh * gw))[0].mean(0)[:, prefix:]
    unit = unit_tokens(encode(model, tensor, block))
    photo = view.picture
    label = say("묻는 패치 · 보는 곳 · 닮은 곳", "a patch · where it looks · what is like it")
    for turn in np.linspace(0, 2 * np.pi, QUERY_STEPS, endpoint=False):
        y, x = int((0.5 + 0.36 * np.sin(2 * turn)) * gh), int((0.5 + 0.38 * np.cos(turn)) * gw)
        here = y * gw + x
        maps = (m.reshape(gh, gw).float().cpu() for m in (rows[here], unit @ unit[here]))
        row = Image.new("RGB", (3 * photo.width + 16, photo.height), "white")
        for i, picture in enumerate((photo, *map(over, maps))):
            row.paste(_framed(picture, (y, x), (gh, gw)), (i * (photo.width + 8), 0))
        yield row, label


def _framed(picture, place, grid):
    """A copy with a frame round a patch."""
    picture, (y, x) = picture.copy(), place
    w, h = picture.width / grid[1], picture.height / grid[0]
    box = [x * w - 1, y * h - 1, (x + 1) * w, (y + 1) * h]
    draw = ImageDraw.Draw(picture)
    draw.rectangle([box[0] - 1, box[1] - 1, box[2] + 1, box[3] + 1], outline="black", width=4)
    draw.rectangle(box, outline="white", width=2)
    return picture


def _labelled(picture, label):
    """The picture with a line of text below; the text is made to fit."""
    label, fonts = plain(label), (ImageFont.truetype(str(FONT), size) for size in range(14, 6, -1))
    font = next(f for f in fonts if f.getlength(label) <= picture.width - 8 or f.size == 7)
    framed = Image.new("RGB", (picture.width, picture.height + 22), "white")
    framed.paste(picture)
    ImageDraw.Draw(framed).text((4, picture.height + 3), label, fill="black", font=font)
    return framed
