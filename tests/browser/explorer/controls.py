"""What a reader does with an explorer on a page, and what is seen there."""

import base64
import io
import time

import numpy as np
from PIL import Image

EVIL = "</script><img src=x onerror='window.hacked=1'><script>window.hacked=1</script>"


def pixels(page, canvas="overlay", nth=0):
    """(H, W, 3) int, what a canvas shows."""
    url = page.locator(f"canvas.dino-{canvas}").nth(nth).evaluate("c => c.toDataURL('image/png')")
    png = base64.b64decode(url.partition(",")[2])
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def shows(page, picture, nth=0, canvas="overlay"):
    """Wait until a canvas shows a picture, up to 2 of 255.

    Numbers of the page's own network are 1e-5 off; that may be the next of 256 colours in a pixel.
    """
    wanted, end = np.asarray(picture).astype(int), time.monotonic() + 30

    def off():
        levels = np.abs(pixels(page, canvas, nth) - wanted)
        return np.mean(levels > 2) > 1e-3 or levels.max() > 5

    while off() and time.monotonic() < end:
        page.wait_for_timeout(50)
    assert not off()


def says(page, words, where="readout", nth=0):
    """Wait until a line of the explorer says something."""
    page.wait_for_function(
        "([where, nth, words]) => document.querySelectorAll(`.dino-${where}`)[nth]"
        ".textContent.includes(words)",
        arg=[where, nth, words],
    )


def explorer_at(page, nth=0):
    return page.locator(".dino-explorer").nth(nth)


def alpha(page):
    return explorer_at(page).get_by_label("alpha")


def choose(page, label, value, nth=0):
    explorer_at(page, nth).get_by_role("combobox", name=label).select_option(value)


def choose_map(page, kind, nth=0):
    explorer_at(page, nth).locator(f"input[value={kind}]").check()


def patch_point(page, row, column, grid, nth=0):
    """Page coordinates of the middle of a patch, on the photo."""
    picture = explorer_at(page, nth).locator(".dino-picture").first
    picture.scroll_into_view_if_needed()
    area = picture.bounding_box()
    return (
        area["x"] + (column + 0.5) / grid[1] * area["width"],
        area["y"] + (row + 0.5) / grid[0] * area["height"],
    )


def readout(page, nth=0):
    return page.locator(".dino-readout").nth(nth).inner_text()


def use_file(page, photo, nth=0):
    """Hand an explorer a photo as a file in which no pixel changes."""
    file = io.BytesIO()
    photo.save(file, "PNG")
    explorer_at(page, nth).locator("input[type=file]").set_input_files(
        {"name": "mine.png", "mimeType": "image/png", "buffer": file.getvalue()}
    )
