"""One Chromium for all browser tests: two at once in one process is what Playwright refuses."""

from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tools import lab

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items):
    """A browser takes its time: only in `make check`."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        browser = lab.launch(playwright)
        yield browser
        browser.close()
