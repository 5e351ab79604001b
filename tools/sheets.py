"""The students' sheets as pages to print: one A4 page a lesson and language, of 12 two.

    python -m tools.sheets [FOLDER]      into outputs/sheets/ otherwise

Makes an HTML file of each docs/*/sheets/*.md and, where there is a Chromium, a PDF.
"""

import os
import re
import shutil
import sys
from pathlib import Path

from bilingual import console
from tools import lab
from tools.notebooks import OUTPUTS, ROOT
from tools.site.lesson import markdown

DOCS = ROOT / "docs"
PAGE = """<!DOCTYPE html>
<html lang="{language}">
<meta charset="utf-8">
<title>{title}</title>
<style>
@font-face {{ font-family: Nanum; src: url("NanumGothic-subset.ttf"); }}
@page {{ size: A4; margin: 12mm 16mm; }}
body {{ max-width: 178mm; margin: 0 auto; color: #000; background: #fff;
  font: 10pt/1.45 system-ui, "Noto Sans KR", "Malgun Gothic", "Apple SD Gothic Neo",
  NanumGothic, Nanum, sans-serif; word-break: keep-all; }}
h1 {{ font-size: 15pt; margin: 0 0 3mm; }}
h2 {{ font-size: 11.5pt; margin: 3.2mm 0 1.5mm; border-bottom: 0.4mm solid #000; }}
p {{ margin: 1.5mm 0; }}
table {{ width: 100%; border-collapse: collapse; table-layout: fixed; }}
th, td {{ border: 0.2mm solid #777; padding: 1mm 2mm; text-align: left; }}
td {{ height: 7.5mm; vertical-align: middle; }}
th:nth-child(-n+2) {{ width: 22%; }}
table.guess th {{ width: 30%; }}
table.guess th:first-child {{ width: 40%; }}
table.guess td {{ height: 10mm; }}
img {{ height: 46mm; margin-right: 10mm; }}
h2:has(+ p > img[src$=".jpg"]) {{ break-before: page; }}
body:has(img[src$=".jpg"]) li {{ min-height: 34mm; }}
img[src$=".jpg"] {{ width: 100%; height: auto; margin: 0; }}
ol {{ margin: 1.5mm 0; padding-left: 6mm; }}
li {{ min-height: 14mm; border-bottom: 0.2mm dotted #777; margin-bottom: 2mm; }}
</style>
{body}
</html>
"""


def sheets():
    """The sheets' files, by language."""
    return sorted(DOCS.glob("*/sheets/*.md"))


def page(path):
    """One sheet as a web page, which stands beside its pictures and its font."""
    soup = markdown(path.read_text("utf-8"))
    for picture in soup.find_all("img"):
        picture["src"] = picture["src"].rpartition("/")[2]
    words, guesses = soup.find_all("table")
    guesses["class"] = "guess"
    for cell in words.select("td:nth-child(2)"):
        cell["lang"] = "en" if path.parts[-3] == "ko" else "ko"
    return PAGE.format(language=path.parts[-3], title=soup.h1.text, body=soup)


def write(out):
    """Write all sheets into a folder; yields the Path of each HTML file."""
    for path in sheets():
        folder = out / path.parts[-3]
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "helpers" / "fonts" / "NanumGothic-subset.ttf", folder)
        for picture in re.findall(r"\]\((\S+\.(?:svg|jpg))\)", path.read_text("utf-8")):
            shutil.copy(path.parent / picture, folder)
        html = folder / f"{path.stem}.html"
        html.write_text(page(path), encoding="utf-8")
        yield html


def pages(pdf):
    """How many pages a PDF of Chromium's has."""
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


def main(out=OUTPUTS / "sheets"):
    console.prepare()
    out = Path(out)
    files = list(write(out))
    where = os.path.relpath(out)
    if lab.CHROMIUM is None:
        print(f"Chromium이 없습니다. {where}의 HTML 파일을 브라우저에서 인쇄하세요.")
        print(f"There is no Chromium: print the HTML files in {where} from a browser.")
        return 0
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = lab.launch(playwright)
        for html in files:
            tab = browser.new_page()
            tab.goto(html.resolve().as_uri())
            data = tab.pdf(prefer_css_page_size=True)
            html.with_suffix(".pdf").write_bytes(data)
            tab.close()
            print(f"  {os.path.relpath(html.with_suffix('.pdf'))}  ({pages(data)} p.)")
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
