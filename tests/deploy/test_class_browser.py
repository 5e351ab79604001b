"""One student of a real hub, with a real browser: the link, an upload, a kernel that was culled."""

import asyncio
import io
import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from kernels import no_hub
from PIL import Image

from deploy import hub, parts, settings
from deploy.students import Student
from tools import lab

playwright = pytest.importorskip("playwright.sync_api")
LACK = [*no_hub(), *([] if lab.CHROMIUM else ["there is no chromium"])]
pytestmark = [
    pytest.mark.skipif(bool(LACK), reason="; ".join(LACK)),
    pytest.mark.slow,
]
SECONDS = 2 * lab.SECONDS
NOTEBOOK = "window.jupyterapp?.shell.currentWidget?.context?.sessionContext?.session"


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
        page.link = a_hub.link()
        page.goto(page.link)
        page.fill("input[name=username]", "browser")
        page.fill("input[name=password]", a_hub.password)
        page.click("input[type=submit], button[type=submit]")
        page.wait_for_url("**/lab/tree/**00_start.ipynb**")
        run_all(page)
        page.student, page.home = Student(a_hub, "browser"), folder / "home" / "browser"
        yield page
        browser.close()


def written(path):
    """What nbgitpuller has to merge of a lesson, but outputs: cells, and the kernel asked for."""
    lesson = json.loads(path.read_text("utf-8"))
    cells = [(c["id"], c["cell_type"], c["metadata"], c["source"]) for c in lesson["cells"]]
    return cells, lesson["metadata"]["kernelspec"]


def choose_block(page, block):
    """Choose a block of the first explorer, and wait for its map."""
    shown = "() => document.querySelector('.dino-map').toDataURL()"
    before = page.evaluate(shown)
    box = page.locator(".dino-explorer").first
    box.get_by_role("combobox", name="block").select_option(block)
    page.wait_for_function(f"(before) => ({shown})() !== before", arg=before)


def hub_does(coroutine):
    """Playwright has this thread's loop."""
    with ThreadPoolExecutor(1) as other:
        other.submit(asyncio.run, coroutine).result()


def run_all(page):
    """Every cell, once the lesson and its kernel are there."""
    page.wait_for_function(f"() => {NOTEBOOK}?.kernel?.status === 'idle'")
    page.evaluate("() => { jupyterapp.commands.execute('notebook:run-all-cells') }")


def test_the_link_opens_the_lesson_without_a_question(page):
    lab.wait_for_explorer(page)
    assert page.locator("[role=dialog]").count() == 0
    assert "Would you like" not in page.inner_text("body")  # Jupyter's news
    assert page.evaluate(f"() => {NOTEBOOK}.kernel.name") == "python3"


def test_the_explorer_moves(page):
    lab.wait_for_explorer(page)
    look = "() => document.querySelector('.dino-overlay').toDataURL()"
    before = page.evaluate(look)
    slider = page.locator(".dino-explorer input[type=range]").first
    slider.focus()
    slider.press("Home" if slider.input_value() == "1" else "End")
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


def test_the_explorer_outlives_a_culled_kernel(page):
    """While the page is open: sliders move, and other blocks are computed in the page."""
    lab.wait_for_explorer(page)
    choose_block(page, "0")  # the page has the network now
    page.evaluate("() => jupyterapp.commands.execute('docmanager:save')")
    saved = page.home / settings.NAME / settings.FIRST
    assert written(saved) == written(settings.ROOT / settings.FIRST)
    kernel = page.evaluate(f"() => {NOTEBOOK}.kernel.id")
    hub_does(page.student.ask("DELETE", f"/user/browser/api/kernels/{kernel}"))
    test_the_explorer_moves(page)
    choose_block(page, "2")


def test_after_a_culled_server_the_lesson_shows_its_pictures_and_runs_again(page):
    """What a student finds on the next day: figures where the explorers were, nothing dead."""
    hub_does(page.student.log_out())
    page.goto(page.link)
    page.wait_for_selector(".dino-still img", state="attached")
    dead = page.get_by_text("Error displaying widget")
    dead.first.wait_for(state="attached")
    stills = page.locator(".dino-still img")
    assert stills.count() and all(still.is_visible() for still in stills.all())
    seen = [text for text in dead.all() if text.is_visible()]  # buttons for one's own photo
    assert 0 < len(seen) == dead.count() - stills.count()
    style = "e => [getComputedStyle(e).fontSize, getComputedStyle(e, '::after').content]"
    for size, words in (text.evaluate(style) for text in seen):
        assert size == "0px" and "셀을 다시 실행하세요" in words and "run the cell again" in words
    run_all(page)
    lab.wait_for_explorer(page)
    page.locator(".dino-still img").first.wait_for(state="hidden")
    test_the_explorer_moves(page)
