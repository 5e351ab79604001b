"""The explorer's HTML page from disk, and a notebook opened again without its kernel."""

import copy

import pytest

import explorer
from explorer import data
from helpers import images, maps, models, overlay
from helpers.encoding import encode
from tests.browser.explorer.controls import EVIL, choose, choose_map, patch_point, shows, use_file
from tests.browser.waits import until
from tools import lab

pytestmark = pytest.mark.skipif(lab.CHROMIUM is None, reason="no Chromium on this machine")


@pytest.fixture(params=[True, False], ids=["with the network", "without it"])
def saved(request, browser, computed, tmp_path):
    """The page of save_html, opened as a file with the network off."""
    box = explorer.explore(images.load_photo("cat.jpg"), computed[0], fit="whole")
    path = box.save_html(tmp_path / "내 탐색기.html", network=request.param)
    context = browser.new_context(offline=True, viewport={"width": 900, "height": 700})
    page = context.new_page()
    page.set_default_timeout(lab.SECONDS)
    page.errors, page.requests, page.holds_network = [], [], request.param
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on("console", lambda m: page.errors.append(m.text) if m.type == "error" else None)
    page.on("request", lambda request: page.requests.append(request.url))
    page.goto(path.as_uri())
    lab.wait_for_explorer(page)
    yield page
    context.close()


def test_saved_page(saved, computed, norm):
    model, tensor, picture = computed
    shows(saved, overlay.blend(picture, norm))
    saved.get_by_label("alpha").fill("0.3")
    saved.get_by_label("colormap").select_option("magma")
    shows(saved, overlay.blend(picture, norm, 0.3, "magma"))
    if saved.holds_network:
        saved.wait_for_selector(".dino-bench .bench", state="attached")
    choose_map(saved, "similarity")
    saved.mouse.move(*patch_point(saved, 7, 3, (14, 21)))
    unit = data.unit_tokens(encode(model, tensor))
    m = maps.min_max((unit @ unit[7 * 21 + 3]).reshape(14, 21))
    shows(saved, overlay.blend(picture, m, 0.3, "magma"))
    saved.get_by_role("button", name="reset").click()
    shows(saved, overlay.blend(picture, norm))
    assert saved.get_by_label("alpha").input_value() == "0.5"
    choose(saved, "block", "2")
    encoded = encode(model, tensor, block=2)
    m = maps.min_max(maps.token_norm(encoded.patch_tokens, encoded.grid))[0]
    shows(saved, overlay.blend(picture, m))
    assert "embedded DINO" in saved.locator(".dino-foot").inner_text()
    assert saved.locator(".dino-bench").is_visible() == saved.holds_network
    assert saved.locator("input[type=file]").is_visible() == saved.holds_network
    if saved.holds_network:
        use_file(saved, images.load_photo("koala.jpg"))
        until(saved, "document.querySelector('canvas').height === 384")
    assert saved.errors == []
    assert [r for r in saved.requests if not r.startswith("blob:")] == [saved.url]


def test_a_hostile_name_does_not_run_in_the_saved_page(browser, computed, tmp_path):
    """As the file's name, and as the weights' and the photo's own."""
    model = copy.copy(computed[0])
    model.weights = models.Weights(EVIL, "hub", True)
    box = explorer.explore(images.load_photo("cat.jpg"), model)
    path = box.save_html(
        tmp_path / (EVIL.replace("/", "\u2215") + ".html")
    )  # no file name can hold a slash
    page = browser.new_page()
    page.goto(path.as_uri())
    lab.wait_for_explorer(page)
    assert EVIL in page.locator(".dino-foot").inner_text()
    assert page.locator("h1").inner_text() == page.title() == path.stem
    assert page.locator("img").count() == 0 and page.evaluate("() => window.hacked") is None
    page.close()


def test_a_reopened_notebook_shows_the_picture(notebook, browser, tmp_path):
    """Without its kernel JupyterLab knows no such model; the figure stands there instead."""
    notebook.evaluate("() => jupyterapp.commands.execute('docmanager:save')")
    assert notebook.locator(".dino-still img").first.is_hidden()
    with lab.jupyterlab(tmp_path) as address:
        (tmp_path / "again.ipynb").write_bytes((notebook.folder / "explorer.ipynb").read_bytes())
        page = browser.new_page(viewport={"width": 1000, "height": 900})
        page.goto(f"{address}/doc/tree/again.ipynb?reset", timeout=lab.SECONDS)
        page.get_by_text("Error displaying widget").first.wait_for(
            state="attached", timeout=lab.SECONDS
        )
        for cell in (1, 2, 3):
            outputs = page.locator(".jp-CodeCell").nth(cell).locator(".jp-OutputArea-child")
            assert [output.is_visible() for output in outputs.all()] == [True, False]
            assert outputs.locator("img").evaluate("i => i.naturalWidth") > 400
        page.close()
