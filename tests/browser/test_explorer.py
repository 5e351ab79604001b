"""The explorer in a real JupyterLab, and its HTML page from disk; pixels against the helpers.

One JupyterLab and one page serve all tests; each starts from the reset button.
"""

import base64
import copy
import io
import re
from datetime import UTC, datetime

import numpy as np
import pytest
from PIL import Image

import explorer
from explorer import data
from explorer.upload import upload
from helpers import images, maps, models, overlay
from helpers.encoding import attention, encode
from tools import lab

pytestmark = pytest.mark.skipif(lab.CHROMIUM is None, reason="no Chromium on this machine")

CELLS = [
    'box = explorer.explore(photo, model, fit="whole")\nbox',  # 14 × 21 patches
    "fine = explorer.explore(photo, model, size=480)\nfine",  # 60 × 60 patches
]


@pytest.fixture(scope="session")
def notebook(browser, tmp_path_factory):
    """A page with the explorers of ``CELLS``, the frames it sends to kernels, and its errors."""
    folder = tmp_path_factory.mktemp("lab")
    lab.write_notebook(folder / "explorer.ipynb", *CELLS)
    with lab.jupyterlab(folder) as address:
        page = browser.new_page(viewport={"width": 900, "height": 700})
        page.set_default_timeout(lab.SECONDS)
        page.sent, page.errors, page.requests = [], [], []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.on("request", lambda request: page.requests.append(request.url))
        page.on(
            "websocket",
            lambda socket: (
                socket.on("framesent", lambda frame: page.sent.append(frame))
                if "/channels" in socket.url
                else None
            ),
        )
        page.address = address
        lab.open_notebook(page, address, "explorer.ipynb")
        page.wait_for_function(
            "() => document.querySelectorAll('.dino-foot:not(:empty)').length === 2"
        )
        yield page
        page.close()


@pytest.fixture
def page(notebook):
    """The notebook page, its first explorer as good as new."""
    notebook.mouse.move(1, 1)
    root = notebook.locator(".dino-explorer").first
    root.get_by_role("button", name="reset").click()
    notebook.wait_for_function(
        "() => document.querySelector('.dino-explorer').getAttribute('aria-busy') !== 'true'"
    )
    return notebook


@pytest.fixture(scope="session")
def computed(embedded):
    """What Python makes of the same photo: model, tensor, and the photo as it is shown."""
    tensor, seen = images.to_tensor(images.load_photo("cat.jpg"), embedded, "whole")
    return embedded, tensor, data.shrink(seen)


@pytest.fixture(scope="session")
def norm(computed):
    model, tensor, _ = computed
    return maps.norm_map(model, tensor)


def pixels(page, canvas="overlay", nth=0):
    """(H, W, 3) int, what a canvas shows."""
    url = page.locator(f"canvas.dino-{canvas}").nth(nth).evaluate("c => c.toDataURL('image/png')")
    png = base64.b64decode(url.partition(",")[2])
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def worst(page, picture, nth=0, canvas="overlay"):
    """The largest difference between a canvas and a picture, of 255."""
    return np.abs(pixels(page, canvas, nth) - np.asarray(picture).astype(int)).max()


def handle(page):
    return page.locator(".noUi-handle").first


def choose(page, label, value, nth=0):
    menu = page.locator(".dino-explorer").nth(nth).get_by_role("combobox", name=label)
    menu.select_option(value)


def patch_point(page, row, column, grid, nth=0):
    """Page coordinates of the middle of a patch, on the photo."""
    picture = page.locator(".dino-explorer").nth(nth).locator(".dino-picture").first
    picture.scroll_into_view_if_needed()
    area = picture.bounding_box()
    return (
        area["x"] + (column + 0.5) / grid[1] * area["width"],
        area["y"] + (row + 0.5) / grid[0] * area["height"],
    )


def readout(page, nth=0):
    return page.locator(".dino-readout").nth(nth).inner_text()


# --- in JupyterLab ---


