"""One student of a real hub, with a real browser: from the link to an upload of 15 MB."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from deploy import hub, parts
from tools import lab

playwright = pytest.importorskip("playwright.sync_api")
LACK = [*parts.lacking(), *([] if lab.CHROMIUM else ["there is no chromium"])]
pytestmark = [
    pytest.mark.skipif(bool(LACK), reason="; ".join(LACK)),
    pytest.mark.slow,
]
SECONDS = 2 * lab.SECONDS


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """Lesson 00 in the browser of a student who has followed the link, after Run All Cells."""
    folder = tmp_path_factory.mktemp("hub")
    parts.borrow(folder)
    with hub.running(folder) as a_hub, playwright.sync_playwright() as running:
        config = folder / "etc" / "jupyter_server_config.json"  # read when the student logs in
        told = json.loads(config.read_text())
        told["LabApp"]["expose_app_in_browser"] = True  # for this test's own eyes
        config.write_text(json.dumps(told))
        browser = lab.launch(running)
        page = browser.new_page(viewport={"width": 1000, "height": 800})
        page.set_default_timeout(SECONDS)
        page.errors, page.closed = [], []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.on("websocket", lambda ws: ws.on("close", lambda ws: page.closed.append(ws.url)))
        page.goto(a_hub.link())
        page.fill("input[name=username]", "browser")
        page.fill("input[name=password]", a_hub.password)
        page.click("input[type=submit], button[type=submit]")
        page.wait_for_url("**/lab/tree/**00_start.ipynb**")
        page.wait_for_function(
            "() => window.jupyterapp?.shell.currentWidget?.context?.sessionContext"
            "?.session?.kernel?.status === 'idle'"
        )
        page.evaluate("() => { jupyterapp.commands.execute('notebook:run-all-cells') }")
        yield page
        browser.close()


def test_the_link_opens_the_lesson_without_a_question(page):
    lab.wait_for_explorer(page)
    assert page.locator("[role=dialog]").count() == 0
    assert "Would you like" not in page.inner_text("body")  # Jupyter's news
    assert page.evaluate(
        "() => jupyterapp.shell.currentWidget.context.sessionContext.session.kernel.name"
    ) == ("python3")


def test_the_explorer_moves(page):
    lab.wait_for_explorer(page)
    look = "() => document.querySelector('.dino-overlay').toDataURL()"
    before = page.evaluate(look)
    slider = page.locator(".dino-explorer input[type=range]").first
    slider.focus()
    slider.press("End")
    page.wait_for_function(f"(before) => ({look})() !== before", arg=before)


def test_a_photo_of_fifteen_megabytes_arrives(page):
    lab.wait_for_explorer(page)
    noise = np.random.default_rng(0).integers(0, 256, (2300, 2300, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).save(file, "PNG", compress_level=0)
    assert 15e6 < file.tell() < 17e6
    figures = "() => document.querySelectorAll('.jp-OutputArea-output img').length"
    page.wait_for_selector("input[type=file]", state="attached")
    before, page.closed[:] = page.evaluate(figures), []
    page.set_input_files(
        "input[type=file]",
        {"name": "mine.png", "mimeType": "image/png", "buffer": file.getvalue()},
    )
    page.wait_for_function(f"(n) => ({figures})() > n", arg=before)
    assert not [url for url in page.closed if "/channels" in url]
    assert page.errors == []
