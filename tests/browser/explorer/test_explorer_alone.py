"""The explorer in a page of its own: the camera, the untrained network, a kernel that is silent."""

import json

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

import explorer
from explorer import export
from explorer.bundle import in_script
from explorer.interventions import forward, untrained
from helpers import images, maps, overlay
from tests.browser.explorer.controls import choose, choose_map, pixels, shows
from tests.browser.waits import until
from tools import lab

pytestmark = pytest.mark.skipif(lab.CHROMIUM is None, reason="no Chromium on this machine")


@pytest.fixture(scope="module")
def box(embedded):
    return explorer.explore(images.load_photo("cat.jpg"), embedded, fit="whole")


@pytest.fixture(scope="module")
def address(box, tmp_path_factory):
    return box.save_html(tmp_path_factory.mktemp("alone") / "explorer.html").as_uri()


@pytest.fixture
def open_page(address):
    """Open the page in a browser; ``errors`` go on record."""
    contexts = []

    def open_page(browser, script=""):
        contexts.append(browser.new_context(viewport={"width": 900, "height": 900}))
        page = contexts[-1].new_page()
        page.set_default_timeout(lab.SECONDS)
        page.errors = []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.add_init_script(script)
        page.goto(address)
        page.wait_for_selector(".dino-bench .bench", state="attached")
        return page

    yield open_page
    for context in contexts:
        context.close()


def attention(block):
    """What CLS looks at in a block of ``forward``, mean over heads."""
    return (block.q[0, :, :1] @ block.k[0].mT).softmax(-1).mean(0)[0, 1:]


STREAMS = """{
    const given = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    window.tracks = [];
    navigator.mediaDevices.getUserMedia = async (wanted) => {
        const stream = await given(wanted);
        tracks.push(...stream.getTracks());
        return stream;
    };
}"""


def test_the_explorers_own_camera(with_camera, open_page, box, embedded):
    """Picture and map follow it; its light goes out at the second click; reset brings the photo."""
    page = open_page(with_camera, STREAMS)
    choose_map(page, "cls")
    page.get_by_role("button", name="camera").click()
    expect(page.get_by_role("button", name="stop the camera")).to_be_visible()
    until(page, "document.querySelector('canvas.dino-photo').height === 384")  # square
    first = pixels(page, "photo")
    while np.abs(pixels(page, "photo") - first).mean() < 2:  # the film moves
        page.wait_for_timeout(20)
    page.get_by_role("button", name="stop the camera").click()
    assert page.evaluate("tracks.map((track) => track.readyState)") == ["ended"]
    expect(page.get_by_role("button", name="stop the camera")).to_be_hidden()
    page.wait_for_timeout(500)  # an answer on its way comes in
    seen = Image.fromarray(pixels(page, "photo").astype(np.uint8))
    tensor, _ = images.to_tensor(seen, embedded)
    m, got = maps.attention_map(embedded, tensor), pixels(page).astype(float)
    off = [np.abs(np.asarray(overlay.blend(seen, n)) - got).mean() for n in (m, m.flip(1))]
    assert off[0] < 5 < off[1], off  # the browser shrinks a camera's picture in a way of its own
    page.get_by_role("button", name="reset").click()
    norm = maps.norm_map(embedded, box.tensor)
    shows(page, overlay.blend(box.picture, norm))
    assert page.errors == []


def test_the_untrained_network_beside(browser, open_page, box, embedded):
    """In the saved page: its figure appears after the guess, and is Python's."""
    page = open_page(browser)
    choose_map(page, "cls")
    page.locator("summary").click()
    beside = page.locator(".dino-row figure").nth(3)
    page.locator("button.untrained").click()
    expect(beside).to_be_hidden()
    page.locator(".guess button").first.click()
    expect(beside).to_be_visible()
    m = attention(forward(untrained(embedded), box.tensor)[-1]).reshape(14, 21)
    shows(page, overlay.blend(box.picture, maps.min_max(m)), canvas="beside")
    choose(page, "block", "1")
    m = attention(forward(untrained(embedded), box.tensor)[1]).reshape(14, 21)
    shows(page, overlay.blend(box.picture, maps.min_max(m)), canvas="beside")
    page.locator("button.undo").click()
    expect(beside).to_be_hidden()
    assert page.errors == []


