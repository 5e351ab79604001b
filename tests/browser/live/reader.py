"""What a reader does with the live page, and what its map must be."""

import io

from helpers import maps
from tests.browser.waits import until


def after_next_map(page, action):
    """Do something, and wait for the map that comes of it."""
    frames = page.evaluate("live.frames")
    action()
    until(page, f"live.frames > {frames}")


def settle(page):
    """Wait until no map has come for a while: the last one is of what was asked for last."""
    frames = None
    while frames != (frames := page.evaluate("live.map ? live.frames : -1")) or frames < 0:
        page.wait_for_timeout(300)


def show_photo(page, photo):
    """Hand the page a photo as a file in which no pixel changes."""
    file = io.BytesIO()
    photo.save(file, "PNG")
    upload = {"name": "photo.png", "mimeType": "image/png", "buffer": file.getvalue()}
    after_next_map(page, lambda: page.set_input_files("#file", upload))
    settle(page)


def guess(page, word="somewhat"):
    after_next_map(page, lambda: page.click(f".guess button:has-text('{word}')"))


def assert_map(page, m):
    settle(page)
    got = page.evaluate("Array.from(live.map)")
    expected = maps.min_max(m).flatten().tolist()
    assert max(abs(a - b) for a, b in zip(got, expected, strict=True)) <= 2 / 255
