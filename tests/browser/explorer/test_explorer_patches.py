"""Patches and blocks in the explorer: pointed at, pinned, played; of a fine grid, too."""

import re

import pytest
from playwright.sync_api import expect

from explorer import data
from helpers import images, maps, overlay
from helpers.encoding import attention, encode
from tests.browser.explorer.controls import (
    choose,
    choose_map,
    explorer_at,
    patch_point,
    readout,
    says,
    shows,
)
from tools import lab

pytestmark = pytest.mark.skipif(lab.CHROMIUM is None, reason="no Chromium on this machine")


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
