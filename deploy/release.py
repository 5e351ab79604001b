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
import zipfile
from pathlib import Path

from bilingual import console, say
from tools import unopened

from . import settings

SITE = settings.ROOT / "outputs" / "site"
OUT = settings.ROOT / "outputs" / "release"
LOADS = re.compile(r"""(?:\bsrc=|<link[^>]+href=|url\()\s*["']?(https?://[^"')\s>]+)""")
LESSON = """
from pathlib import Path
from tools import notebooks
outputs = [o for c in notebooks.execute(Path("notebooks/00_start.ipynb").absolute()).cells
           for o in c.get("outputs", [])]
assert any(kind.startswith("image/") for o in outputs for kind in o.get("data", {}))
"""


def make(out=OUT, site=SITE):
    """Write the zip: what git knows of, and the pages in a folder of their own; its Path."""
    name = f"{settings.NAME}-{settings.project()['version']}"
    out.mkdir(parents=True, exist_ok=True)
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    known = subprocess.check_output(listing, cwd=settings.ROOT).decode().split("\0")
    files = {file: settings.ROOT / file for file in known if not file.startswith((".ci", ".git"))}
    files |= {f"site/{file.relative_to(site).as_posix()}": file for file in site.rglob("*")}
    with zipfile.ZipFile(out / f"{name}.zip", "w", zipfile.ZIP_DEFLATED) as made:
        for file in sorted(file for file in files if files[file].is_file()):
            if file.startswith("notebooks/") and file.endswith(".ipynb"):
                made.writestr(f"{name}/{file}", unopened.text(files[file]))  # guesses to be made
            else:
                made.write(files[file], f"{name}/{file}")
    return out / f"{name}.zip"


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
        python, picture = [*offline(), sys.executable], Path(folder) / "picture.png"
        draw = [*python, "-m", "helpers", "images/cat.jpg", "--out", picture]
        how = {"cwd": home, "env": environment, "capture_output": True, "text": True}
        for command in (draw, [*python, "-c", LESSON]):
            done = subprocess.run(command, **how)
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
    console.prepare()
    path = make()
    print(f"-> {os.path.relpath(path)}  ({path.stat().st_size / 1e6:.0f} MB)", flush=True)
    if not SITE.exists():
        print(say("웹 페이지가 없습니다. 먼저 make site", "It has no web pages: make site first"))
    wrong = attempt(path)
    print("\n".join(wrong) or say("인터넷 없이 열렸습니다.", "It works without the internet."))
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
