"""Where the pages will stand on the web, for crawlers."""

import tomllib

from tools.notebooks import ROOT
from tools.one_language import LANGUAGES


def address():
    """owner/name of the repository, which pyproject.toml names."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return project["urls"]["Repository"].removeprefix("https://github.com/")


def base():
    """Where the site will stand: the repository's own pages."""
    owner, name = address().split("/")
    return f"https://{owner}.github.io/{name}/"


def alternates(path):
    """The same page in each language, by language."""
    file = path.partition("/")[2] or "index.html"
    pages = {code: f"{code}/{file}" for code in LANGUAGES}
    return pages | ({"x-default": ""} if file == "index.html" else {})


def sitemap(paths):
    """The list of pages for crawlers, each with its twin."""
    urls = []
    for path in paths:
        others = "".join(
            f'<xhtml:link rel="alternate" hreflang="{code}" href="{base()}{other}"/>'
            for code, other in alternates(path).items()
        )
        urls.append(f"<url><loc>{base()}{path}</loc>{others}</url>\n")
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
        ' xmlns:xhtml="http://www.w3.org/1999/xhtml">\n' + "".join(urls) + "</urlset>\n"
    )
