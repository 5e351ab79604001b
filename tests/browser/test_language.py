"""The language switch in a real JupyterLab: the other language's prose is not on the page."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell

from tools import lab

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(lab.CHROMIUM is None, reason="no Chromium on this machine"),
]


def lesson(name, choice, *more):
    """All prose of a lesson, its set-up cell with a choice of language, and some cells more."""
    nb = nbformat.read(lab.ROOT / "notebooks" / name, as_version=4)
    setup = next(cell for cell in nb.cells if cell.cell_type == "code")
    nb.cells = [c for c in nb.cells if c is setup or c.cell_type == "markdown"]
    setup.source = setup.source.replace("language=None", f"language={choice!r}")
    nb.cells += [new_code_cell(source) for source in more]
    return nb


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lab")
    (folder / "notebooks").mkdir()
    for name in ("bilingual", "sources", "helpers", "classroom", "images", "README.md"):
        (folder / name).symlink_to(lab.ROOT / name)
    slider = "import ipywidgets\nfrom bilingual import say\n"
    slider += "ipywidgets.FloatSlider(description=say('불투명도', 'alpha'))"
    nbformat.write(lesson("00_start.ipynb", "ko", slider), folder / "notebooks" / "korean.ipynb")
    nbformat.write(lesson("01_timm.ipynb", None, slider), folder / "notebooks" / "next.ipynb")
    nbformat.write(lesson("00_start.ipynb", "both", slider), folder / "notebooks" / "both.ipynb")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DINO_OUTPUTS", str(folder / "outputs"))
        patch.delenv("DINO_LANGUAGE", raising=False)
        with lab.jupyterlab(folder) as url:
            yield url


@pytest.fixture
def open_lesson(address, browser):
    """Open one of the lessons, its cells run, and return the page."""
    page = browser.new_page(viewport={"width": 1000, "height": 700})

    def open_one(name):
        lab.open_notebook(page, address, f"notebooks/{name}.ipynb")
        page.wait_for_selector(".widget-slider", timeout=lab.SECONDS)
        return page

    yield open_one
    page.close()


def seen(page):
    """Numbers of Korean and of English pieces of prose met on the way from top to bottom.

    JupyterLab keeps only cells near the view on the page, hence the scrolling.
    """
    return page.evaluate(
        """async () => {
            const panel = document.querySelector(".jp-WindowedPanel-outer");
            const met = { ko: new Set(), en: new Set() };
            for (let top = 0; top <= panel.scrollHeight; top += 300) {
                panel.scrollTop = top;
                await new Promise((done) => setTimeout(done, 60));
                for (const lang of ["ko", "en"]) {
                    const cells = document.querySelectorAll(`.jp-MarkdownCell [lang=${lang}]`);
                    for (const cell of cells) {
                        if (cell.checkVisibility()) met[lang].add(cell.textContent);
                    }
                }
            }
            return [met.ko.size, met.en.size];
        }"""
    )


def labels(page):
    return page.locator(".widget-slider .widget-label").all_inner_texts()


def test_korean_hides_english_and_the_next_lesson_remembers(open_lesson):
    for name in ("korean", "next"):  # each in a kernel of its own
        page = open_lesson(name)
        korean, english = seen(page)
        assert korean > 10 and english == 0
        assert labels(page) == ["불투명도"]


def test_english_hides_korean_in_place_of_the_first_choice(open_lesson):
    page = open_lesson("korean")
    lab.run_python(page, 'lessons.language("en")')
    korean, english = seen(page)
    assert korean == 0 and english > 10
    notes = page.locator(".jp-OutputArea-output p[lang]").all_text_contents()
    assert [note.split()[0] for note in notes] == ["Language:"]


def test_both_hides_nothing(open_lesson):
    page = open_lesson("both")
    korean, english = seen(page)
    assert korean == english > 10
    assert labels(page) == ["불투명도 alpha"]
