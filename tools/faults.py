"""The READMEs' table of what was tried and what happened, made by the tests.

    python tools/faults.py      run the tests that tell of a fault, and write the table anew

A test tells by its ``fault`` fixture, after its asserts and in the words of what it just saw. In
any other run of the tests the same call holds the table to it: a row that is missing fails.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RECORD = "DINO_RECORD"  # the folder that rows are written to, one file each, while recording
READMES = {"ko": ROOT / "README.ko.md", "en": ROOT / "README.md"}
HEADS = {"ko": ("해 본 일", "결과", "테스트"), "en": ("tried", "what happened", "test")}
START, END = "<!-- faults:start -->", "<!-- faults:end -->"


def row(*cells):
    """A line of a Markdown table."""
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


def told(test, tried, happened):
    """Record one row, or else hold the table in both READMEs to it.

    Parameters
    ----------
    test : str
        Name of the test function.
    tried, happened : tuple of str
        In Korean and in English.
    """
    if folder := os.environ.get(RECORD):
        number = len(os.listdir(folder))
        told = json.dumps([test, tried, happened], ensure_ascii=False)
        Path(folder, f"{number:03}.json").write_text(told, encoding="utf-8")
        return
    for i, readme in enumerate(READMES.values()):
        line = row(tried[i], happened[i], f"`{test}`")
        assert line in readme.read_text("utf-8"), f"run `make faults`: {readme.name} lacks {line}"


def table(readme):
    """The rows of the table in a README: (tried, happened, test) each."""
    text = readme.read_text("utf-8").partition(START)[2].partition(END)[0]
    lines = text.strip().split("\n")[2:]
    return [re.split(r" (?<!\\)\| ", line[2:-2]) for line in lines]


def write(folder):
    """Write the table into both READMEs from the rows in a folder; returns how many there are."""
    rows = [json.loads(path.read_text("utf-8")) for path in sorted(Path(folder).iterdir())]
    for i, (language, readme) in enumerate(READMES.items()):
        lines = [row(tried[i], happened[i], f"`{test}`") for test, tried, happened in rows]
        lines = [row(*HEADS[language]), "|---|---|---|", *dict.fromkeys(lines)]  # each line once
        before, _, rest = readme.read_text("utf-8").partition(START)
        text = "\n".join([before + START, "", *lines, "", END + rest.partition(END)[2]])
        readme.write_text(text, encoding="utf-8")
    return len(lines) - 2


def main():
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "tests"]
        done = subprocess.run(command, cwd=ROOT, env={**os.environ, RECORD: folder})
        if done.returncode:
            return done.returncode
        print(f"{write(folder)} rows")
    return 0


if __name__ == "__main__":
    sys.exit(main())
