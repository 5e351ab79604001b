"""How a rule reads a notebook: cells and their languages, outputs, pictures and links."""

import re

import nbformat

LANGUAGES = ("ko", "en")


def read(path):
    nb = nbformat.read(path, as_version=4)
    nb.metadata["name"] = path.name
    return nb


def language(cell):
    """'ko', 'en' or None (headings, links to launch it, code)."""
    tags = cell.metadata.get("tags", [])
    return next((lang for lang in LANGUAGES if f"lang-{lang}" in tags), None)


def code_cells(nb):
    return [cell for cell in nb.cells if cell.cell_type == "code"]


def prose(nb):
    """(cell number, language, source) of every tagged cell."""
    return [(i, language(c), c.source) for i, c in enumerate(nb.cells) if language(c)]


def code_length(cell):
    """Lines that are neither blank nor a comment."""
    lines = (line.strip() for line in cell.source.splitlines())
    return sum(1 for line in lines if line and not line.startswith("#"))


def setups(notebooks):
    """The different setup cells among some notebooks."""
    return {code_cells(nb)[0].source for nb in notebooks}


def outputs(nb, mime):
    return [
        (i, output)
        for i, cell in enumerate(nb.cells)
        for output in cell.get("outputs", [])
        if mime in output.get("data", {})
    ]


IMAGE = re.compile(r"!\[(?P<alt>[^\]]*)\]\((?P<url>[^)\s]+)[^)]*\)")
IMAGE_HTML = re.compile(r"<img\b[^>]*>")
LINK = re.compile(r"(?<!!)\[(?:[^\[\]]|!\[[^\]]*\]\([^)]*\))*\]\((?P<url>[^)\s]+)[^)]*\)")
CODE = re.compile(r"```.*?```|`[^`\n]+`", re.S)


def attribute(name, tag):
    found = re.search(rf'\b{name}\s*=\s*"([^"]*)"', tag)
    return found.group(1) if found else ""


def images(source):
    """(alt, url) of every picture in a Markdown source."""
    text = CODE.sub(" ", source)
    return [(m["alt"], m["url"]) for m in IMAGE.finditer(text)] + [
        (attribute("alt", tag), attribute("src", tag)) for tag in IMAGE_HTML.findall(text)
    ]


def links(source):
    text = CODE.sub(" ", source)
    return [m["url"] for m in LINK.finditer(text)] + re.findall(r'<a\b[^>]*\bhref="([^"]+)"', text)
