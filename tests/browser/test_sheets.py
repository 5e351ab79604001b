"""The students' sheets on paper: each fills one A4 page and no more, that of lesson 12 two."""

import pytest

from tools import lab, sheets
from tools.notebooks import LESSONS

pytestmark = pytest.mark.skipif(lab.CHROMIUM is None, reason="no Chromium on this machine")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return list(sheets.write(tmp_path_factory.mktemp("sheets") / "워크시트"))


def test_each_is_one_page_of_a4_and_that_of_lesson_12_two(made, browser):
    page = browser.new_page()
    for path in made:
        page.goto(path.as_uri())
        pdf = page.pdf(prefer_css_page_size=True)
        assert sheets.pages(pdf) == (2 if path.stem == "12" else 1), path
        assert b"/MediaBox [0 0 594.95996 841.91998]" in pdf or b"/MediaBox [0 0 595" in pdf
    page.close()
    assert len(made) == 2 * len(list(LESSONS.glob("*.ipynb")))


def test_two_pages_are_counted(browser):
    page = browser.new_page()
    page.set_content("<p style='break-after: page'>1</p><p>2</p>")
    assert sheets.pages(page.pdf(format="A4")) == 2
    page.close()


def test_nothing_is_cut_off_and_every_picture_is_there(made, browser):
    page = browser.new_page(viewport={"width": 673, "height": 1030})  # A4 less its margins
    page.emulate_media(media="print")
    for path in made:
        page.goto(path.as_uri())
        wide, broken, cut = page.evaluate(
            """() => [
              document.documentElement.scrollWidth > innerWidth,
              [...document.images].filter((i) => !i.naturalWidth).length,
              [...document.querySelectorAll("td, th")].filter((c) => c.scrollWidth > c.clientWidth)
                .map((c) => c.textContent),
            ]"""
        )
        assert (wide, broken, cut) == (False, 0, []), path
    page.close()
