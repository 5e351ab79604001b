"""The live page as a file, and a browser's tab with it."""

import pytest

from explorer import live
from tests.browser.waits import until
from tools import lab


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("live")


@pytest.fixture(scope="module")
def address(folder):
    return live.write(folder / "live.html").as_uri()


@pytest.fixture
def open_page(address):
    """Open the page in a browser, until its first map; ``requests`` and ``errors`` go on record."""
    contexts = []

    def open_page(browser, script=None, **settings):
        contexts.append(browser.new_context(**{"locale": "en-US", **settings}))
        page = contexts[-1].new_page()
        page.set_default_timeout(lab.SECONDS)
        page.requests, page.errors = [], []
        page.on("request", lambda request: page.requests.append(request.url))
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        if script:
            page.add_init_script(script)
        page.goto(address)
        until(page, "live.frames > 0")
        return page

    yield open_page
    for context in contexts:
        context.close()
