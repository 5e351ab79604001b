"""The explorer for everybody: keys, labels in both languages, large targets, reasons."""

import re

import pytest

import explorer
from tests.browser.explorer.controls import alpha, choose_map, explorer_at, readout, says
from tools import lab

pytestmark = pytest.mark.skipif(lab.CHROMIUM is None, reason="no Chromium on this machine")

# What of playwright.devices["Pixel 7"] matters here.
PIXEL_7 = {"viewport": {"width": 412, "height": 839}, "has_touch": True, "is_mobile": True}


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