def test_drag_of_the_slider(page, computed, norm):
    """Every step shows the overlay of the helpers; the kernel hears of it when all is over."""
    picture = computed[-1]
    page.wait_for_timeout(1500)  # what the reset tells the kernel
    handle(page).scroll_into_view_if_needed()
    area = handle(page).bounding_box()
    x, y = area["x"] + area["width"] / 2, area["y"] + area["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    del page.sent[:]
    alphas = []
    for dx in range(-50, 51, 10):
        page.mouse.move(x + dx, y, steps=3)
        alphas.append(float(handle(page).get_attribute("aria-valuetext")))
        assert worst(page, overlay.blend(picture, norm, alphas[-1])) <= 2, alphas
    page.wait_for_timeout(1200)  # a pause within the drag
    during = len(page.sent)
    page.mouse.up()
    assert len(set(alphas)) > 5
    assert during == 0
    page.wait_for_timeout(1500)
    assert page.sent, "after the drag, the kernel is told"
    assert float(lab.run_python(page, "print(box.alpha.value, end='')")) == alphas[-1]


def test_every_colormap_from_end_to_end(page, computed, norm):
    picture = computed[-1]
    menu = page.locator(".widget-dropdown select").first
    for cmap in overlay.COLORMAPS:
        menu.select_option(cmap)
        for key, alpha in (("Home", 0), ("End", 1)):
            handle(page).press(key)
            assert worst(page, overlay.blend(picture, norm, alpha, cmap)) <= 2, (cmap, alpha)
        for _ in range(3):
            handle(page).press("ArrowLeft")
        assert worst(page, overlay.blend(picture, norm, 0.97, cmap)) <= 2, cmap
    assert worst(page, picture, canvas="photo") == 0
    colours = overlay.colorize(overlay.resize_map(norm, picture.size), overlay.COLORMAPS[-1])
    assert worst(page, colours, canvas="map") <= 2


def test_heads_scales_and_smoothing(page, computed):
    model, tensor, picture = computed
    rows = attention(model, tensor)
    cls = maps.cls_attention(rows, (14, 21), model.num_prefix_tokens)[0]
    mean = cls.mean(0)
    everything = maps.torch.cat([cls, mean[None]])
    choose(page, "map", "cls")
    assert worst(page, overlay.blend(picture, maps.min_max(mean))) <= 2
    choose(page, "head", "3")  # the third head, number 2
    assert worst(page, overlay.blend(picture, maps.min_max(cls[2]))) <= 2
    page.get_by_label("smooth").first.uncheck()
    flat = overlay.blend(picture, maps.min_max(cls[2]), smooth=False)
    assert worst(page, flat) <= 2
    choose(page, "scale", "raw")
    assert worst(page, overlay.blend(picture, cls[2] / cls[2].max(), smooth=False)) <= 2
    choose(page, "scale", "shared")
    low, high = everything.min(), everything.max()
    shared = ((cls[2] - low) / (high - low)).clip(0, 1)
    assert worst(page, overlay.blend(picture, shared, smooth=False)) <= 2


def test_keep_a_share_of_the_mass(page, computed):
    model, tensor, picture = computed
    m = maps.cls_attention(attention(model, tensor), (14, 21), 1)[0].mean(0)
    choose(page, "map", "cls")
    page.get_by_label("keep").first.fill("40")
    order = m.flatten().argsort(descending=True)
    before = m.flatten()[order].cumsum(0) - m.flatten()[order]
    kept = maps.torch.zeros(m.numel())
    kept[order[before < 0.4 * m.sum()]] = 1
    mask = overlay.resize_map(kept.reshape(14, 21), picture.size, smooth=False)[..., None] > 0
    assert 0.05 < mask.mean() < 0.4
    blend = np.asarray(overlay.blend(picture, maps.min_max(m)))
    assert worst(page, np.where(mask, blend, np.asarray(picture))) <= 2


@pytest.mark.parametrize("row, column", [(0, 0), (4, 17), (13, 20)])
def test_hover_a_patch(page, computed, row, column):
    model, tensor, picture = computed
    patch = row * 21 + column
    unit = data.unit_tokens(encode(model, tensor))
    similarity = (unit @ unit[patch]).reshape(14, 21)
    looks = attention(model, tensor, queries=[1 + patch])[0, :, 0, 1:].reshape(-1, 14, 21)
    choose(page, "map", "similarity")
    page.wait_for_timeout(1000)
    del page.sent[:]
    page.mouse.move(*patch_point(page, row, column, (14, 21)))
    assert worst(page, overlay.blend(picture, maps.min_max(similarity))) <= 2
    assert f"row {row}, 열 column {column} " in readout(page) and ": 1.00" in readout(page)
    choose(page, "map", "query")
    assert worst(page, overlay.blend(picture, maps.min_max(looks.mean(0)))) <= 2
    choose(page, "head", "6")
    assert worst(page, overlay.blend(picture, maps.min_max(looks[5]))) <= 2
    assert "헤드 head 5" in readout(page)
    value = float(re.search(r"the patch: ([\d.e-]+)", readout(page))[1])
    assert value == pytest.approx(looks[5, row, column].item(), rel=0.02)
    assert page.sent == []


def test_click_pins_a_patch(page):
    page.mouse.click(*patch_point(page, 5, 6, (14, 21)))
    page.mouse.move(*patch_point(page, 9, 9, (14, 21)))
    assert "row 5, 열 column 6" in readout(page) and "pinned" in readout(page)
    page.keyboard.press("Escape")  # the pictures have the focus after a click
    page.mouse.move(*patch_point(page, 9, 10, (14, 21)))
    assert "row 9, 열 column 10" in readout(page) and "pinned" not in readout(page)


def test_another_block_asks_the_kernel(page, computed):
    model, tensor, picture = computed
    root = page.locator(".dino-explorer").first
    page.evaluate(
        """() => {
            window.busy = [];
            const root = document.querySelector(".dino-explorer");
            new MutationObserver(() => busy.push(root.querySelector(".dino-status").textContent))
                .observe(root, { attributes: true, attributeFilter: ["aria-busy"] });
        }"""
    )
    choose(page, "block", "1")
    page.wait_for_function("() => window.busy.length >= 2")
    assert "working" in page.evaluate("busy[0]") and page.evaluate("busy.at(-1)") == ""
    assert root.get_attribute("aria-busy") == "false"
    encoded = encode(model, tensor, block=1)
    m = maps.min_max(maps.token_norm(encoded.patch_tokens, encoded.grid))[0]
    assert worst(page, overlay.blend(picture, m)) <= 2


def test_keyboard_alone(page, computed):
    """Tab reaches every control, the focus is seen, and JupyterLab keeps its hands off."""
    cell = "() => jupyterapp.shell.currentWidget.content.activeCellIndex"
    before = page.evaluate(cell)
    handle(page).focus()
    page.keyboard.press("ArrowRight")
    assert handle(page).get_attribute("aria-valuetext") == "0.51"
    reached = []
    for _ in range(14):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                """() => {
                    const at = document.activeElement;
                    const label = at.getAttribute("aria-label") || at.closest("label")?.textContent
                        || at.textContent;
                    const { outlineStyle, outlineWidth } = getComputedStyle(at);
                    const ours = at.closest(".dino-explorer");
                    return [label, !ours || (outlineStyle === "solid" && outlineWidth === "3px")];
                }"""
            )
        )
        if "arrow keys" in reached[-1][0]:
            break
    words = " ".join(label for label, _ in reached)
    for name in ("맵 map", "블록 block", "눈금 scale", "smooth", "keep", "reset", "download"):
        assert name in words
    assert "arrow keys" in reached[-1][0]
    assert [label for label, seen in reached if not seen] == []
    # The first key starts at the first patch; without any one of the four the end is another.
    for key in ("Down", "Down", "Down", "Right", "Up", "Right", "Left"):
        page.keyboard.press(f"Arrow{key}")
    assert "row 1, 열 column 1 " in readout(page)
    assert page.evaluate(cell) == before


