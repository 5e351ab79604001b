"""Run the lessons without a browser.

    python -m tools.notebooks run      with whatever DINO this machine has, into outputs/
    python -m tools.notebooks store    with the embedded DINO, back into notebooks/

Add paths to take only those lessons. `run` leaves notebooks/ untouched; `store` is how the pictures
and texts that readers see on the web, and that the tests compare, come about.
"""

import atexit
import base64
import copy
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbconvert import HTMLExporter
from nbconvert.preprocessors import CoalesceStreamsPreprocessor
from PIL import Image

from bilingual import console

ROOT = Path(__file__).resolve().parents[1]
LESSONS = ROOT / "notebooks"
OUTPUTS = ROOT / "outputs"
FULL = 490_000  # letters of a lesson; GitHub and a reader's line like it no larger
SCALES = (1.4, 1.2, 1.0)  # stored pixels a pixel of the page, the first that keeps a lesson small
LARGE = 50_000  # letters of a stored PNG; those of photos are larger, those of curves are not
CELL_TIMEOUT = 600  # seconds; a first download of the real DINO happens inside a cell


def hub_off():
    """Cut this process and its kernels off from the hub, its cache, and the user's own choices.

    What the lessons print and draw then depends on this repository alone.
    """
    for name in ("DINO_MODEL", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "MPLBACKEND"):
        os.environ.pop(name, None)
    os.environ["DINO_LANGUAGE"] = "both"  # whatever outputs/ remembers
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as in deploy/lab.py
    os.environ["HF_HOME"] = empty = tempfile.mkdtemp(prefix="dino-no-hub-")
    os.environ["DINO_OUTPUTS"] = os.path.join(empty, "outputs")  # no answers of earlier days
    atexit.register(shutil.rmtree, empty, ignore_errors=True)


class Client(NotebookClient):
    """A client without widgets: what an Output widget shows lands in the cell itself.

    nbval sees it there too, and so can readers on GitHub, where no widget runs.
    """

    def handle_comm_msg(self, *args):
        pass

    def clear_output(self, *args):
        pass


def client(nb, path):
    """A ``Client`` that runs a notebook in its file's folder."""
    return Client(
        nb,
        timeout=CELL_TIMEOUT,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        store_widget_state=False,
        record_timing=False,
        extra_arguments=["--log-level=ERROR"],  # no word on how the kernel is wired up
    )


def execute(path):
    """Run one notebook in its own folder and return it with its outputs."""
    nb = nbformat.read(path, as_version=4)
    client(nb, path).execute()
    return nb


def tidy(nb, scale=SCALES[0]):
    """Drop, in place, what differs from run to run or machine to machine; see ``light``."""
    nb.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for cell in nb.cells:
        for name in ("execution", "collapsed", "scrolled"):
            cell.metadata.pop(name, None)
        # A progress bar writes itself over and over; what is left on a page is its last word.
        CoalesceStreamsPreprocessor().preprocess_cell(cell, {}, 0)
        for output in cell.get("outputs", []):
            # A stored view of a widget is a reference to state that we do not store.
            data = output.get("data", {})
            data.pop("application/vnd.jupyter.widget-view+json", None)
            if "image/jpeg" in data:  # of our figures; the PNG is matplotlib's, half as sharp
                for twice in (data, output.get("metadata", {})):
                    twice.pop("image/png", None)
            for kind in ("image/png", "image/jpeg"):
                if len(data.get(kind, "")) > LARGE:
                    data["image/jpeg"] = light(data.pop(kind), scale)
                    if kind in output.get("metadata", {}):
                        output.metadata["image/jpeg"] = output.metadata.pop(kind)
                    break


def light(picture, scale=SCALES[0]):
    """A stored picture (base64) as a smaller JPEG, for a light repository.

    Figures have two pixels for each pixel of the page; with `scale`, 1.4, they still look sharp.
    """
    file = io.BytesIO()
    with Image.open(io.BytesIO(base64.b64decode(picture))) as shown:
        size = [round(side * scale / 2) for side in shown.size]
        shown = shown.convert("RGB").resize(size, Image.Resampling.LANCZOS)
    shown.save(file, "JPEG", quality=80, optimize=True)
    return base64.b64encode(file.getvalue()).decode()


def stored(path):
    """A lesson's bytes as `store` left them: git's, where Jupyter has saved a reader's work there.

    Jupyter names its version of Python in what it saves; `tidy` takes that out. Without git, or
    where that is what was committed, the file is all there is.
    """
    data = path.read_bytes()
    if "version" in json.loads(data)["metadata"].get("language_info", {}) and shutil.which("git"):
        git = subprocess.run(
            ["git", "show", f":./{path.name}"], cwd=path.parent, capture_output=True
        )
        data = git.stdout or data
    return data


def as_html(nb, path):
    """Write an executed notebook as one HTML page that holds its pictures."""
    exporter = HTMLExporter(embed_images=True)
    resources = {"metadata": {"path": str(LESSONS), "name": path.stem}}
    page, _ = exporter.from_notebook_node(nb, resources)
    path.write_text(page, encoding="utf-8")


def run(path):
    """Execute one lesson into outputs/; return the paths written."""
    nb = execute(path)
    OUTPUTS.mkdir(exist_ok=True)
    whole, page = OUTPUTS / path.name, OUTPUTS / f"{path.stem}.html"
    nbformat.write(nb, whole)
    as_html(nb, page)
    return [whole, page]


def store(path):
    """Execute one lesson and put its outputs into it; return the paths written."""
    nb = execute(path)
    for scale in SCALES:
        small = copy.deepcopy(nb)
        tidy(small, scale)
        if len(nbformat.writes(small)) < FULL:
            break
    nbformat.write(small, path)
    return [path]


def main(command, *paths):
    """Do one command on all or the given lessons; return the number of lessons that failed."""
    console.prepare()
    work = {"run": run, "store": store}[command]
    if command == "store":
        hub_off()
    failed = 0
    for path in [Path(p).resolve() for p in paths] or sorted(LESSONS.glob("*.ipynb")):
        start = time.monotonic()
        print(f"{path.name} ...", flush=True)
        try:
            written = work(path)
        except CellExecutionError as error:
            failed += 1
            print(f"  실패 / failed:\n{error}")
            continue
        seconds = time.monotonic() - start
        for file in written:
            size = file.stat().st_size / 1024
            print(f"  -> {os.path.relpath(file)}  ({size:.0f} KB, {seconds:.0f} s)", flush=True)
    return failed


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in ("run", "store"):
        sys.exit(__doc__)
    sys.exit(min(main(*sys.argv[1:]), 1))
