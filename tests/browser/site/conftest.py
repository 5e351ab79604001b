"""One build from the stored outputs, and a short lesson that is run for the site."""

import nbformat
import pytest

from tools.notebooks import LESSONS, tidy
from tools.one_language import in_one_language
from tools.site import build
from tools.site.__main__ import main
from tools.site.run import execute


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The folder of a whole site, from the stored outputs."""
    out = tmp_path_factory.mktemp("site") / "사이트 site"
    build.surroundings(out)
    (out / "ko" / "old.html").write_text("of an earlier build")
    assert main("--stored", "--out", str(out)) == 0
    return out


@pytest.fixture(scope="session")
def run_page(tmp_path_factory):
    """Lesson 00 in English up to its first figure, run for the site; the page's Path."""
    out = tmp_path_factory.mktemp("run")
    nb = in_one_language(nbformat.read(LESSONS / "00_start.ipynb", as_version=4), "en")
    end = next(i for i, c in enumerate(nb.cells) if "two_panel(" in c.source)
    nb.cells = nb.cells[: end + 1]
    execute(nb, LESSONS / "00_start.ipynb")
    tidy(nb)
    build.surroundings(out)
    build.pictures(out / "en" / "images", "en", stored=True)
    return build.lesson_page(nb, "00_start", "en", out)


@pytest.fixture
def show(browser):
    """Open a file as a page; it keeps its errors, and what it asked for besides files."""
    contexts = []

    def open_one(path, width=1280, **settings):
        contexts.append(browser.new_context(viewport={"width": width, "height": 900}, **settings))
        page = contexts[-1].new_page()
        page.errors, page.elsewhere = [], []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.on("console", lambda message: page.errors.append(message.text))
        page.on(
            "request",
            lambda request: (
                page.elsewhere.append(request.url)
                if not request.url.startswith(("file:", "data:", "blob:"))
                else None
            ),
        )
        page.goto(path.as_uri())
        return page

    yield open_one
    for context in contexts:
        context.close()
