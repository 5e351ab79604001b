"""The whole tutorial as web pages, in Korean and in English.

python -m tools.site             run every lesson in both languages, into outputs/site/
python -m tools.site --stored    take the outputs stored in notebooks/: quick, but its figures
                                 are in both languages and its explorers are pictures

--out FOLDER                     another place to write to
"""

import argparse
import os
import sys
import time
from pathlib import Path

from nbclient.exceptions import CellExecutionError

from bilingual import console
from tools.notebooks import OUTPUTS, hub_off

from .build import build


def main(*arguments):
    """Build the site; return 1 if a lesson failed."""
    console.prepare()
    parser = argparse.ArgumentParser("python -m tools.site", description=__doc__.split("\n")[0])
    parser.add_argument("--stored", action="store_true", help="take the outputs that are stored")
    parser.add_argument("--out", type=Path, default=OUTPUTS / "site", metavar="FOLDER")
    options = parser.parse_args(arguments)
    start = last = time.monotonic()
    hub_off()
    try:
        for page in build(options.out, options.stored):
            now = time.monotonic()
            size = page.stat().st_size / 1024
            print(f"  {os.path.relpath(page)}  ({size:.0f} KB, {now - last:.0f} s)", flush=True)
            last = now
    except CellExecutionError as error:
        print(f"  실패 / failed:\n{error}")
        return 1
    total = sum(f.stat().st_size for f in options.out.rglob("*") if f.is_file()) / 1e6
    print(f"-> {os.path.relpath(options.out)}/index.html  ({total:.1f} MB, {last - start:.0f} s)")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
