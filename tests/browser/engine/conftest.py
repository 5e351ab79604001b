"""A page with engines by name, and what they answer."""

from pathlib import Path

import pytest

from explorer.bundle import bundle
from tests.browser.engine.packed import EMPTY_PAGE, ENGINE, files
from tools import lab

ARITHMETICS = ("relaxed SIMD", "SIMD", "JavaScript")


@pytest.fixture(scope="module")
def code():
    return bundle(ENGINE / "worker.js")


@pytest.fixture(scope="module")
def page(browser):
    page = browser.new_page()
    page.set_default_timeout(lab.SECONDS)
    page.set_content(EMPTY_PAGE)
    page.add_script_tag(content=bundle(Path(__file__).with_name("engine_page.js")))
    yield page
    page.close()


@pytest.fixture(scope="module")
def start(page, code):
    """Start an engine in the page under a name; what it says of itself."""
    return lambda name, **given: page.evaluate(
        "([name, code, files]) => dino.start(name, code, files)", [name, code, files(**given)]
    )


@pytest.fixture(scope="module", params=ARITHMETICS)
def arithmetic(request, start):
    """The name of an engine with the embedded network."""
    assert start(request.param, only=request.param)["arithmetic"] == request.param
    return request.param


@pytest.fixture(scope="module")
def engine(start):
    """The name of an engine that chose for itself."""
    start("engine")
    return "engine"


@pytest.fixture(scope="module")
def ask(page):
    def ask(name, /, **question):
        return page.evaluate("([name, question]) => dino.ask(name, question)", [name, question])

    return ask
