"""The web pages of the tutorial: what a crawler, a screen reader and a browser make of them.

One build from the stored outputs serves all tests; a short lesson is run for the site, too.
"""

import copy
import functools
import re
from urllib.parse import urldefrag

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup
from matplotlib import pyplot as plt
from matplotlib.text import Text

import bilingual
from helpers import images
from tools import lab, make_payoffs, unopened
from tools.notebooks import LESSONS, tidy
from tools.one_language import in_one_language
from tools.site import build, figures, web
from tools.site.__main__ import main
from tools.site.run import execute

NAMES = [path.stem for path in sorted(LESSONS.glob("*.ipynb"))]
READ = [f"{code}/{name}.html" for code in ("ko", "en") for name in NAMES]
GLOSSARIES = ["ko/glossary.html", "en/glossary.html"]
PAGES = ["index.html", "ko/index.html", "en/index.html", *GLOSSARIES, *READ]
HANGUL = re.compile("[\u3131-\u318e\uac00-\ud7a3]")
chromium = pytest.mark.skipif(lab.CHROMIUM is None, reason="no Chromium on this machine")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of a whole site, from the stored outputs."""
    out = tmp_path_factory.mktemp("site") / "사이트 site"
    build.surroundings(out)
    (out / "ko" / "old.html").write_text("of an earlier build")
    assert main("--stored", "--out", str(out)) == 0
    return out


@pytest.fixture(scope="module")
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


@functools.cache
def soup(path):
    return BeautifulSoup(path.read_text("utf-8"), "html.parser")


def prose(path):
    """The main part of a page without code, outputs and formulas."""
    main = copy.copy(soup(path).main)
    for tag in main.select(".code, pre, code, math, script"):
        tag.decompose()
    return main


def language(page):
    return page.partition("/")[0] if "/" in page else "ko"


# --- what stands in the files ---


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


@pytest.mark.parametrize("choice", ["ko", "en"])
def test_the_pictures_of_the_lessons_are_in_one_language(choice, embedded, monkeypatch):
    monkeypatch.setattr(bilingual, "_chosen", choice)
    bird = images.load_photo("kingfisher.jpg")
    figures = [make_payoffs.payoff_01(embedded)]
    four = (getattr(make_payoffs, f"payoff_0{number}") for number in (0, 2, 4, 5))
    figures += [f(embedded, bird) for f in four]
    figures += [make_payoffs.payoff_06(embedded, bird), make_payoffs.payoff_07(embedded)]
    figures += [make_payoffs.payoff_09(), make_payoffs.payoff_11(steps=1)]
    for figure in figures:
        said = [text.get_text() for text in figure.findobj(Text) if text.get_text()]
        assert [text for text in said if re.search("[가-힣] [a-z]", text)] == []
        assert bool(HANGUL.search("".join(said))) == (choice == "ko")


def test_the_words_of_a_figure(monkeypatch):
    monkeypatch.setattr(bilingual, "_chosen", "en")
    figure, (left, right) = plt.subplots(1, 2)
    figure.supxlabel("weights: none")
    assert figures.alt(figure) == ""  # the section says more
    left.set_title("a\nmap", loc="left")
    right.set_title(r"costs 1 \$")
    right.set(xlabel="steps", ylabel="loss")
    right.plot([1], label="trained")
    right.legend()
    said = r"a map, costs 1 $. horizontal: steps, vertical: loss. trained. weights: none"
    assert figures.alt(figure) == said
    many, axes = plt.subplots(4, 4)
    for i, ax in enumerate(axes.flat):
        ax.set_title(f"head {i}")
    assert figures.alt(many).endswith("head 11, and 4 more")
    plt.close("all")


# --- a lesson that is run for the site ---


def test_a_figure_says_what_is_written_in_it(run_page):
    alts = [img["alt"] for img in soup(run_page).select(".output img")]
    said = r"photo, token-norm map\. .*weights: embedded DINO"
    assert any(re.match(said, alt) for alt in alts), alts
    assert not [alt for alt in alts if HANGUL.search(alt)]


def test_a_lesson_that_is_run_prints_and_warns_in_one_language(run_page):
    said = "\n".join(output.text for output in soup(run_page).select(".output"))
    assert "embedded DINO" in said and HANGUL.findall(said) == []
    assert "lessons.language" not in said  # how to switch a notebook


def test_the_explorer_is_a_picture_without_javascript(run_page):
    live = soup(run_page).select_one(".live")
    assert live.noscript.img["alt"]
    assert run_page.stat().st_size < 2_500_000  # 1.5 MB are q, k and tokens of all blocks


# --- in a browser ---


@chromium
def test_the_explorer_works_without_a_kernel(show, run_page):
    page = show(run_page)
    shown = "document.querySelector('canvas.dino-overlay').toDataURL()"
    page.wait_for_selector(".dino-foot:not(:empty)")
    pictures = [page.evaluate(shown)]
    for keys in ("ArrowRight", "End", "Home"):
        page.locator(".live input[type=range]").first.press(keys)
        pictures.append(page.evaluate(shown))
    assert len(set(pictures)) == len(pictures)
    photo = page.evaluate(shown.replace("overlay", "photo"))
    assert pictures[-1] == photo  # alpha 0
    assert page.errors == page.elsewhere == []


@chromium
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["run", "root", "ko/index.html", "ko/09_models.html"])
def test_accessible_in_light_and_dark(show, site, run_page, name, scheme):
    """axe-core's rules: contrast of every text, names of controls, landmarks, and more."""
    path = {"run": run_page, "root": site / "index.html"}.get(name, site / name)
    page = show(path, color_scheme=scheme, locale="fr-FR")
    if name == "run":
        page.wait_for_selector(".dino-foot:not(:empty)")
    page.eval_on_selector_all("details", "all => all.forEach((d) => (d.open = true))")
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", background)[:3])) > 382) == (scheme == "light")
    assert page.errors == page.elsewhere == []
    found = Axe().run(page, options={"preload": False}).response  # it would ask for files
    problems = [(v["id"], [n["html"][:200] for n in v["nodes"]]) for v in found["violations"]]
    assert problems == []
    assert "color-contrast" in [rule["id"] for rule in found["passes"]]


@chromium
def test_a_telephone_scrolls_down_only(show, site, run_page):
    page, wide = show(run_page, width=390, locale="fr-FR"), []
    for path in [run_page, *(site / name for name in PAGES)]:
        page.goto(path.as_uri())
        page.eval_on_selector_all("details", "all => all.forEach((d) => (d.open = true))")
        if page.evaluate("document.documentElement.scrollWidth") != 390:
            wide.append(path)
    assert wide == []


@chromium
@pytest.mark.parametrize("locale, lands", [("ko-KR", "ko/"), ("en-GB", "en/"), ("fr-FR", "")])
def test_the_first_page_follows_the_browsers_language(show, site, locale, lands):
    page = show(site / "index.html", locale=locale)
    page.wait_for_url(f"{site.as_uri()}/{lands}index.html")
    assert not lands or page.title() == soup(site / f"{lands}index.html").title.text


@chromium
def test_the_twin_opens_at_the_same_section(show, site):
    page = show(site / "ko" / "03_decoding.html")
    heading = soup(site / "ko" / "03_decoding.html").find_all("h2")[4]["id"]
    page.locator(f"[id='{heading}']").evaluate("h => h.scrollIntoView()")
    page.locator("a.twin").evaluate("link => link.click()")
    page.wait_for_url(f"{(site / 'en' / '03_decoding.html').as_uri()}#{heading}")
