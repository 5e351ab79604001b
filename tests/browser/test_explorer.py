"""The explorer in a real JupyterLab, and its HTML page from disk; pixels against the helpers.

One JupyterLab and one page serve all tests; each starts from the reset button.
"""

import base64
import copy
import io
import re
import time

import numpy as np
import pytest
import torch
from PIL import Image
from playwright.sync_api import expect

import explorer
from explorer import data
from explorer.interventions import WhatIf, forward, untrained
from explorer.upload import Button
from helpers import images, maps, models, overlay
from helpers.encoding import attention, encode
from tests.browser.waits import until
from tools import lab

# What of playwright.devices["Pixel 7"] matters here.
PIXEL_7 = {"viewport": {"width": 412, "height": 839}, "has_touch": True, "is_mobile": True}
pytestmark = pytest.mark.skipif(lab.CHROMIUM is None, reason="no Chromium on this machine")

# The first is computed in the page, the next two by the kernel, as for a large model.
CELLS = [
    'box = explorer.explore(photo, model, fit="whole")\nbox',  # 14 × 21 patches
    "explorer.network.LIMIT = 0\n"
    "fine = explorer.explore(photo, model, size=480)\nfine",  # 60 × 60 patches
    'far = explorer.explore(photo, model, fit="whole")\nfar',
    "upload(lambda mine: print('seen', mine.size))",
    "explorer.network.LIMIT = 7e6\nexplorer.camera(model)",
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
        page.address, page.folder = address, folder
        lab.open_notebook(page, address, "explorer.ipynb")
        page.wait_for_function(
            "() => document.querySelectorAll('.dino-foot:not(:empty)').length === 3"
        )
        explorer_at(page).locator(".dino-row").focus()  # the network is on its way now
        page.wait_for_selector(".dino-bench .bench", state="attached")
        yield page
        page.close()


@pytest.fixture
def page(notebook):
    """The notebook page, its first explorer as good as new."""
    notebook.mouse.move(1, 1)
    for nth in (0, 2):
        explorer_at(notebook, nth).get_by_role("button", name="reset").click()
        title = explorer_at(notebook, nth).locator("figcaption").nth(1)
        expect(title).to_contain_text("token norm · block 5")
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


# --- in JupyterLab ---


def test_drag_of_the_slider(page, computed, norm):
    """Every step shows the overlay of the helpers; the kernel hears of it when all is over."""
    picture = computed[-1]
    alpha(page).scroll_into_view_if_needed()
    area = alpha(page).bounding_box()
    x, y = area["x"] + area["width"] / 2, area["y"] + area["height"] / 2
    lab.run_python(page, "")  # whatever the reset told the kernel has been heard
    page.mouse.move(x, y)
    page.mouse.down()
    del page.sent[:]
    alphas = []
    for dx in range(-50, 51, 10):
        page.mouse.move(x + dx, y, steps=3)
        alphas.append(float(alpha(page).input_value()))
        shows(page, overlay.blend(picture, norm, alphas[-1]))
    assert page.sent == []
    page.mouse.up()
    assert len(set(alphas)) > 5
    assert float(lab.run_python(page, "print(box.alpha, end='')")) == alphas[-1]


@pytest.mark.parametrize(
    "name, label, value", [("alpha", "alpha", 0.2), ("cmap", "colormap", "magma")]
)
def test_python_sets_the_view(page, computed, norm, name, label, value):
    """One at a time: each is heard on its own, by the picture and by its control."""
    lab.run_python(page, f"box.{name} = {value!r}")
    shows(page, overlay.blend(computed[-1], norm, **{name: value}))
    assert explorer_at(page).get_by_label(label).input_value() == str(value)


def test_every_colormap_from_end_to_end(page, computed, norm):
    picture = computed[-1]
    for cmap in overlay.COLORMAPS:
        choose(page, "colormap", cmap)
        for key, value in (("Home", 0), ("End", 1)):
            alpha(page).press(key)
            shows(page, overlay.blend(picture, norm, value, cmap))
        for _ in range(3):
            alpha(page).press("ArrowLeft")
        shows(page, overlay.blend(picture, norm, 0.97, cmap))
    shows(page, picture, canvas="photo")
    colours = overlay.colorize(overlay.resize_map(norm, picture.size), overlay.COLORMAPS[-1])
    shows(page, colours, canvas="map")
    assert lab.run_python(page, "print(box.cmap, end='')") == overlay.COLORMAPS[-1]


def test_heads_scales_and_smoothing(page, computed):
    model, tensor, picture = computed
    rows = attention(model, tensor)
    cls = maps.cls_attention(rows, (14, 21), model.num_prefix_tokens)[0]
    mean = cls.mean(0)
    everything = torch.cat([cls, mean[None]])
    choose_map(page, "cls")
    shows(page, overlay.blend(picture, maps.min_max(mean)))
    choose(page, "head", "3")  # the third head, number 2
    shows(page, overlay.blend(picture, maps.min_max(cls[2])))
    page.get_by_label("smooth").first.uncheck()
    flat = overlay.blend(picture, maps.min_max(cls[2]), smooth=False)
    shows(page, flat)
    choose(page, "scale", "raw")
    shows(page, overlay.blend(picture, cls[2] / cls[2].max(), smooth=False))
    choose(page, "scale", "shared")
    low, high = everything.min(), everything.max()
    shared = ((cls[2] - low) / (high - low)).clip(0, 1)
    shows(page, overlay.blend(picture, shared, smooth=False))


def test_keep_a_share_of_the_mass(page, computed):
    model, tensor, picture = computed
    m = maps.cls_attention(attention(model, tensor), (14, 21), 1)[0].mean(0)
    choose_map(page, "cls")
    page.get_by_label("keep").first.fill("40")
    order = m.flatten().argsort(descending=True)
    before = m.flatten()[order].cumsum(0) - m.flatten()[order]
    kept = torch.zeros(m.numel())
    kept[order[before < 0.4 * m.sum()]] = 1
    mask = overlay.resize_map(kept.reshape(14, 21), picture.size, smooth=False)[..., None] > 0
    assert 0.05 < mask.mean() < 0.4
    blend = np.asarray(overlay.blend(picture, maps.min_max(m)))
    shows(page, np.where(mask, blend, np.asarray(picture)))


@pytest.mark.parametrize("nth", [0, 2])  # computed in the page; sent by the kernel
@pytest.mark.parametrize("row, column", [(0, 0), (4, 17), (13, 20)])
def test_hover_a_patch(page, computed, row, column, nth):
    model, tensor, picture = computed
    patch = row * 21 + column
    unit = data.unit_tokens(encode(model, tensor))
    similarity = (unit @ unit[patch]).reshape(14, 21)
    looks = attention(model, tensor, queries=[1 + patch])[0, :, 0, 1:].reshape(-1, 14, 21)
    choose_map(page, "similarity", nth)
    lab.run_python(page, "")
    del page.sent[:]
    page.mouse.move(*patch_point(page, row, column, (14, 21), nth))
    shows(page, overlay.blend(picture, maps.min_max(similarity)), nth)
    says(page, f"row {row}, 열 column {column} ", nth=nth)
    assert ": 1.00" in readout(page, nth)
    choose_map(page, "query", nth)
    shows(page, overlay.blend(picture, maps.min_max(looks.mean(0))), nth)
    choose(page, "head", "6", nth)
    shows(page, overlay.blend(picture, maps.min_max(looks[5])), nth)
    expect(explorer_at(page, nth).locator("figcaption").nth(1)).to_contain_text("head 5")
    value = float(re.search(r"patch attention: ([\d.e-]+)", readout(page, nth))[1])
    assert value == pytest.approx(looks[5, row, column].item(), rel=0.02)
    assert page.sent == []


def test_click_pins_a_patch(page):
    page.mouse.click(*patch_point(page, 5, 6, (14, 21)))
    page.mouse.move(*patch_point(page, 9, 9, (14, 21)))
    says(page, "pinned (Esc)")
    assert "row 5, 열 column 6" in readout(page)
    page.keyboard.press("Escape")  # the pictures have the focus after a click
    page.mouse.move(*patch_point(page, 9, 10, (14, 21)))
    says(page, "row 9, 열 column 10")
    assert "pinned" not in readout(page)


@pytest.mark.parametrize("nth", [0, 2])
def test_another_block(page, computed, nth):
    """There at once if the network is in the page; else the kernel is asked, and it is said."""
    model, tensor, picture = computed
    root = explorer_at(page, nth)
    root.evaluate(
        """(root) => {
            window.busy = [];
            new MutationObserver(() => busy.push(root.querySelector(".dino-status").textContent))
                .observe(root, { attributes: true, attributeFilter: ["aria-busy"] });
        }"""
    )
    lab.run_python(page, "")
    del page.sent[:]
    choose(page, "block", "1", nth)
    encoded = encode(model, tensor, block=1)
    m = maps.min_max(maps.token_norm(encoded.patch_tokens, encoded.grid))[0]
    shows(page, overlay.blend(picture, m), nth)
    assert root.get_attribute("aria-busy") == "false"
    if nth == 0:
        assert page.sent == [] and not any(page.evaluate("busy"))  # "": what went before is done
    else:
        assert "working" in page.evaluate("busy[0]") and page.evaluate("busy.at(-1)") == ""
        assert any("block" in str(frame) for frame in page.sent)


def use_file(page, photo, nth=0):
    """Hand an explorer a photo as a file in which no pixel changes."""
    file = io.BytesIO()
    photo.save(file, "PNG")
    explorer_at(page, nth).locator("input[type=file]").set_input_files(
        {"name": "mine.png", "mimeType": "image/png", "buffer": file.getvalue()}
    )


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


def test_the_bench(page, computed):
    """A guess first; then the maps and numbers of Python's interventions; undone, the old ones."""
    model, tensor, picture = computed
    root = explorer_at(page)
    root.locator("summary").click()
    choose_map(page, "cls")
    before = maps.attention_map(model, tensor)
    shows(page, overlay.blend(picture, before))
    lab.run_python(page, "")
    del page.sent[:]
    root.get_by_role("button", name="블록 Block 1 헤드 Head 2").click()
    number = root.locator(".number")
    expect(root.locator(".guess")).to_be_visible()
    shows(page, overlay.blend(picture, before))
    root.locator(".guess button").nth(1).click()
    root.get_by_label("removes a token").check()
    box = root.locator(".dino-picture").first
    spots = [patch_point(page, 5, column, (14, 21)) for column in (3, 4, 5)]
    page.mouse.move(*spots[0])
    page.mouse.down()
    page.mouse.move(*spots[1])
    page.mouse.up()  # a stroke of two patches
    page.mouse.click(*spots[2])
    page.mouse.click(*spots[2])  # given back: what waits for the guess goes on waiting
    root.locator(".guess button").nth(0).click()
    what_if = WhatIf(heads_off=[(1, 2)], removed=[5 * 21 + 3, 5 * 21 + 4])
    block, plain = forward(model, tensor, what_if)[-1], forward(model, tensor)[-1]
    cosine = torch.cosine_similarity(block.tokens[0, 0], plain.tokens[0, 0], dim=0).item()
    gone = """([y, x]) => {
        const canvas = document.querySelector("canvas.dino-map"), { width, height } = canvas;
        const pixel = [x * width / 21, y * height / 14, 1, 1];
        return canvas.getContext("2d").getImageData(...pixel).data.join() === "64,64,64,255";
    }"""
    for column in (3.5, 4.5):  # there is nothing where no token is
        page.wait_for_function(gone, arg=[5.5, column])
    expect(number).to_contain_text(f"the untouched one {cosine:.3f}: ")
    row = (block.q[0, :, :1] @ block.k[0].mT).softmax(-1).mean(0)[0, 1:]
    m = torch.zeros(14 * 21)  # nothing where no token is
    kept = [i for i in range(14 * 21) if i not in what_if.removed]
    m[kept] = (row - row.min()) / (row.max() - row.min())
    shown, area = pixels(page), np.s_[: 4 * picture.height // 14]  # the rows above what was removed
    wanted = np.asarray(overlay.blend(picture, m.reshape(14, 21))).astype(int)
    assert np.abs(shown - wanted)[area].max() <= 3
    root.locator("button.untrained").click()
    root.locator(".guess button").nth(2).click()
    expect(root.locator("figure").nth(3)).to_be_visible()
    other = forward(untrained(model), tensor, what_if)[-1]
    other = (other.q[0, :, :1] @ other.k[0].mT).softmax(-1).mean(0)[0, 1:]
    alike = torch.corrcoef(torch.stack([row, other]))[0, 1].item()
    expect(number).to_contain_text(f"network's map {alike:.3f}: ")
    root.locator("button.undo").click()
    root.get_by_role("button", name="블록 Block 5", exact=True).click()
    root.locator(".guess button").nth(0).click()
    expect(root.locator(".dino-status")).to_contain_text("A block that is off has no attention.")
    expect(root.locator(".dino-legend")).to_have_text("……")  # no map, no ends of its colours
    root.locator("button.undo").click()
    root.get_by_label("chooses a patch").check()
    expect(root.locator("figure").nth(3)).to_be_hidden()
    shows(page, overlay.blend(picture, before))
    assert page.sent == [] and box.is_visible()
    root.locator("summary").click()


def test_blocks_play_to_the_last_and_stop(page):
    page.evaluate(
        """() => {
            window.blocks = [];
            const caption = document.querySelectorAll(".dino-explorer figcaption")[1];
            new MutationObserver(() => blocks.push(caption.textContent.match(/block (\\d)/)[1]))
                .observe(caption, { childList: true });
        }"""
    )
    explorer_at(page).get_by_role("button", name="play blocks").click()
    page.wait_for_function("() => blocks.includes('5')")
    assert sorted(set(page.evaluate("blocks"))) == list("012345")
    explorer_at(page).get_by_role("button", name="play blocks").wait_for()  # no longer "stop"


def test_keyboard_alone(page):
    """Tab reaches every control, the focus is seen, and JupyterLab keeps its hands off."""
    cell = "() => jupyterapp.shell.currentWidget.content.activeCellIndex"
    choose_map(page, "cls")  # every control is in use, the heads' too
    before = page.evaluate(cell)
    alpha(page).focus()
    page.keyboard.press("Shift+Tab")
    reached = []
    for _ in range(17):
        reached.append(
            page.evaluate(
                """() => {
                    const at = document.activeElement, shown = getComputedStyle(
                        /radio|file/.test(at.type) ? at.nextElementSibling : at);
                    return [at.getAttribute("aria-label") || at.closest("label")?.textContent
                        || at.textContent, `${shown.outlineStyle} ${shown.outlineWidth}`];
                }"""
            )
        )
        if "save" in reached[-1][0]:
            break
        page.keyboard.press("Tab")
    words = " ".join(label for label, _ in reached)
    names = (
        "CLS attention,alpha,colormap,arrow keys,block,play,head,scale,smooth,keep,compare,"
        "my photo,camera,reset"
    )
    for name in (*names.split(","), "save"):
        assert name in words
    assert [label for label, seen in reached if seen != "solid 3px"] == []
    explorer_at(page).locator(".dino-row").focus()
    # The first key starts at the first patch; without any one of the four the end is another.
    for key in ("Down", "Down", "Down", "Right", "Up", "Right", "Left"):
        page.keyboard.press(f"Arrow{key}")
    says(page, "row 1, 열 column 1 ")
    assert page.evaluate(cell) == before


def test_controls_are_labelled_in_both_languages(page):
    for control in explorer_at(page).locator("select, input, button").all():
        label = control.evaluate(
            "c => c.getAttribute('aria-label') ?? c.closest('label')?.textContent ?? c.textContent"
        )
        assert re.search("[가-힣]", label) and re.search("[a-zA-Z]", label), label


def test_a_control_that_cannot_be_used_says_why(page):
    head = explorer_at(page).get_by_role("combobox", name="head")
    why = explorer_at(page).locator(".dino-why")
    assert head.is_disabled() and "no heads" in why.inner_text()
    assert head.get_attribute("aria-describedby") == why.get_attribute("id")
    choose_map(page, "cls")
    assert head.is_enabled() and why.inner_text().strip() == ""


def test_wipe_between_photo_and_overlay(page):
    before = page.locator(".dino-before").first
    right = "c => getComputedStyle(c).clipPath"
    assert before.evaluate(right) == "inset(0px 100% 0px 0px)"
    explorer_at(page).get_by_label("compare").fill("30")
    assert before.evaluate(right) == "inset(0px 70% 0px 0px)"
    assert np.array_equal(pixels(page, "before"), pixels(page, "photo"))


def test_saved_picture_has_the_photos_size_and_says_what_it_is(page, computed, norm):
    """The photo is 451 pixels wide, and 384 on the page."""
    choose(page, "colormap", "gray")
    with page.expect_download() as download:
        explorer_at(page).get_by_role("button", name="save").click()
    saved = np.asarray(Image.open(download.value.path()).convert("RGB")).astype(int)
    photo = images.load_photo("cat.jpg")
    wanted = np.asarray(overlay.blend(photo, norm, cmap="gray")).astype(int)
    assert saved.shape[1] == photo.width and saved.shape[0] > photo.height
    assert np.abs(saved[: photo.height] - wanted).mean() < 2  # the photo went as a JPEG
    caption = saved[photo.height :]
    assert caption.min() < 100 and caption[:, :3].min() == 255  # a line that ends within
    assert caption[:, -3:].min() == 255
    assert download.value.suggested_filename == "explorer-norm-block5.png"


def test_fine_grid_says_what_it_left_out_and_asks(page, computed):
    """60 × 60 patches: a map that was too large to send comes with a click."""
    foot = page.locator(".dino-foot").nth(1)
    foot.scroll_into_view_if_needed()
    assert "similarity and attention" in foot.inner_text()
    choose_map(page, "similarity", nth=1)
    page.mouse.move(1, 1)
    page.mouse.click(*patch_point(page, 20, 41, (60, 60), nth=1))
    says(page, ": 1.00", nth=1)
    tensor, seen = images.to_tensor(images.load_photo("cat.jpg"), computed[0], size=480)
    m = data.patch_map(computed[0], tensor, -1, "similarity", 20 * 60 + 41)
    wanted = overlay.blend(data.shrink(seen), maps.min_max(m.reshape(60, 60)))
    shows(page, wanted, nth=1)


def test_no_errors_and_no_outside_requests(page):
    assert page.errors == []
    outside = [u for u in page.requests if not u.startswith((page.address, "data:", "blob:"))]
    assert outside == []


def test_the_live_page_in_a_cell(page):
    """It comes when the reader asks for it, and does without a camera."""
    page.get_by_role("button", name="open the camera").click()
    frame = page.frame_locator("iframe.dino-live")
    expect(frame.locator("#readout")).to_contain_text("CLS", timeout=lab.SECONDS)
    frame.locator("#camera").click()
    expect(frame.locator("#problem")).to_be_visible()
    frame.locator(".example").nth(1).click()
    expect(frame.locator("#problem")).to_be_hidden()


# --- upload ---


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


def test_targets_for_thumbs_are_large(browser, computed, tmp_path):
    """Menus, buttons and sliders of 44 pixels, and no word of a key that a phone has not."""
    path = explorer.explore("cat.jpg", computed[0]).save_html(tmp_path / "a.html")
    context = browser.new_context(**PIXEL_7)
    page = context.new_page()
    page.goto(path.as_uri())
    lab.wait_for_explorer(page)
    targets = page.locator(".dino-explorer").locator(
        "select, button, [type=range], .dino-choice span"
    )
    page.locator("summary").tap()
    page.wait_for_selector(".dino-bench .part")
    heights = targets.evaluate_all(
        "all => all.filter((e) => e.checkVisibility()).map((e) => e.getBoundingClientRect().height)"
    )
    assert len(heights) > 50 and min(heights) >= 44
    page.locator(".dino-picture").first.tap()
    says(page, "tap it again")
    assert "Esc" not in readout(page)
    context.close()


def test_a_hostile_files_name_is_only_shown(page):
    assert EVIL in put(page, EVIL.replace("/", "\u2215"), b"no photo").replace("\u2215", "/")
    assert page.evaluate("() => window.hacked") is None


# --- from disk ---


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


# --- names that would rather be code ---

EVIL = "</script><img src=x onerror='window.hacked=1'><script>window.hacked=1</script>"


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
