"""The pages of the site, and what stands beside them: style, pictures, and words for crawlers."""

import base64
import io
import re
import shutil
import subprocess
import sys
import textwrap

import jinja2
import nbformat
from PIL import Image

from explorer.export import START
from tools.notebooks import LESSONS, ROOT, tidy
from tools.one_language import LANGUAGES, in_one_language

from .glossary import terms
from .lesson import HERE, cells
from .look import style
from .run import execute
from .web import address, alternates, base, sitemap
from .words import NAMES, WORDS, readme

PICTURE, MOVING = "readme.jpg", "readme.webp"
THUMBNAIL = 400  # pixels
TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(HERE / "template"), autoescape=True, keep_trailing_newline=True
)


def build(out, stored=False):
    """Write the whole site into a folder of its own; yields each page's Path as it is written.

    What an earlier build left there is removed. `stored` takes the outputs in notebooks/ instead of
    running the lessons.
    """
    surroundings(out)
    for language in LANGUAGES:
        pictures(out / language / "images", language, stored)
        notebooks = {p: in_one_language(nbformat.read(p, 4), language) for p in lessons()}
        entries = [entry(path, nb, language) for path, nb in notebooks.items()]
        for i, (path, nb) in enumerate(notebooks.items()):
            if stored:
                unnamed(nb)
            else:
                execute(nb, path)
                tidy(nb)
            beside = {
                "previous": entries[i - 1] if i else None,
                "next": entries[i + 1] if i + 1 < len(entries) else None,
            }
            yield lesson_page(nb, path.stem, language, out, **beside)
        yield index_page(entries, language, out)
        yield glossary_page(language, out)
    yield root_page(out)


def surroundings(out):
    """Write what the pages need beside them, and what crawlers look for."""
    if out.exists() and any(out.iterdir()) and not (out / "sitemap.xml").exists():
        raise SystemExit(
            f"다른 파일이 든 폴더에는 쓰지 않습니다. 빈 폴더를 고르세요: {out}\n"
            f"There are other files in this folder; choose an empty one: {out}"
        )
    for language in LANGUAGES:
        shutil.rmtree(out / language, ignore_errors=True)
        (out / language / "images").mkdir(parents=True)
    (out / "style.css").write_text(style(), encoding="utf-8")
    files = ["index.html", "glossary.html", *(f"{path.stem}.html" for path in lessons())]
    paths = ["", *(f"{language}/{file}" for language in LANGUAGES for file in files)]
    (out / "sitemap.xml").write_text(sitemap(paths), encoding="utf-8")
    (out / "robots.txt").write_text(f"User-agent: *\nAllow: /\nSitemap: {base()}sitemap.xml\n")


def pictures(folder, language, stored):
    """Copy the picture of each lesson, or draw it in one language."""
    if stored:
        for picture in (PICTURE, MOVING, *(f"payoff_{path.name[:2]}.jpg" for path in lessons())):
            shutil.copy(ROOT / "images" / picture, folder)
    else:  # in a process of its own: what this one prints and draws has no language
        command = [sys.executable, "-m", "tools.make_payoffs", str(folder), language]
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    for path in folder.glob("payoff_*.jpg"):  # the start page shows them small
        with Image.open(path) as picture:
            picture.thumbnail((THUMBNAIL, THUMBNAIL))
            picture.save(folder / path.name.replace("payoff", "small"), quality=80)


def lessons():
    """The lessons' files, in order."""
    return sorted(LESSONS.glob("*.ipynb"))


def entry(path, nb, language):
    """What other pages say of a lesson."""
    aim, minutes = readme(language)["lessons"][path.stem]
    return {
        "file": f"{path.stem}.html",
        "title": nb.cells[0].source.split("\n")[0].removeprefix("# "),
        "picture": f"small_{path.name[:2]}.jpg",
        "aim": aim,
        "minutes": minutes,
    }


def unnamed(nb):
    """Take from stored pictures their words, which are of both languages; a section's stand in."""
    for cell in nb.cells:
        for output in cell.get("outputs", []):
            for about in output.get("metadata", {}).values():
                if isinstance(about, dict):
                    about.pop("alt", None)
            if page := output.get("data", {}).get("text/html"):
                output.data["text/html"] = re.sub(r'(<img\b[^>]*?) alt="[^"]*"', r'\1 alt=""', page)


def lesson_page(nb, name, language, out, previous=None, next=None):
    """Write one lesson and its figures; returns the page's Path."""
    soup, pictures = cells(nb, name, language, address())
    for path, data in pictures.items():
        (out / language / path).parent.mkdir(parents=True, exist_ok=True)
        (out / language / path).write_bytes(data)
    for img in soup.find_all("img"):  # its size, so that the text does not jump as it comes
        kind, _, data = img["src"].partition(";base64,")  # of a moving picture, written as HTML
        file = io.BytesIO(base64.b64decode(data)) if data else out / language / img["src"]
        with Image.open(file) as picture:
            for side, pixels in zip(("width", "height"), picture.size):
                img[side] = img.get(side, pixels)
    return write(
        "lesson",
        out,
        language,
        f"{name}.html",
        title=f"{soup.h1.text} | {readme(language)['title']}",  # before the h1 is taken out
        description=beginning(soup),
        picture=f"payoff_{name[:2]}.jpg",
        head=str(soup.h1.find_parent(attrs={"data-cell": True}).extract()),
        body=str(soup),
        contents=[(h2["id"], h2.text) for h2 in soup.find_all("h2")],
        explorer=START.read_text("utf-8") if soup.select(".live") else "",
        previous=previous,
        next=next,
    )


def index_page(entries, language, out):
    """Write the list of lessons in one language; returns its Path."""
    text = readme(language)
    with Image.open(out / language / "images" / PICTURE) as picture:
        size = picture.size
    return write(
        "lessons",
        out,
        language,
        "index.html",
        title=text["title"],
        description=text["intro"],
        picture=PICTURE,
        moving=MOVING,
        readme=text,
        lessons=entries,
        size=size,
    )


def glossary_page(language, out):
    """Write what the terms mean, in one language; returns the page's Path."""
    words = WORDS[language]
    return write(
        "glossary",
        out,
        language,
        "glossary.html",
        title=f"{words['glossary']} | {readme(language)['title']}",
        description=words["terms"],
        picture=PICTURE,
        terms=terms(language, address()),
    )


def root_page(out):
    """Write the page that leads to both languages; returns its Path."""
    readmes = {code: readme(code) for code in LANGUAGES}
    return write(
        "root",
        out,
        None,
        "index.html",
        title=" · ".join(r["title"] for r in readmes.values()),
        description=" ".join(r["intro"] for r in readmes.values()),
        picture=PICTURE,
        readmes=readmes,
    )


def write(template, out, language, file, **values):
    """Fill in a template; ``language`` None is the page of both."""
    if language:
        other = next(code for code in LANGUAGES if code != language)
        values["site"] = readme(language)["title"]
        values["words"] = WORDS[language]
        values["twin"] = {"language": other, "file": file, "words": NAMES[other]}
    path = f"{language}/{file}" if language else ""
    values["description"] = textwrap.shorten(values["description"], 200, placeholder=" …")
    html = TEMPLATES.get_template(f"{template}.html.j2").render(
        language=language or LANGUAGES[0],
        path=path,
        base=base(),
        address=address(),
        alternates=alternates(path),
        up="../" if language else "",
        **values,
    )
    page = out / (path or file)
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(html, encoding="utf-8")
    return page


def beginning(soup):
    """The first paragraph of a lesson's prose, in plain text."""
    return next((p.text for p in soup.select(".prose p") if p.text.strip()), "")
