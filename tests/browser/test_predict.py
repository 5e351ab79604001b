"""Guesses in a real JupyterLab: painted, typed, locked; kept over a restart; dark theme, too."""

import json

import pytest

from tools import lab

pytestmark = pytest.mark.skipif(lab.CHROMIUM is None, reason="no Chromium on this machine")

CELLS = [
    "from classroom import predict\n"
    'tensor, seen = images.to_tensor(photo, model, fit="whole")\n'
    'guess = predict.patches("03", "norm", seen, (14, 21))',
    'pick = predict.choice("03", "which", [("하나", "one"), ("둘", "two")])',
    "print('ready')",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("lab")


@pytest.fixture(scope="module")
def address(folder):
    lab.write_notebook(folder / "guess.ipynb", *CELLS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DINO_OUTPUTS", str(folder / "outputs"))
        with lab.jupyterlab(folder) as url:
            yield url


@pytest.fixture
def page(browser, address, folder):
    """The notebook, run afresh in a new kernel, as nobody's guess was kept."""
    for file in (folder / "outputs").rglob("*.json"):
        file.unlink()
    page = browser.new_page(viewport={"width": 1000, "height": 900})
    page.set_default_timeout(lab.SECONDS)
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    lab.open_notebook(page, address, "guess.ipynb")
    page.wait_for_function("() => document.querySelectorAll('.dino-predict').length === 2")
    yield page
    assert page.errors == []
    page.close()


def kept(folder):
    return json.loads((folder / "outputs" / "answers" / "03.json").read_text())["guesses"]


def says(page, words, nth=0):
    page.wait_for_function(
        "([nth, words]) => document.querySelectorAll('.dino-guess-status')[nth]"
        ".textContent.includes(words)",
        arg=[nth, words],
    )


def picked(page):
    """Numbers of the picked patches."""
    return page.evaluate(
        "() => [...document.querySelectorAll('.dino-predict [role=gridcell]')]"
        ".flatMap((cell, i) => cell.getAttribute('aria-selected') === 'true' ? [i] : [])"
    )


def button(page, name, nth=0):
    return page.locator(".dino-predict").nth(nth).get_by_role("button", name=name)


def centre(page, row, column):
    grid = page.locator(".dino-predict [role=grid]")
    grid.scroll_into_view_if_needed()
    area = grid.bounding_box()
    return (
        area["x"] + (column + 0.5) / 21 * area["width"],
        area["y"] + (row + 0.5) / 14 * area["height"],
    )


def test_painted_locked_and_there_after_a_restart(page, folder):
    assert button(page, "Lock in").is_disabled() and button(page, "again").is_disabled()
    page.mouse.move(*centre(page, 2, 3))
    page.mouse.down()
    page.mouse.move(*centre(page, 2, 6), steps=12)
    page.mouse.up()
    assert picked(page) == [45, 46, 47, 48]
    page.mouse.click(*centre(page, 2, 6))  # given back
    says(page, "3 of 294")
    button(page, "Lock in").click()
    says(page, "Locked in")
    assert kept(folder)["norm"]["first"]["picked"] == [45, 46, 47]
    page.mouse.click(*centre(page, 5, 5))
    assert picked(page) == [45, 46, 47]  # locked is locked
    out = lab.run_python(
        page, "import numpy as np\n_ = guess.beside(np.arange(294).reshape(14, 21))"
    )
    assert "By chance" in out

    page.evaluate(
        "() => jupyterapp.shell.currentWidget.context.sessionContext.session.kernel.restart()"
    )
    page.evaluate("() => { jupyterapp.commands.execute('notebook:run-all-cells') }")
    page.wait_for_function(
        "() => document.querySelector('.dino-predict .locked') &&"
        "document.querySelectorAll('.dino-predict').length === 2"
    )
    says(page, "Locked in")
    assert picked(page) == [45, 46, 47] and "True" in lab.run_python(page, "print(guess.locked)")

    button(page, "again").click()
    says(page, "Pick, then")
    page.mouse.click(*centre(page, 0, 0))
    button(page, "Lock in").click()
    says(page, "Locked in")
    both = kept(folder)["norm"]
    assert (both["first"]["picked"], both["last"]["picked"]) == ([45, 46, 47], [0, 45, 46, 47])


def test_by_keyboard_alone(page, folder):
    first = page.locator(".dino-predict [role=gridcell][tabindex='0']")
    assert first.count() == 1  # one stop for Tab, the arrows move within
    first.focus()
    assert "row 8, column 11" in first.get_attribute("aria-label")
    for key in ("ArrowUp", "Space", "ArrowLeft", "Enter", "ArrowDown", "Home", "Space", "Space"):
        page.keyboard.press(key)
    assert picked(page) == [6 * 21 + 9, 6 * 21 + 10]
    outline = page.evaluate("() => getComputedStyle(document.activeElement).outlineWidth")
    assert outline == "3px"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    says(page, "Locked in")
    assert kept(folder)["norm"]["last"]["picked"] == [135, 136]

    page.locator(".dino-predict input").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    says(page, "Locked in", 1)
    assert kept(folder)["which"]["first"]["picked"] == [1]


def test_in_the_dark(page):
    """The words can be read on JupyterLab's dark page."""
    page.evaluate(
        "() => jupyterapp.commands.execute('apputils:change-theme', { theme: 'JupyterLab Dark' })"
    )
    page.wait_for_selector("[data-jp-theme-light=false]", state="attached")
    colours = page.evaluate(
        "() => { const root = document.querySelector('.dino-guess-status');"
        "const behind = document.querySelector('.jp-Notebook');"
        "return [root, behind].map((e) => getComputedStyle(e)).map((s, i) =>"
        "(i ? s.backgroundColor : s.color).match(/\\d+/g).slice(0, 3).map(Number)) }"
    )
    words, behind = (sum(rgb) / 3 for rgb in colours)
    assert words - behind > 120
