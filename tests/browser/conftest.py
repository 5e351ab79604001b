"""One Chromium for all browser tests: two at once in one process is what Playwright refuses."""

from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from helpers.images import load_photo
from tools import lab

HERE = Path(__file__).parent
expect.set_options(timeout=lab.SECONDS)


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


@pytest.fixture(scope="session")
def film(tmp_path_factory):
    """A camera's pictures: a photo that moves."""
    photo, path = load_photo("kitten.jpg"), tmp_path_factory.mktemp("film") / "camera.mjpeg"
    with path.open("wb") as file:
        for step in range(12):
            photo.crop((8 * step, 0, 8 * step + 640, 480)).save(file, "JPEG")
    return path


@pytest.fixture(scope="session")
def with_camera(browser, film):
    """A Chromium with a camera of our own, which it hands out without a question."""
    fake = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    fake += [f"--use-file-for-fake-video-capture={film}"]
    other = browser.browser_type.launch(executable_path=lab.CHROMIUM, args=[*lab.ARGS, *fake])
    yield other
    other.close()
