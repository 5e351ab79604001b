"""The live page as a reader uses it: camera, photo, languages, a phone; and no request is made."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import expect

from helpers.images import load_photo
from tests.browser.live.reader import after_next_map, show_photo
from tests.browser.waits import until
from tools import lab

pytestmark = pytest.mark.skipif(lab.CHROMIUM is None, reason="no Chromium on this machine")


def asked_for(page):
    return [url for url in page.requests if not url.startswith(("data:", "blob:"))]


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
    expect(page.locator("#problem")).to_contain_text("only the centre")
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
