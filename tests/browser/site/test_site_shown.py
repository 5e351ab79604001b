"""The web pages in a browser: the explorer, colours and controls, telephones, languages."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.site.pages import PAGES, soup
from tools import lab

pytestmark = pytest.mark.skipif(lab.CHROMIUM is None, reason="no Chromium on this machine")


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


def test_a_telephone_scrolls_down_only(show, site, run_page):
    page, wide = show(run_page, width=390, locale="fr-FR"), []
    for path in [run_page, *(site / name for name in PAGES)]:
        page.goto(path.as_uri())
        page.eval_on_selector_all("details", "all => all.forEach((d) => (d.open = true))")
        if page.evaluate("document.documentElement.scrollWidth") != 390:
            wide.append(path)
    assert wide == []


@pytest.mark.parametrize("locale, lands", [("ko-KR", "ko/"), ("en-GB", "en/"), ("fr-FR", "")])
def test_the_first_page_follows_the_browsers_language(show, site, locale, lands):
    page = show(site / "index.html", locale=locale)
    page.wait_for_url(f"{site.as_uri()}/{lands}index.html")
    assert not lands or page.title() == soup(site / f"{lands}index.html").title.text


def test_the_twin_opens_at_the_same_section(show, site):
    page = show(site / "ko" / "03_decoding.html")
    heading = soup(site / "ko" / "03_decoding.html").find_all("h2")[4]["id"]
    page.locator(f"[id='{heading}']").evaluate("h => h.scrollIntoView()")
    page.locator("a.twin").evaluate("link => link.click()")
    page.wait_for_url(f"{(site / 'en' / '03_decoding.html').as_uri()}#{heading}")
