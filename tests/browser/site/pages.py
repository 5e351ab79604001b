"""The site's pages by name, and what stands in one."""

import copy
import functools
import re

from bs4 import BeautifulSoup

from tools.notebooks import LESSONS

NAMES = [path.stem for path in sorted(LESSONS.glob("*.ipynb"))]
READ = [f"{code}/{name}.html" for code in ("ko", "en") for name in NAMES]
GLOSSARIES = ["ko/glossary.html", "en/glossary.html"]
PAGES = ["index.html", "ko/index.html", "en/index.html", *GLOSSARIES, *READ]
HANGUL = re.compile("[\u3131-\u318e\uac00-\ud7a3]")


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
