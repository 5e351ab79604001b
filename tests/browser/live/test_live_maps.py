"""The live page's maps and numbers are Python's: of a photo, what-ifs, an untrained network."""

import re

import pytest
import torch
from playwright.sync_api import expect

from explorer.interventions import WhatIf, forward, untrained
from helpers import maps
from helpers.encoding import attention_rows, encode
from helpers.images import load_photo, to_tensor
from tests.browser.live.reader import after_next_map, assert_map, guess, show_photo
from tests.browser.waits import until
from tools import lab
from topics.masks import load_masks, masks_on_grid
from topics.measure import pointing
from topics.patches import similarity_map

pytestmark = pytest.mark.skipif(lab.CHROMIUM is None, reason="no Chromium on this machine")


def test_photo(browser, open_page, embedded):
    """A reader's own photo, whole, gives the maps that the helpers give."""
    page, photo = open_page(browser), load_photo("koala.jpg")  # taller than wide
    tensor, _ = to_tensor(photo, embedded, "whole")
    rows, encoded = attention_rows(embedded, tensor), encode(embedded, tensor, 4)
    gh, gw = encoded.grid
    assert gh > gw
    show_photo(page, photo)
    assert_map(page, rows[5, 0].mean(0)[0, 1:].reshape(gh, gw))
    page.click("#blocks label:has-text('4')")
    page.click("#heads label:has-text('3')")
    expect(page.locator("#readout")).to_have_text("CLS attention · Block 4 · Head 3")
    assert_map(page, rows[4, 0, 3, 0, 1:].reshape(gh, gw))
    picture = page.locator("#picture")
    box = picture.bounding_box()
    assert box["width"] / box["height"] == pytest.approx(photo.width / photo.height, rel=0.02)
    spot = {"x": 5.5 * box["width"] / gw, "y": 2.5 * box["height"] / gh}
    picture.click(position=spot)
    expect(page.locator("#readout")).to_have_text("Similarity · Block 4 · row 2 column 5")
    patches = encoded.patch_tokens[0]
    assert_map(page, similarity_map(patches, encoded.grid, patches[2 * gw + 5]))
    picture.press("ArrowDown")
    expect(page.locator("#readout")).to_have_text("Similarity · Block 4 · row 3 column 5")
    assert_map(page, similarity_map(patches, encoded.grid, patches[3 * gw + 5]))
    assert not page.errors


def test_what_if(browser, open_page, embedded):
    """Switching something off asks for a guess; then maps and the number are Python's."""
    page, photo = open_page(browser), load_photo("cow.jpg")
    tensor, _ = to_tensor(photo, embedded, "whole")
    gh, gw = encode(embedded, tensor).grid
    show_photo(page, photo)
    untouched = page.evaluate("Array.from(live.map)")
    page.click("summary")
    number = page.locator(".number")
    page.get_by_role("button", name="Block 1 Head 2").click()
    expect(page.locator(".guess")).to_be_visible()
    expect(number).to_have_text("…")
    assert page.evaluate("Array.from(live.map)") == untouched  # nothing is shown before the guess
    guess(page)
    expect(page.locator(".guess")).to_be_hidden()
    page.get_by_role("button", name="Block 4", exact=True).click()
    guess(page)
    page.click(".tool label:has-text('removes')")
    picture = page.locator("#picture")
    box = picture.bounding_box()
    x, y = box["width"] / gw, box["height"] / gh
    picture.click(position={"x": 0.5 * x, "y": 1.5 * y})
    guess(page)
    picture.click(position={"x": 2.5 * x, "y": 1.5 * y})  # asks for no other guess
    until(page, "live.map.filter(Number.isNaN).length === 2")
    what_if = WhatIf(heads_off=[(1, 2)], blocks_off=[4], removed=[gw, gw + 2])
    block, plain = forward(embedded, tensor, what_if)[-1], forward(embedded, tensor)[-1]
    cosine = torch.cosine_similarity(block.tokens[0, 0], plain.tokens[0, 0], dim=0).item()
    words = "cosine of the CLS token to the untouched one"
    expect(number).to_have_text(re.compile(f"^{words} {cosine:.3f}: .* \\((your guess|not as)"))
    row = (block.q[0, :, :1] @ block.k[0].mT).softmax(-1).mean(0)[0, 1:]
    got = page.evaluate("Array.from(live.map)")
    assert got.pop(gw + 2) != got[0] and (lone := got.pop(gw)) != lone  # NaN: no token is there
    expected = maps.min_max(row[None]).flatten().tolist()
    assert max(abs(a - b) for a, b in zip(got, expected, strict=True)) <= 2 / 255
    picture.click(position={"x": 2.5 * x, "y": 1.5 * y})  # given back
    until(page, "live.map.filter(Number.isNaN).length === 1")
    page.click("#kinds label:has-text('Patch')")
    page.click("#blocks label:has-text('4')")
    expect(page.locator("#readout")).to_have_text("A block that is off has no attention.")
    page.click("#blocks label:has-text('5')")
    page.click("button.noCls")
    guess(page)
    expect(number).to_have_text("no CLS token, so no cosine")
    page.click("#kinds label:has-text('CLS')")
    expect(page.locator("#readout")).to_have_text("Without a CLS token there is no such map.")
    for switch in ("shuffle", "noPosition"):
        page.click(f"button.{switch}")
        guess(page)
        expect(page.locator(f"button.{switch}")).to_have_attribute("aria-pressed", "true")
    after_next_map(page, lambda: page.click("button.undo"))
    assert_map(page, attention_rows(embedded, tensor)[5, 0].mean(0)[0, 1:].reshape(gh, gw))
    expect(number).to_have_text("nothing changed")
    assert not page.errors


def test_untrained_and_pointing(browser, open_page, embedded):
    """Beside the map stands the one of Python's untrained network; a bundled photo has a mask."""
    page = open_page(browser)
    page.click("summary")
    photo = load_photo("kingfisher.jpg")
    tensor, _ = to_tensor(photo, embedded, "whole")
    grid = encode(embedded, tensor).grid
    masks = masks_on_grid(load_masks("kingfisher"), embedded, "whole")
    m = attention_rows(embedded, tensor)[5, 0].mean(0)[0, 1:].reshape(grid)
    where = "on the object" if pointing(m, masks) else "not on the object"
    share = round(100 * masks.any(0).float().mean().item())
    words = f"highest patch is {where} (the object covers {share} %"
    expect(page.locator(".pointing")).to_contain_text(words)
    expect(page.locator("#beside")).to_be_hidden()
    page.click("button.untrained")
    guess(page)
    expect(page.locator("#beside")).to_be_visible()
    block = forward(untrained(embedded), tensor)[-1]
    other = (block.q[0, :, :1] @ block.k[0].mT).softmax(-1).mean(0)[0, 1:]
    alike = torch.corrcoef(torch.stack([m.flatten(), other]))[0, 1].item()
    expect(page.locator(".number")).to_contain_text(f"network's map {alike:.3f}: ")
    show_photo(page, photo)  # as a reader's own, of which no mask is known
    expect(page.locator(".pointing")).to_be_hidden()
