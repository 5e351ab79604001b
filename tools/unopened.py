"""Lessons for students: what a guess is about is not on the page before it was guessed.

    python -m tools.unopened notebooks         in place, as Binder's postBuild does in its own copy
    python -m tools.unopened --branch class    as a commit on a branch, for nbgitpuller's links

From the first guess of a section (a cell that calls ``predict``) to the section's end, and where a
later one calls ``beside``, code cells lose what is stored of them. The lessons in notebooks/ keep
it, for GitHub and for the tests.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[1]
WHO = ("-c", "user.name=class", "-c", "user.email=class@example.org")


def guessed(nb):
    """Yield the code cells at and below the first guess of each section, and a guess's result."""
    below = False
    for cell in nb.cells:
        if cell.cell_type == "markdown":
            below = below and not cell.source.startswith("#")
        elif cell.cell_type == "code":
            below = below or "predict." in cell.source
            if below or ".beside(" in cell.source:
                yield cell


def unopened(nb):
    """A copy of a notebook without the outputs of ``guessed`` cells."""
    copy = nbformat.from_dict(nb)
    for cell in guessed(copy):
        cell.outputs, cell.execution_count = [], None
    return copy


def text(path):
    """A notebook file's text, unopened."""
    return nbformat.writes(unopened(nbformat.read(path, as_version=4))) + "\n"


def stage(git, root=ROOT):
    """Put the lessons, unopened, into a repository's index; `git` is the command, with its options.

    Files and working tree stay as they are.
    """
    for path in sorted((root / "notebooks").glob("*.ipynb")):
        add = [*git, "hash-object", "-w", "--stdin"]
        blob = subprocess.run(add, input=text(path).encode(), stdout=subprocess.PIPE, check=True)
        entry = f"100644,{blob.stdout.decode().strip()},notebooks/{path.name}"
        subprocess.run([*git, "update-index", "--add", "--cacheinfo", entry], check=True)


def branch(name, root=ROOT):
    """Commit HEAD's files, the lessons unopened, to a branch of its own; False if it has them.

    The branch only grows, as nbgitpuller wants it; what is checked out stays as it is.
    """
    git, ref = ["git", "-C", str(root)], f"refs/heads/{name}"

    def ask(*command, **how):
        done = subprocess.run([*git, *command], stdout=subprocess.PIPE, text=True, **how)
        return done.stdout.strip()

    with tempfile.TemporaryDirectory() as folder:
        own = {"env": {**os.environ, "GIT_INDEX_FILE": str(Path(folder) / "index")}, "check": True}
        ask("read-tree", "HEAD", **own)
        stage(["env", f"GIT_INDEX_FILE={own['env']['GIT_INDEX_FILE']}", *git], root)
        tree = ask("write-tree", **own)
    if ask("rev-parse", "-q", "--verify", f"{ref}^{{tree}}") == tree:
        return False
    head, last = (ask("rev-parse", "-q", "--verify", which) for which in ("HEAD", ref))
    parents = [word for one in filter(None, (last, head)) for word in ("-p", one)]
    words = "Lessons as students open them: nothing below a guess"
    made = ask(*WHO, "commit-tree", tree, *parents, "-m", words, check=True)
    ask("update-ref", ref, made, check=True)
    return True


def main(*arguments):
    if not arguments:
        sys.exit(__doc__)
    if arguments[0] == "--branch":
        branch(arguments[1])
        return
    for folder in arguments:
        for path in sorted(Path(folder).glob("*.ipynb")):
            path.write_text(text(path), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