def test_controls_are_labelled_in_both_languages(page):
    for control in page.locator(".dino-explorer").first.locator("select, input, button").all():
        label = control.evaluate("c => c.closest('label')?.textContent ?? c.textContent")
        assert re.search("[가-힣]", label) and re.search("[a-zA-Z]", label), label
    assert handle(page).get_attribute("aria-label") == "투명도 alpha"


def test_download_is_the_overlay(page):
    with page.expect_download() as download:
        page.get_by_role("button", name="download").first.click()
    saved = np.asarray(Image.open(download.value.path()).convert("RGB")).astype(int)
    assert np.array_equal(saved, pixels(page))


def test_fine_grid_says_what_it_left_out_and_asks(page, computed):
    """60 × 60 patches: a map that was too large to send comes with a click."""
    foot = page.locator(".dino-foot").nth(1)
    assert "similarity and attention" in foot.inner_text()
    choose(page, "map", "similarity", nth=1)
    page.mouse.move(1, 1)
    page.mouse.click(*patch_point(page, 20, 41, (60, 60), nth=1))
    page.wait_for_function(
        "() => document.querySelectorAll('.dino-readout')[1].textContent.includes(': 1.00')"
    )
    tensor, seen = images.to_tensor(images.load_photo("cat.jpg"), computed[0], size=480)
    m = data.patch_map(computed[0], tensor, -1, "similarity", 20 * 60 + 41)
    wanted = overlay.blend(data.shrink(seen), maps.min_max(m.reshape(60, 60)))
    assert worst(page, wanted, nth=1) <= 2


