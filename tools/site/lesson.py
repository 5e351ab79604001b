"""One lesson as HTML: nbconvert makes it, and what the web wants beyond that is put in here."""

import re
from pathlib import Path

from bs4 import BeautifulSoup
from jinja2 import pass_context
from latex2mathml.converter import convert as mathml
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from traitlets.config import Config

from tools.one_language import SWITCH
from tools.unopened import guessed

from .words import WORDS

HERE = Path(__file__).resolve().parent
WIDGET = re.compile(r"\w+\((children|value)=")  # how ipywidgets name themselves in plain text


class Renderer(IPythonRenderer):
    """Markdown with its formulas as MathML, which browsers draw themselves."""

    def inline_math(self, body):
        return mathml(body)

    def block_math(self, body):
        return mathml(body, display="block")


class Exporter(HTMLExporter):
    """The cells of a lesson, without a page around them; its pictures become files."""

    def __init__(self):
        config = Config()
        kinds = ["text/html", "image/jpeg", "image/png", "text/plain"]
        config.NbConvertBase.display_data_priority = kinds
        config.ExtractOutputPreprocessor.enabled = True
        config.ExtractOutputPreprocessor.extract_output_types = {"image/jpeg", "image/png"}
        super().__init__(
            config=config, template_name="template", extra_template_basedirs=[str(HERE)]
        )

    @pass_context
    def markdown2html(self, context, source):
        return str(markdown(source))


def markdown(source):
    """Markdown as HTML, its formulas as MathML."""
    renderer = Renderer(escape=False, exclude_anchor_links=True)
    return BeautifulSoup(MarkdownWithMath(renderer=renderer).render(source), "html.parser")


def cells(nb, name, language, address):
    """A lesson's cells as HTML, and its pictures' bytes by path, relative to the page.

    The notebook is in one language and is changed in place; `name` is its file's, without ending;
    `address` is owner/name of the repository, where files are that are not on the site.
    """
    for cell in nb.cells:
        if cell.cell_type == "markdown":
            cell.source = cell.source.replace("lab/tree/notebooks/", f"lab/tree/{language}/")
        elif SWITCH in cell.source or 'setup(language="' in cell.source:
            cell.outputs = []  # how to change the language of a notebook: not here
    resources = {"unique_key": name, "output_files_dir": "figures"}
    body, resources = Exporter().from_notebook_node(nb, resources)
    soup = BeautifulSoup(body, "html.parser")
    launch(soup, language)
    links(soup, address)
    headings(soup)
    tables(soup, language)
    widgets(soup, nb, language)
    results(soup, nb, language)
    describe(soup, language)
    return soup, {path.replace("\\", "/"): data for path, data in resources["outputs"].items()}


def launch(soup, language):
    """The links below the title, with a word on what they are for."""
    paragraph = soup.h1.find_next_sibling("p")
    nav = soup.new_tag("nav", attrs={"class": "run", "aria-label": WORDS[language]["run"]})
    nav.append(f"{WORDS[language]['run']}:")
    for link in paragraph.find_all("a"):
        nav.extend([" ", link.extract()])
    paragraph.replace_with(nav)


def links(soup, address):
    """A lesson is a page here, with its pictures; the repository's other files are on GitHub."""
    for picture in soup.find_all("img"):
        picture["src"] = picture["src"].removeprefix("../")
    for link in soup.find_all("a", href=True):
        link["href"] = re.sub(r"^\.\./docs/glossary\.md", "glossary.html", link["href"])
        link["href"] = re.sub(r"^(\.\./notebooks/)?(\d\d_\w+)\.ipynb", r"\2.html", link["href"])
        link["href"] = re.sub(r"^\.\./", f"https://github.com/{address}/blob/main/", link["href"])


def headings(soup):
    """Names to link to, the same in both languages."""
    for heading in soup.find_all("h2"):
        heading["id"] = heading.find_parent(attrs={"data-cell": True})["data-cell"]


def tables(soup, language):
    """A wide table scrolls by itself, with the arrow keys, too; for that it needs a name."""
    for number, table in enumerate(soup.find_all("table"), 1):
        name = WORDS[language]["table"].format(table.find_previous(["h1", "h2"]).text, number)
        name = table.caption.text if table.caption else name
        wide = {"class": "wide", "role": "region", "tabindex": "0", "aria-label": name}
        table.wrap(soup.new_tag("div", attrs=wide))


def widgets(soup, nb, language):
    """An explorer works in the page; another widget says that it needs Python."""
    words = WORDS[language]
    binder = soup.find("a", href=re.compile("mybinder"))

    def note(text):
        tag = soup.new_tag("p", attrs={"class": "note"})
        link = soup.new_tag("a", href=binder["href"])
        link.string = words["binder"]
        tag.extend([f"{text} ", link])
        return tag

    for pre in soup.select(".output > pre"):
        if WIDGET.match(pre.text):
            pre.replace_with(note(words["widget"]))
    for cell in nb.cells:
        shown = [o for o in cell.get("outputs", []) if o.get("data", {}).get("text/plain")]
        if not any(o.data["text/plain"].startswith("<explorer: ") for o in shown):
            continue
        picture = soup.find(id=cell.id).select_one(".output img")
        if "explorer" not in cell.metadata:
            picture.insert_after(note(words["still"]))
            continue
        live = soup.new_tag("div", attrs={"class": "live"})
        traits = soup.new_tag("script", type="application/json", attrs={"class": "dino-traits"})
        traits.string = cell.metadata["explorer"]
        picture.wrap(soup.new_tag("noscript")).wrap(live)
        live.append(traits)


def results(soup, nb, language):
    """What lies below a guess opens when asked for; what is guessed about stays in sight."""
    for cell in guessed(nb):
        shown = soup.find(id=cell.id).select(".output")
        if not shown or "predict." in cell.source or "checks." in cell.source:
            continue
        fold = shown[0].wrap(soup.new_tag("details", attrs={"class": "result"}))
        fold.extend(shown[1:])
        fold.insert(0, soup.new_tag("summary"))
        fold.summary.string = WORDS[language]["result"]


def describe(soup, language):
    """Every picture has words: its own, or else the section it is in and its number there."""
    count = {}
    for picture in soup.find_all("img"):
        heading = picture.find_previous(["h1", "h2"])
        count[heading.text] = count.get(heading.text, 0) + 1
        if not picture.get("alt"):
            words = WORDS[language]["figure"]
            picture["alt"] = words.format(heading.text, count[heading.text])
        picture["loading"] = "lazy"
