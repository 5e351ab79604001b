"""The explorer as files: one HTML page, or a moving GIF."""

import base64
import html
import json

from PIL import Image, ImageDraw, ImageFont

from bilingual import plain
from bilingual.legacy import pick
from helpers.encoding import attention, encode
from helpers.images import to_tensor
from helpers.maps import cls_attention, min_max, norm_map, token_norm
from helpers.overlay import COLORMAPS, blend
from helpers.plots import FONT

SWEEPS = ("alpha", "head", "block", "zoom")
ZOOM, ZOOM_STEPS = 3, 12  # how far in, and in how many steps
PAGE = """<!DOCTYPE html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none';
 script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:">
<title>{title}</title>
<style>
body {{ margin: 12px auto; max-width: 960px; padding: 0 8px; font: 14px system-ui, sans-serif; }}
{style}
</style>
</head>
<body>
<h1>{title}</h1>
<noscript>{no_script}</noscript>
<main id="explorer"></main>
<script type="application/json" id="traits">{traits}</script>
<script type="module">
{script}
const traits = JSON.parse(document.getElementById("traits").textContent);
renderPage(document.getElementById("explorer"), traits);
</script>
</body>
</html>
"""


def page(view, script, style, title):
    """The whole page as text.

    Parameters
    ----------
    view : Explorer
    script, style : str
        The module and its style sheet.
    title : str
        Any text; it is escaped.

    Returns
    -------
    str
    """
    names = ("alpha", "cmap", "photo", "tables", "data", "weights", "language")
    traits = json.dumps({name: getattr(view, name) for name in names}, default=_base64)
    return PAGE.format(
        lang="en" if view.language == "en" else "ko",
        no_script=pick("자바스크립트를 켜세요. Please switch JavaScript on."),
        title=html.escape(title),
        style=style,
        script=script,
        traits=traits.replace("<", "\\u003c"),  # so that no caption can end the script
    )


def gif(view, path, sweep):
    """Write a sweep as GIF; see ``ExplorerBox.save_gif``."""
    frames = [_labelled(picture, label) for picture, label in _frames(view, sweep)]
    paletted = [frame.quantize(128) for frame in frames]
    pause = {"alpha": 80, "zoom": 160}.get(sweep, 700)  # ms a frame
    paletted[0].save(path, "GIF", save_all=True, append_images=paletted[1:], duration=pause, loop=0)


def _frames(view, sweep):
    """(overlay, label) of each frame."""
    model, tensor, picture = view.model, view.tensor, view.picture
    cmap = COLORMAPS[view.cmap]
    if sweep == "alpha":
        m = norm_map(model, tensor)
        for step in (*range(0, 21), *range(19, 0, -1)):
            alpha = step / 20
            yield blend(picture, m, alpha, cmap), f"alpha {alpha:.2f} · {view.weights}"
    elif sweep == "head":
        block = view.data["block"]
        rows = attention(model, tensor, block)
        maps = min_max(cls_attention(rows, view.data["grid"], model.num_prefix_tokens)[0])
        for head, m in enumerate(maps):
            overlay = blend(picture, m, view.alpha, cmap)
            yield (
                overlay,
                f"{pick(f'헤드 head {head}')} · {pick(f'블록 block {block}')} · {view.weights}",
            )
    elif sweep == "block":
        for block in range(len(model.blocks)):
            encoded = encode(model, tensor, block)
            m = min_max(token_norm(encoded.patch_tokens, encoded.grid))[0]
            overlay = blend(picture, m, view.alpha, cmap)
            yield overlay, f"{pick(f'블록 block {block}')} · {view.weights}"
    elif sweep == "zoom":
        for step in (*range(ZOOM_STEPS + 1), *range(ZOOM_STEPS - 1, 0, -1)):
            zoom = ZOOM ** (step / ZOOM_STEPS)
            window = _middle(view.seen, zoom)
            m = norm_map(model, to_tensor(window, model, "whole")[0])
            overlay = blend(window, m, view.alpha, cmap).resize(picture.size)
            yield overlay, f"{pick(f'확대 zoom {zoom:.1f}')} · {view.weights}"
    else:
        raise ValueError(
            f"sweep은 {', '.join(SWEEPS)} 가운데 하나여야 합니다: {sweep!r}\n"
            f"sweep must be one of {', '.join(SWEEPS)}: {sweep!r}"
        )


def _middle(picture, zoom):
    """The middle of a picture, each side 1 / zoom of its own."""
    width, height = picture.width / zoom, picture.height / zoom
    left, top = (picture.width - width) / 2, (picture.height - height) / 2
    return picture.crop([round(edge) for edge in (left, top, left + width, top + height)])


def _labelled(picture, label):
    """The picture with a line of text below; the text is made to fit."""
    size, label = 14, plain(label)
    font = ImageFont.truetype(str(FONT), size)
    while font.getlength(label) > picture.width - 8 and size > 7:
        size -= 1
        font = ImageFont.truetype(str(FONT), size)
    framed = Image.new("RGB", (picture.width, picture.height + 22), "white")
    framed.paste(picture)
    ImageDraw.Draw(framed).text((4, picture.height + 3), label, fill="black", font=font)
    return framed


def _base64(value):
    if isinstance(value, (bytes, memoryview)):
        return base64.b64encode(value).decode()
    raise TypeError(type(value))
