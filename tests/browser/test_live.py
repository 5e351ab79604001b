"""The live page as a reader uses it: camera, photo, what-ifs, languages; and no request is made."""

import io
import re
import time

import pytest
import torch
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import expect

from explorer import live
from explorer.interventions import WhatIf, forward, untrained
from helpers import maps
from helpers.encoding import attention_rows, encode
from helpers.images import load_photo, to_tensor
from tools import lab
from topics.masks import load_masks, masks_on_grid
from topics.measure import pointing
from topics.patches import similarity_map

expect.set_options(timeout=lab.SECONDS)
pytestmark = pytest.mark.skipif(lab.CHROMIUM is None, reason="no Chromium on this machine")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("live")


@pytest.fixture(scope="module")
def address(folder):
    return live.write(folder / "live.html").as_uri()


@pytest.fixture
def open_page(address):
    """Open the page in a browser, until its first map; ``requests`` and ``errors`` go on record."""
    contexts = []

    def open_page(browser, script=None, **settings):
        contexts.append(browser.new_context(**{"locale": "en-US", **settings}))
        page = contexts[-1].new_page()
        page.set_default_timeout(lab.SECONDS)
        page.requests, page.errors = [], []
        page.on("request", lambda request: page.requests.append(request.url))
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        if script:
            page.add_init_script(script)
        page.goto(address)
        until(page, "live.frames > 0")
        return page

    yield open_page
    for context in contexts:
        context.close()


def until(page, condition, seconds=lab.SECONDS / 1000):
    """Wait for a condition; the page's own policy forbids Playwright's wait_for_function (eval)."""
    end = time.monotonic() + seconds
    while not page.evaluate(condition):
        assert time.monotonic() < end, condition
        time.sleep(0.02)


def asked_for(page):
    return [url for url in page.requests if not url.startswith(("data:", "blob:"))]


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


def assert_map(page, m):
    settle(page)
    got = page.evaluate("Array.from(live.map)")
    expected = maps.min_max(m).flatten().tolist()
    assert max(abs(a - b) for a, b in zip(got, expected, strict=True)) <= 2 / 255


def test_camera(with_camera, open_page, address):
    """Maps follow the camera; one freezes; nothing was asked for, from first to last."""
    page = open_page(with_camera)
    page.click("#camera")
    until(page, "live.frames > 8")
    expect(page.locator("#rate")).to_have_text(re.compile(r"\d+\.\d maps a second"))
    page.click("#blocks label:has-text('2')")
    page.click("#kinds label:has-text('Rollout')")
    until(page, "live.frames > 16")
    expect(page.locator("#readout")).to_have_text("Rollout")
    after_next_map(page, lambda: page.click("#freeze"))
    page.click("#kinds label:has-text('norm')")
    expect(page.locator("#readout")).to_have_text("Token norm · Block 2")
    with page.expect_download() as download:
        page.click("#save")
    assert Image.open(download.value.path()).size == (560, 604)  # the camera's middle, square
    page.click("#camera")
    expect(page.locator("#freeze")).to_be_hidden()
    assert page.evaluate("document.getElementById('video').srcObject") is None
    assert asked_for(page) == [address] and not page.errors


def test_nothing_can_be_asked_for(browser, open_page, folder):
    assert (folder / "live.html").stat().st_size <= 9e6
    page = open_page(browser)
    for attempt in (
        "fetch('http://127.0.0.1:9/')",
        "new Image().src = 'http://127.0.0.1:9/a.png'",
        "new WebSocket('ws://127.0.0.1:9/')",
        "navigator.sendBeacon('http://127.0.0.1:9/', 'photo')",
    ):
        refused = page.evaluate(
            f"""() => new Promise((resolve) => {{
                addEventListener("securitypolicyviolation", (e) => resolve(e.violatedDirective));
                (async () => {attempt})().catch(() => {{}});
            }})"""
        )
        assert refused in ("connect-src", "img-src")


