"""The web pages of the tutorial as files: what a crawler and a screen reader make of them."""

import re
from urllib.parse import urldefrag

import nbformat
import pytest

from tests.browser.site.pages import HANGUL, NAMES, PAGES, READ, language, prose, soup
from tools import unopened
from tools.notebooks import LESSONS
from tools.one_language import in_one_language
from tools.site import web
from tools.site.__main__ import main


@pytest.mark.parametrize("page", PAGES)
def test_a_crawler_learns_what_and_where_a_page_is(site, page):
    head = soup(site / page)
    path = "" if page == "index.html" else page
    assert web.base() == "https://{}.github.io/{}/".format(*web.address().split("/"))
    assert head.html["lang"] == language(page)
    assert head.find("link", rel="canonical")["href"] == web.base() + path
    assert len(head.title.text) > 10
    description = head.find("meta", {"name": "description"})["content"]
    assert 50 <= len(description) <= 200
    if page != "index.html":
        assert bool(HANGUL.search(head.title.text + description)) == (language(page) == "ko")
    alternates = {a["hreflang"]: a["href"] for a in head.find_all("link", rel="alternate")}
    file = page.rpartition("/")[2]
    assert alternates.pop("x-default", None) == (web.base() if file == "index.html" else None)
    assert alternates == {code: f"{web.base()}{code}/{file}" for code in ("ko", "en")}
    image = head.find("meta", property="og:image")["content"].removeprefix(web.base())
    assert (site / image).is_file()


def test_the_first_page_is_light(site):
    """Its moving picture apart: those of the lessons are small there."""
    page = site / "ko" / "index.html"
    _, *small = [page.parent / img["src"] for img in soup(page).find_all("img")]
    assert len(small) == len(NAMES)
    assert sum(path.stat().st_size for path in [page, *small]) < 350_000


def test_titles_differ(site):
    titles = [soup(site / page).title.text for page in PAGES]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("page", PAGES)
def test_headings_go_down_step_by_step(site, page):
    levels = [int(h.name[1]) for h in soup(site / page).find_all(re.compile("^h[1-6]$"))]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in zip(levels, levels[1:]))


@pytest.mark.parametrize("page", READ)
def test_every_picture_has_words_in_the_language_of_the_page(site, page):
    pictures = soup(site / page).find_all("img")
    assert pictures
    for picture in pictures:
        assert len(picture["alt"]) > 10
        assert bool(HANGUL.search(picture["alt"])) == (language(page) == "ko"), picture["alt"]
        assert int(picture["width"]) > 0 and int(picture["height"]) > 0


@pytest.mark.parametrize("page", READ)
def test_what_lies_below_a_guess_opens_when_asked_for(site, page):
    nb = nbformat.read(LESSONS / f"{page[3:-5]}.ipynb", as_version=4)
    text, folded = soup(site / page), 0
    ids = {cell.id for cell in unopened.guessed(nb)}
    for cell in (cell for cell in nb.cells if cell.cell_type == "code"):
        shown = text.find(id=cell.id).select(".output")
        sources = ("predict.", "checks.")
        below = cell.id in ids and not any(source in cell.source for source in sources)
        folded += below and bool(shown)
        for output in shown:
            fold = output.find_parent("details", class_="result")
            assert bool(fold) == below, cell.source
            assert not below or fold.summary.text in ("결과 보기", "Show the result")
            assert not below or bool(HANGUL.search(fold.summary.text)) == (language(page) == "ko")
    assert bool(folded) == any(".beside(" in cell.source for cell in nb.cells)


@pytest.mark.parametrize("page", READ)
def test_prose_is_in_one_language(site, page):
    main = prose(site / page)
    if language(page) == "en":
        assert HANGUL.findall(main.text) == []
    else:
        foreign = [p.text for p in main.select(".prose p") if not HANGUL.search(p.text)]
        assert [text for text in foreign if text.strip()] == []


@pytest.mark.parametrize("page", PAGES)
def test_nothing_comes_from_elsewhere(site, page):
    text = soup(site / page)
    loaded = [tag["src"] for tag in text.find_all(src=True)]
    loaded += [tag["href"] for tag in text.find_all("link", rel=["stylesheet", "icon"])]
    assert loaded and not [url for url in loaded if re.match("(https?:)?//", url)]


@pytest.mark.parametrize("page", PAGES)
def test_links_and_pictures_lead_somewhere(site, page):
    text = soup(site / page)
    names = [tag["id"] for tag in text.find_all(id=True)]
    assert len(names) == len(set(names))
    targets = [tag["href"] for tag in text.find_all(["a", "link"], href=True)]
    targets += [tag["src"] for tag in text.find_all("img")]
    for target in targets:
        if re.match(r"https?:|data:", target):
            continue
        file, fragment = urldefrag(target)
        path = (site / page).parent / file if file else site / page
        assert path.is_file(), target
        assert not fragment or soup(path).find(id=fragment), target
    assert not [url for url in targets if url.endswith(".ipynb") and not url.startswith("http")]


@pytest.mark.parametrize("page", PAGES[1:])
def test_the_twin_is_the_same_page_and_leads_back(site, page):
    twin = soup(site / page).select_one("a.twin")
    path = ((site / page).parent / twin["href"]).resolve()
    assert path.name == (site / page).name
    assert twin["lang"] == twin["hreflang"] == soup(path).html["lang"] != language(page)
    back = soup(path).select_one("a.twin")["href"]
    assert (path.parent / back).resolve() == (site / page).resolve()
    here, there = ([h.get("id") for h in soup(p).main.find_all("h2")] for p in (site / page, path))
    assert here == there  # so that the link can lead to the same section


@pytest.mark.parametrize("name", NAMES)
def test_formulas_are_drawn_by_the_browser_alone(site, name):
    nb = in_one_language(nbformat.read(LESSONS / f"{name}.ipynb", as_version=4), "en")
    text = "\n".join(c.source for c in nb.cells if c.cell_type == "markdown")
    formulas = re.findall(r"\$\$.+?\$\$|\$[^$\n]+\$", text)
    page = site / "en" / f"{name}.html"
    assert len(soup(page).find_all("math")) == len(formulas)
    assert not set("$\\") & set(prose(page).text)


def test_crawlers_find_every_page(site):
    listed = re.findall("<loc>(.*?)</loc>", (site / "sitemap.xml").read_text("utf-8"))
    assert sorted(listed) == sorted(
        web.base() + ("" if page == "index.html" else page) for page in PAGES
    )
    assert f"{web.base()}sitemap.xml" in (site / "robots.txt").read_text()


def test_a_build_leaves_nothing_of_an_earlier_one(site):
    found = sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html"))
    assert found == sorted(PAGES)


def test_a_folder_with_other_files_is_left_alone(tmp_path):
    (tmp_path / "ko").mkdir()
    (tmp_path / "ko" / "00_start.ipynb").write_text("mine")
    with pytest.raises(SystemExit, match=r"빈 폴더를 고르세요.*\n.*choose an empty one"):
        main("--stored", "--out", str(tmp_path))
    assert (tmp_path / "ko" / "00_start.ipynb").read_text() == "mine"
