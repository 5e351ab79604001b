"""Hold the lessons to it that a second time is as the first.

    python -m tools.repeat nbval    strict nbval three times with one thread, three times with two
    python -m tools.repeat twice    Run All twice in one kernel, in a copy of this checkout
    python -m tools.repeat here     the same without a copy; writes into outputs/

Add paths to take only those lessons. The copy's path has spaces and Hangul in it, and some files of
somebody else's: no lesson may write outside outputs/, or touch a file that is not its own.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # it may run from anywhere

import nbformat  # noqa: E402
from nbclient.exceptions import CellExecutionError  # noqa: E402
from nbconvert.preprocessors import CoalesceStreamsPreprocessor  # noqa: E402

from bilingual import console  # noqa: E402
from tools.notebooks import LESSONS, ROOT, client, hub_off  # noqa: E402

TIMES, THREADS = 3, (1, 2)
MADE_BY_PYTHON = ("__pycache__", ".ipynb_checkpoints", ".pytest_cache")
LEFT_OUT = (".git", ".venv", "outputs", ".*_cache", "*.egg-info", *MADE_BY_PYTHON)
# Whose files these are: the reader's.
DECOYS = ("outputs/mine.txt", "outputs/answers/old.json", "notebooks/사진 (1).jpg", "images/me.jpg")


def copy_checkout(folder):
    """Copy this checkout, without what was made in it; its Path, with spaces and Hangul in it."""
    copy = Path(folder) / "내 수업 (사본 1)"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*LEFT_OUT))
    for decoy in DECOYS:
        (copy / decoy).parent.mkdir(parents=True, exist_ok=True)
        (copy / decoy).write_text(f"{decoy} is the reader's own\n", encoding="utf-8")
    return copy


def tree(folder):
    """Path → contents of every file below a folder, but for what Python itself writes."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(Path(folder).rglob("*"))
        if path.is_file() and not any(part in MADE_BY_PYTHON for part in path.parts)
    }


def touched(before, after):
    """What a lesson must not have done, in words; its own files below outputs/ are its business."""
    strange = {name for name in after.keys() - before.keys() if not name.startswith("outputs/")}
    changed = {name for name in before.keys() & after.keys() if before[name] != after[name]}
    return (
        [f"wrote {name}" for name in sorted(strange)]
        + [f"changed {name}" for name in sorted(changed)]
        + [f"removed {name}" for name in sorted(before.keys() - after.keys())]
    )


def twice(path):
    """Run All twice in one kernel; what went wrong, in words, a list of lines.

    That is cells that failed, and those whose text was another one the second time, unless nbval,
    too, is told not to look at it. The notebook stays as it is.
    """
    nb = nbformat.read(path, as_version=4)
    running, texts = client(nb, path), []
    with running.setup_kernel():
        for time_ in ("first", "second"):
            try:
                for i, cell in enumerate(nb.cells):
                    running.execute_cell(cell, i)
            except CellExecutionError as error:
                return [f"{time_} time, cell {i}: {error.ename}: {error.evalue}"]
            texts.append([_text(cell) for cell in nb.cells])
    return [
        f"cell {i} said at first {first!r} and then {second!r}"
        for i, (first, second) in enumerate(zip(*texts))
        if first != second
    ]


def _text(cell):
    if cell.cell_type != "code" or "nbval-ignore-output" in cell.metadata.get("tags", []):
        return ""
    CoalesceStreamsPreprocessor().preprocess_cell(cell, {}, 0)  # of what counts, its last word
    said = (o.get("text") or o.get("data", {}).get("text/plain", "") for o in cell.outputs)
    return "".join(said)


def nbval(path, threads):
    """Whether a lesson's outputs come out again to the letter; and the seconds it took."""
    start = time.monotonic()
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(path)]
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode:
        print(done.stdout[-3000:])
    return done.returncode == 0, time.monotonic() - start


def main(command, *paths):
    """Do one command on all or the given lessons; return the number of problems."""
    console.prepare()
    paths = [Path(p).resolve() for p in paths] or sorted(LESSONS.glob("*.ipynb"))
    hub_off()
    found = 0
    if command == "nbval":
        for path in paths:
            for threads in THREADS:
                runs = [nbval(path, threads) for _ in range(TIMES)]
                found += sum(not same for same, _ in runs)
                marks = " ".join(f"{'same' if same else 'OTHER'} ({s:.0f} s)" for same, s in runs)
                print(f"{path.name}, OMP_NUM_THREADS={threads}: {marks}", flush=True)
        return found
    del os.environ["DINO_OUTPUTS"]  # so that lessons write where they do for a reader
    with contextlib.ExitStack() as stack:
        if command == "twice":
            copy = copy_checkout(stack.enter_context(tempfile.TemporaryDirectory()))
            paths = [copy / "notebooks" / path.name for path in paths]
        for path in paths:
            before = tree(path.parents[1])
            problems = twice(path)
            problems += touched(before, tree(path.parents[1])) if command == "twice" else []
            found += len(problems)
            print(f"{path.name}: {'; '.join(problems) or 'twice the same'}", flush=True)
    return found


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in ("nbval", "twice", "here"):
        sys.exit(__doc__)
    sys.exit(min(main(*sys.argv[1:]), 1))