def test_photo(browser, open_page, embedded):
    """A reader's own photo, whole, gives the maps that the helpers give."""
    page, photo = open_page(browser), load_photo("koala.jpg")  # taller than wide
    tensor, _ = to_tensor(photo, embedded, "whole")
    rows, encoded = attention_rows(embedded, tensor), encode(embedded, tensor, 4)
    gh, gw = encoded.grid
    assert gh > gw
    show_photo(page, photo)
    assert_map(page, rows[5, 0].mean(0)[0, 1:].reshape(gh, gw))
    page.click("#blocks label:has-text('4')")
    page.click("#heads label:has-text('3')")
    expect(page.locator("#readout")).to_have_text("CLS attention · Block 4 · Head 3")
    assert_map(page, rows[4, 0, 3, 0, 1:].reshape(gh, gw))
    picture = page.locator("#picture")
    box = picture.bounding_box()
    assert box["width"] / box["height"] == pytest.approx(photo.width / photo.height, rel=0.02)
    spot = {"x": 5.5 * box["width"] / gw, "y": 2.5 * box["height"] / gh}
    picture.click(position=spot)
    expect(page.locator("#readout")).to_have_text("Similarity · Block 4 · row 2 column 5")
    patches = encoded.patch_tokens[0]
    assert_map(page, similarity_map(patches, encoded.grid, patches[2 * gw + 5]))
    picture.press("ArrowDown")
    expect(page.locator("#readout")).to_have_text("Similarity · Block 4 · row 3 column 5")
    assert_map(page, similarity_map(patches, encoded.grid, patches[3 * gw + 5]))
    assert not page.errors


def guess(page, word="somewhat"):
    after_next_map(page, lambda: page.click(f".guess button:has-text('{word}')"))


def test_what_if(browser, open_page, embedded):
    """Switching something off asks for a guess; then maps and the number are Python's."""
    page, photo = open_page(browser), load_photo("cow.jpg")
    tensor, _ = to_tensor(photo, embedded, "whole")
    gh, gw = encode(embedded, tensor).grid
    show_photo(page, photo)
    untouched = page.evaluate("Array.from(live.map)")
    page.click("summary")
    number = page.locator(".number")
    page.get_by_role("button", name="Block 1 Head 2").click()
    expect(page.locator(".guess")).to_be_visible()
    expect(number).to_have_text("…")
    assert page.evaluate("Array.from(live.map)") == untouched  # nothing is shown before the guess
    guess(page)
    expect(page.locator(".guess")).to_be_hidden()
    page.get_by_role("button", name="Block 4", exact=True).click()
    guess(page)
    page.click(".tool label:has-text('removes')")
    picture = page.locator("#picture")
    box = picture.bounding_box()
    x, y = box["width"] / gw, box["height"] / gh
    picture.click(position={"x": 0.5 * x, "y": 1.5 * y})
    guess(page)
    picture.click(position={"x": 2.5 * x, "y": 1.5 * y})  # asks for no other guess
    until(page, "live.map.filter(Number.isNaN).length === 2")
    what_if = WhatIf(heads_off=[(1, 2)], blocks_off=[4], removed=[gw, gw + 2])
    block, plain = forward(embedded, tensor, what_if)[-1], forward(embedded, tensor)[-1]
    cosine = torch.cosine_similarity(block.tokens[0, 0], plain.tokens[0, 0], dim=0).item()
    words = "cosine of the CLS token to the untouched one"
    expect(number).to_have_text(re.compile(f"^{words} {cosine:.3f}: .* \\((your guess|not as)"))
    row = (block.q[0, :, :1] @ block.k[0].mT).softmax(-1).mean(0)[0, 1:]
    got = page.evaluate("Array.from(live.map)")
    assert got.pop(gw + 2) != got[0] and (lone := got.pop(gw)) != lone  # NaN: no token is there
    expected = maps.min_max(row[None]).flatten().tolist()
    assert max(abs(a - b) for a, b in zip(got, expected, strict=True)) <= 2 / 255
    picture.click(position={"x": 2.5 * x, "y": 1.5 * y})  # given back
    until(page, "live.map.filter(Number.isNaN).length === 1")
    page.click("#kinds label:has-text('Patch')")
    page.click("#blocks label:has-text('4')")
    expect(page.locator("#readout")).to_have_text("A block that is off has no attention.")
    page.click("#blocks label:has-text('5')")
    page.click("button.noCls")
    guess(page)
    expect(number).to_have_text("no CLS token, so no cosine")
    page.click("#kinds label:has-text('CLS')")
    expect(page.locator("#readout")).to_have_text("Without a CLS token there is no such map.")
    for switch in ("shuffle", "noPosition"):
        page.click(f"button.{switch}")
        guess(page)
        expect(page.locator(f"button.{switch}")).to_have_attribute("aria-pressed", "true")
    after_next_map(page, lambda: page.click("button.undo"))
    assert_map(page, attention_rows(embedded, tensor)[5, 0].mean(0)[0, 1:].reshape(gh, gw))
    expect(number).to_have_text("nothing changed")
    assert not page.errors


