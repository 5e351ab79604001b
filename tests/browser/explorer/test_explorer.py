"""The explorer in a real JupyterLab: the helpers' pixels, whatever is chosen."""

import numpy as np
import pytest
import torch
from PIL import Image
from playwright.sync_api import expect

from helpers import images, maps, overlay
from helpers.encoding import attention
from tests.browser.explorer.controls import alpha, choose, choose_map, explorer_at, pixels, shows
from tools import lab

pytestmark = pytest.mark.skipif(lab.CHROMIUM is None, reason="no Chromium on this machine")


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