def test_no_errors_and_no_outside_requests(page):
    assert page.errors == []
    outside = [u for u in page.requests if not u.startswith((page.address, "data:", "blob:"))]
    assert outside == []


# --- from disk ---


@pytest.fixture
def saved(browser, computed, tmp_path):
    """The page of save_html, opened as a file with the network off."""
    box = explorer.explore(images.load_photo("cat.jpg"), computed[0], fit="whole")
    path = box.save_html(tmp_path / "내 탐색기.html")
    context = browser.new_context(offline=True, viewport={"width": 900, "height": 700})
    page = context.new_page()
    page.errors, page.requests = [], []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on("console", lambda m: page.errors.append(m.text) if m.type == "error" else None)
    page.on("request", lambda request: page.requests.append(request.url))
    page.goto(path.as_uri())
    lab.wait_for_explorer(page)
    yield page
    context.close()


def test_saved_page(saved, computed, norm):
    model, tensor, picture = computed
    assert worst(saved, overlay.blend(picture, norm)) <= 2
    saved.get_by_label("alpha").fill("0.3")
    saved.get_by_label("colormap").select_option(label="magma")
    assert worst(saved, overlay.blend(picture, norm, 0.3, "magma")) <= 2
    choose(saved, "map", "similarity")
    saved.mouse.move(*patch_point(saved, 7, 3, (14, 21)))
    unit = data.unit_tokens(encode(model, tensor))
    m = maps.min_max((unit @ unit[7 * 21 + 3]).reshape(14, 21))
    assert worst(saved, overlay.blend(picture, m, 0.3, "magma")) <= 2
    saved.get_by_role("button", name="reset").click()
    assert worst(saved, overlay.blend(picture, norm)) <= 2
    assert saved.get_by_label("alpha").input_value() == "0.5"
    assert saved.get_by_label("block").is_disabled()
    assert "embedded DINO" in saved.locator(".dino-foot").inner_text()
    assert saved.errors == [] and len(saved.requests) == 1


# --- names that would rather be code ---

EVIL = "</script><img src=x onerror='window.hacked=1'><script>window.hacked=1</script>"


def test_a_hostile_name_does_not_run_in_the_saved_page(browser, computed, tmp_path, fault):
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
    fault(
        ("파일 이름에 든 스크립트", "a script in a file's name"),
        ("글자로 보일 뿐 실행되지 않습니다", "shown as text, and does not run"),
    )


def test_a_hostile_upload_does_not_run(browser):
    """The name of a file that is no photo is shown, and only shown."""
    box = upload(lambda photo: photo)
    file = {"name": EVIL, "content": memoryview(b"no photo"), "size": 8, "type": "image/png"}
    box.children[0].value = ({**file, "last_modified": datetime.now(UTC)},)
    assert "Not a photo" in box.children[1].value
    page = browser.new_page()
    page.set_content(box.children[1].value)
    assert EVIL in page.inner_text("pre")
    assert page.locator("img").count() == 0 and page.evaluate("() => window.hacked") is None
    page.close()


def test_running_the_cell_again_leaves_no_listeners(notebook):
    """The page's pointer is watched once, not once more for each explorer."""
    notebook.evaluate("""() => {
        window.added = 0;
        const add = window.addEventListener;
        window.addEventListener = function (name, ...args) {
            if (new Error().stack.includes("pointer (") || new Error().stack.includes("hush ("))
                window.added += 1;
            return add.call(this, name, ...args);
        };
    }""")
    assert notebook.evaluate("() => window.dinoPointer.down") is False
    for _ in range(2):
        notebook.evaluate("""() => {
            const content = jupyterapp.shell.currentWidget.content;
            content.activeCellIndex = 1;
            document.querySelectorAll('.dino-foot')[0].remove();
            jupyterapp.commands.execute('notebook:run-cell');
        }""")
        notebook.wait_for_function(
            "() => document.querySelectorAll('.dino-foot:not(:empty)').length === 2"
        )
    assert notebook.evaluate("() => window.added") == 0
