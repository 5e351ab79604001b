"""One Chromium for all browser tests: two at once in one process is what Playwright refuses."""

import pytest
from playwright.sync_api import sync_playwright

from tools import lab


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        browser = lab.launch(playwright)
        yield browser
        browser.close()
