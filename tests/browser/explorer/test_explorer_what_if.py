"""The explorer's what-ifs: heads, blocks and tokens off, the untrained network."""

import numpy as np
import pytest
import torch
from playwright.sync_api import expect

from explorer.interventions import WhatIf, forward, untrained
from helpers import maps, overlay
from tests.browser.explorer.controls import choose_map, explorer_at, patch_point, pixels, shows
from tools import lab

pytestmark = pytest.mark.skipif(lab.CHROMIUM is None, reason="no Chromium on this machine")


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