def test_untrained_and_pointing(browser, open_page, embedded):
    """Beside the map stands the one of Python's untrained network; a bundled photo has a mask."""
    page = open_page(browser)
    page.click("summary")
    photo = load_photo("kingfisher.jpg")
    tensor, _ = to_tensor(photo, embedded, "whole")
    grid = encode(embedded, tensor).grid
    masks = masks_on_grid(load_masks("kingfisher"), embedded, "whole")
    m = attention_rows(embedded, tensor)[5, 0].mean(0)[0, 1:].reshape(grid)
    where = "on the object" if pointing(m, masks) else "not on the object"
    share = round(100 * masks.any(0).float().mean().item())
    words = f"highest patch is {where} (the object covers {share} %"
    expect(page.locator(".pointing")).to_contain_text(words)
    expect(page.locator("#beside")).to_be_hidden()
    page.click("button.untrained")
    guess(page)
    expect(page.locator("#beside")).to_be_visible()
    block = forward(untrained(embedded), tensor)[-1]
    other = (block.q[0, :, :1] @ block.k[0].mT).softmax(-1).mean(0)[0, 1:]
    alike = torch.corrcoef(torch.stack([m.flatten(), other]))[0, 1].item()
    expect(page.locator(".number")).to_contain_text(f"network's map {alike:.3f}: ")
    show_photo(page, photo)  # as a reader's own, of which no mask is known
    expect(page.locator(".pointing")).to_be_hidden()


REASONS = {
    "Object.defineProperty(navigator, 'mediaDevices', { value: undefined })": "https, localhost",
    "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', "
    "'NotAllowedError'))": "was refused",
    "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', "
    "'NotReadableError'))": "Another program",
    "": "No camera was found",  # this Chromium has none
}


@pytest.mark.parametrize("script", REASONS)
def test_without_a_camera(browser, open_page, script):
    """The page says why, and photos go on."""
    page = open_page(browser, script, permissions=["camera"])
    page.click("#camera")
    expect(page.locator("#problem")).to_contain_text(REASONS[script])
    page.click("#language")
    expect(page.locator("#problem")).to_contain_text("사진으")
    after_next_map(page, lambda: page.locator(".example").nth(1).click())
    expect(page.locator("#problem")).to_be_hidden()


def test_no_photo(browser, open_page):
    page = open_page(browser)
    upload = {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": b"no photo"}
    page.set_input_files("#file", upload)
    expect(page.locator("#problem")).to_contain_text("cannot read that photo")


def test_a_very_long_photo_is_cropped_and_the_page_says_so(browser, open_page):
    page = open_page(browser)
    photo = load_photo("cat.jpg")
    show_photo(page, photo.resize((900, 200)))
    expect(page.locator("#problem")).to_contain_text("Only the centre")
    show_photo(page, photo)
    expect(page.locator("#problem")).to_be_hidden()


def test_two_languages(browser, open_page):
    """Each language alone, but for the button to the other one."""
    page = open_page(browser, locale="ko-KR")
    page.click("summary")
    texts = "[...document.querySelectorAll('body *:not(script):not(noscript):not(#language)')]" + (
        ".filter((e) => !e.children.length && e.checkVisibility()).map((e) => e.textContent)"
    )
    korean = page.evaluate(texts)
    page.click("#language")
    assert page.evaluate("document.documentElement.lang") == "en"
    english = page.evaluate(texts)
    assert not [text for text in english if re.search("[가-힣]", text)]
    same = {k for k, e in zip(korean, english, strict=True) if k == e and re.search("[A-Za-z]", k)}
    assert same <= {"viridis", "magma", "cividis", "gray"}
    footer = page.locator("footer").inner_text()
    assert footer.count("DINO") >= 2 and not re.search(r"[*`#]", footer)  # words, no Markdown


@pytest.mark.parametrize("scheme", ("light", "dark"))
def test_for_everybody(browser, open_page, scheme):
    """On a phone's shape: no rule of axe is broken, all is thumb-sized, nothing is cut off."""
    phone = {"viewport": {"width": 412, "height": 839}, "has_touch": True, "is_mobile": True}
    page = open_page(browser, color_scheme=scheme, **phone)
    still = "Promise.all(document.getAnimations().map((animation) => animation.finished))"
    page.click("summary")
    page.evaluate(still)  # a colour on its way is not the page's
    assert not Axe().run(page).response["violations"]
    small = page.evaluate(
        """[...document.querySelectorAll("button, select, summary, label, input[type=range]")]
            .filter((e) => e.checkVisibility() && !e.matches(".pair label"))
            .map((e) => [e.textContent, e.getBoundingClientRect()])
            .filter(([, box]) => box.width < 44 || box.height < 44)
            .map(([text, box]) => [text, box.width, box.height])"""
    )
    assert not small
    assert page.evaluate("document.documentElement.scrollWidth") <= 412
    page.click("#theme")
    other = {"light": "dark", "dark": "light"}[scheme]
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == other
    page.evaluate(still)
    assert not Axe().run(page).response["violations"]
