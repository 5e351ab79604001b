"""One zip that a school copies by USB stick: the lessons, and the tutorial as web pages.

    python -m deploy.release        writes outputs/release/dino-tutorial-0.1.0.zip, and tries it

The pages come from outputs/site, which `make site` makes; without it the zip has none, and says so.
The try unpacks the zip into an empty folder and, with the network away where that can be done here
(``unshare``), draws a picture and runs lesson 00 from there; then it looks at what the pages load.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from pathlib import Path

from bilingual import say
from tools import unopened

from . import settings

SITE = settings.ROOT / "outputs" / "site"
OUT = settings.ROOT / "outputs" / "release"
LOADS = re.compile(r"""(?:\bsrc=|<link[^>]+href=|url\()\s*["']?(https?://[^"')\s>]+)""")
TRY = """
import nbformat, os
from nbclient import NotebookClient
nb = nbformat.read("notebooks/00_start.ipynb", as_version=4)
NotebookClient(nb, timeout=600, resources={"metadata": {"path": "notebooks"}}).execute()
outputs = [o for c in nb.cells for o in c.get("outputs", [])]
assert any(kind.startswith("image/") for o in outputs for kind in o.get("data", {}))
"""


def version():
    """The tutorial's, as in pyproject.toml."""
    text = (settings.ROOT / "pyproject.toml").read_text("utf-8")
    return tomllib.loads(text)["project"]["version"]


def make(out=OUT, site=SITE):
    """Write the zip: what git knows of, and the pages in a folder of their own.

    Returns
    -------
    Path
    """
    name = f"{settings.NAME}-{version()}"
    out.mkdir(parents=True, exist_ok=True)
    packed = out / f"{name}.zip"
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    files = subprocess.check_output(listing, cwd=settings.ROOT).decode().split("\0")
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as made:
        for file in sorted(filter(None, files)):
            path = settings.ROOT / file
            if file.startswith("notebooks/") and file.endswith(".ipynb") and path.is_file():
                made.writestr(f"{name}/{file}", unopened.text(path))  # guesses are still to be made
            elif path.is_file() and not file.startswith((".ci/", ".github/")):
                made.write(path, f"{name}/{file}")
        for file in sorted(site.rglob("*")):
            if file.is_file():
                made.write(file, f"{name}/site/{file.relative_to(site).as_posix()}")
    return packed


def attempt(path):
    """Use the zip as a school would, offline; returns what is wrong with it, a line each."""
    wrong = []
    with tempfile.TemporaryDirectory(prefix="dino-release-") as folder:
        with zipfile.ZipFile(path) as made:
            made.extractall(folder)
        (home,) = Path(folder).iterdir()
        for page in sorted((home / "site").rglob("*.html")):
            for address in {*LOADS.findall(page.read_text("utf-8"))}:
                wrong.append(f"{page.relative_to(home)} loads {address}")
        kept = ("PYTHONPATH", "HF_HUB_CACHE", "DINO_OUTPUTS", "DINO_MODEL")
        environment = {k: v for k, v in os.environ.items() if k not in kept}
        environment |= {"HF_HUB_OFFLINE": "1", "HF_HOME": str(Path(folder) / "none")}
        picture = Path(folder) / "picture.png"
        python = [*offline(), sys.executable]
        for command in (
            [*python, "-m", "helpers", "images/cat.jpg", "--out", picture],
            [*python, "-c", TRY],
        ):
            done = subprocess.run(
                command, cwd=home, env=environment, capture_output=True, text=True
            )
            if done.returncode:
                wrong.append(done.stderr[-2000:])
        if not picture.exists():
            wrong.append("no picture")
    return wrong


def offline():
    """What to put before a command so that it has no network but loopback; nothing if we can't."""
    enter = ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
    if shutil.which("unshare") and shutil.which("ip"):
        if not subprocess.run([*enter, "true"], capture_output=True).returncode:
            return enter
    return []


def main():
    path = make()
    size = path.stat().st_size / 1e6
    print(f"-> {os.path.relpath(path)}  ({size:.0f} MB)", flush=True)
    if not SITE.exists():
        print(say("웹 페이지가 없습니다. 먼저 make site", "It has no web pages: make site first"))
    wrong = attempt(path)
    print("\n".join(wrong) or say("인터넷 없이 열렸습니다.", "It works without the internet."))
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
