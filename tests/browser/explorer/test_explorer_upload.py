"""A reader's own photo or video: into the explorer, and by the upload button."""

import base64
import io

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from explorer import data
from explorer.upload import Button
from helpers import images, maps, overlay
from tests.browser.explorer.controls import (
    EVIL,
    choose_map,
    explorer_at,
    pixels,
    use_file,
)
from tools import lab

pytestmark = pytest.mark.skipif(lab.CHROMIUM is None, reason="no Chromium on this machine")


@pytest.fixture
def other_photo(page):
    """A photo for another grid; the first one comes back at the end."""
    yield images.load_photo("koala.jpg")
    explorer_at(page).get_by_role("button", name="reset").click()
    use_file(page, images.load_photo("cat.jpg"), 2)
    page.wait_for_function("""() => [0, 2].every((i) =>
        document.querySelectorAll(".dino-explorer")[i].querySelector("canvas").width === 384)""")


@pytest.mark.parametrize("nth", [0, 2])
def test_ones_own_photo(page, computed, other_photo, nth):
    """Whole, with the maps that Python finds; the network in the page needs no kernel for it."""
    model = computed[0]
    tensor, seen = images.to_tensor(other_photo, model, "whole")
    lab.run_python(page, "")
    del page.sent[:]
    choose_map(page, "cls", nth)
    use_file(page, other_photo, nth)
    wanted = overlay.blend(data.shrink(seen), maps.attention_map(model, tensor))
    page.wait_for_function(
        "([nth, width]) => document.querySelectorAll('canvas.dino-overlay')[nth].width === width",
        arg=[nth, wanted.width],
    )
    off = np.asarray(wanted).astype(int) - pixels(page, nth=nth)
    assert np.abs(off).mean() < 1.5  # the browser shrinks what is shown in a way of its own
    assert (page.sent == []) == (nth == 0)
    if nth == 2:
        assert lab.run_python(page, "print(far.seen.size, end='')") == str(seen.size)