HELD = """{
    const post = Worker.prototype.postMessage;
    window.held = [];
    Worker.prototype.postMessage = function (message, ...others) {
        if (message.files) return post.call(this, message, ...others);
        held.push(() => post.call(this, message, ...others));
    };
}"""


def test_a_touch_before_the_networks_first_answer(browser, address):
    """The map changes, from what Python sent; the bench comes with the answer."""
    page = browser.new_page()
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.add_init_script(HELD)
    page.goto(address)
    until(page, "held.length === 1")
    choose_map(page, "similarity")
    expect(page.locator("figcaption").nth(1)).to_contain_text("patch similarity")
    page.get_by_role("button", name="reset").click()
    expect(page.locator("figcaption").nth(1)).to_contain_text("token norm")
    assert page.locator(".dino-bench .bench").count() == 0
    page.evaluate("held[0]()")
    page.wait_for_selector(".dino-bench .bench", state="attached")
    assert page.errors == []
    page.close()


KERNEL = """async (traits) => {
    const listeners = {}, script = new Blob([traits._esm], { type: "text/javascript" });
    window.sent = [];
    window.hear = (message) => [...listeners["msg:custom"]].forEach((hears) => hears(message));
    const model = {
        get: (name) => traits[name], set() {}, save_changes() {},
        on: (event, listener) => (listeners[event] ??= []).push(listener),
        off: (event, gone) => (listeners[event] = listeners[event].filter((l) => l !== gone)),
        send: (question) => sent.push(question.ask),
    };
    await (await import(URL.createObjectURL(script))).default.render({ model, el: document.body });
}"""


def test_a_kernel_that_is_silent(browser, box):
    """Before the page has the network: said once, after 15 s, and the next touch asks again."""
    held = json.loads(in_script(export.traits(box, True))) | {"network": box.network}
    page = browser.new_page()
    page.clock.install()
    page.goto("about:blank")
    page.evaluate(KERNEL, held)
    status = page.locator(".dino-status")
    choose(page, "block", "1")
    page.clock.fast_forward(14_000)
    expect(status).to_contain_text("network ready")
    page.clock.fast_forward(2_000)
    expect(status).to_contain_text("커널이 답하지 않습니다")
    expect(status).to_contain_text("run this cell again")
    assert page.evaluate("sent") == ["network"]  # no second wait, for the block
    assert page.get_by_role("combobox", name="block").input_value() == "5"
    choose(page, "block", "2")
    assert page.evaluate("sent") == ["network", "network"]
    page.evaluate("hear({ heard: true })")  # a slow line: the network is on its way
    page.clock.fast_forward(50_000)
    expect(status).to_contain_text("network ready")
    page.clock.fast_forward(20_000)
    expect(status).to_contain_text("does not answer")
    page.close()


def test_a_long_photo_and_its_titles(browser, embedded, tmp_path):
    """That it is cropped is said below; a title breaks between its languages, never within one."""
    long = explorer.explore(Image.new("RGB", (400, 100)), embedded, fit="whole", start="query")
    page = browser.new_page(viewport={"width": 1000, "height": 900})
    page.goto(long.save_html(tmp_path / "long.html").as_uri())
    expect(page.locator(".dino-foot")).to_contain_text("only the centre is used")
    lines = page.locator("figcaption:visible span").evaluate_all(
        "all => all.map((s) => [s.textContent, [...s.getClientRects()].map((r) => r.height)])"
    )
    texts, heights = zip(*lines)
    assert "패치 어텐션 · 블록 5 · 헤드 평균" in texts and "overlay" in texts
    assert all(own == heights[0] for own in heights) and len(heights[0]) == 1
    page.close()