def phone_photo(width, height, orientation=1, **kwargs):
    """JPEG bytes of a photo, red above and blue below, with an EXIF orientation."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (height, width, 3), np.uint8)
    pixels[: height // 2] = (200, 20, 20)
    pixels[height // 2 :, : width // 2] = (20, 20, 200)
    exif = Image.Exif()
    exif[0x112] = orientation
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", exif=exif, **kwargs)
    return file.getvalue()


def put(page, name, content, mime="image/jpeg"):
    """Choose a file, as a reader does, and wait for what the page says."""
    said = page.locator(".dino-upload .dino-status")
    page.locator(".dino-upload input").set_input_files(
        {"name": name, "mimeType": mime, "buffer": content}
    )
    page.wait_for_selector(".dino-upload[aria-busy=false]")
    return said.inner_text()


def shown(page):
    """What stands below the upload button."""
    cell = page.locator(".jp-CodeCell").filter(has=page.locator(".dino-upload"))
    return cell.locator(".jp-OutputArea-output pre").all_inner_texts()


def test_a_phones_photo_is_made_small_before_it_is_sent(page):
    """Of 12 MB, which the connection to a kernel does not survive; it stays upright."""
    content = phone_photo(3000, 4000, orientation=6, quality=100, subsampling=0)
    assert len(content) > 10 * 2**20
    del page.sent[:]
    said = put(page, "phone.jpg", content)
    assert "4000 × 3000 → 2048 × 1536" in said and "줄여서" in said
    assert max(len(frame) for frame in page.sent) < 9e6
    page.get_by_text("seen (1600, 1200)").wait_for()  # load_photo's own size
    assert lab.run_python(page, "print(1 + 1, end='')") == "2"  # the connection stands


def test_a_small_photo_is_sent_as_it_is(page):
    content = phone_photo(300, 200)
    del page.sent[:]
    assert put(page, "small.jpg", content) == ""
    assert any(content in frame for frame in page.sent if isinstance(frame, bytes))
    page.get_by_text("seen (300, 200)").wait_for()
    assert len(shown(page)) == 1


@pytest.mark.parametrize(
    "size, korean, english",
    [(100, "notes.jpg", "notes.jpg"), (9_500_000, "열지 못하는", "cannot open")],
)
def test_a_refused_file_takes_the_old_picture_away(page, size, korean, english):
    put(page, "small.jpg", phone_photo(300, 200))
    page.get_by_text("seen (300, 200)").wait_for()
    said = put(page, "notes.jpg", b"no photo, " * (size // 10))
    assert korean in said and english in said
    page.wait_for_function("""() => ![...document.querySelectorAll(".jp-OutputArea-output pre")]
        .some((p) => p.textContent.includes("seen"))""")
    assert shown(page) == []


@pytest.mark.parametrize("event", ["drop", "paste"])
def test_a_photo_dropped_or_pasted(page, event):
    page.locator(".dino-upload").evaluate(
        """(root, [event, base64]) => {
            const data = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
            const all = new DataTransfer(), button = root.querySelector("button");
            all.items.add(new File([data], "mine.jpg", { type: "image/jpeg" }));
            const [name, kind] = { drop: ["dataTransfer", DragEvent],
                paste: ["clipboardData", ClipboardEvent] }[event];
            button.dispatchEvent(new kind(event, { [name]: all, bubbles: true }));
        }""",
        [event, base64.b64encode(phone_photo(310 if event == "drop" else 320, 200)).decode()],
    )
    page.get_by_text(f"seen ({310 if event == 'drop' else 320}, 200)").wait_for()


def test_what_is_made_of_a_photo_hides_nothing_below_the_button(notebook, browser):
    """An explorer's still is out of sight; the cell's next output, 00's camera, is not."""
    one = 'display(upload(lambda mine: explorer.explore(mine, model)))\nprint("the next output")'
    lab.write_notebook(notebook.folder / "below.ipynb", one)
    page = browser.new_page(viewport={"width": 900, "height": 900})
    page.set_default_timeout(lab.SECONDS)
    lab.open_notebook(page, notebook.address, "below.ipynb")
    below = page.locator(".jp-OutputArea-output pre").get_by_text("the next output")
    expect(below).to_be_visible(timeout=lab.SECONDS)
    put(page, "small.jpg", phone_photo(300, 200))
    lab.wait_for_explorer(page)
    expect(page.locator(".dino-still")).to_be_hidden()
    expect(below).to_be_visible()
    page.close()


def test_a_video_goes_as_it_is_or_one_is_told_another_way(browser):
    """A large one would end the connection; the file browser sends in pieces."""
    page = browser.new_page()
    page.set_content("<main></main>")
    page.evaluate(
        """async (source) => {
            const file = new Blob([source], { type: "text/javascript" });
            const widget = await import(URL.createObjectURL(file));
            let answer;
            window.sent = [];
            const model = {
                get: (name) => ({ language: "both", video: true })[name],
                on: (_, got) => (answer = got),
                send: (message, _, buffers) => {
                    window.sent.push([message.name ?? null, buffers?.[0].byteLength ?? 0]);
                    if (buffers) answer({ error: [] });
                },
            };
            widget.default.render({ model, el: document.querySelector("main") });
        }""",
        Button._esm,
    )
    film = io.BytesIO()
    first, *others = (Image.new("L", (3000, 20), grey) for grey in (0, 90, 180))
    first.save(film, "GIF", save_all=True, append_images=others)
    assert "video/*" in page.locator("input").get_attribute("accept")
    assert put(page, "film.gif", film.getvalue(), "image/gif") == ""
    said = put(page, "long.mp4", bytes(9_500_000), "video/mp4")
    assert "long.mp4 (9.5 MB)" in said and "file browser" in said and "파일 브라우저" in said
    assert page.evaluate("sent") == [["film.gif", len(film.getvalue())], [None, 0]]
    page.close()


def test_a_hostile_files_name_is_only_shown(page):
    assert EVIL in put(page, EVIL.replace("/", "\u2215"), b"no photo").replace("\u2215", "/")
    assert page.evaluate("() => window.hacked") is None
