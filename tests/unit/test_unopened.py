"""What students open: no stored result below a guess, in files, zips and on a branch."""

import subprocess
import zipfile

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from deploy import hub, release, settings
from tools import unopened


def code(source):
    return new_code_cell(source, outputs=[new_output("stream", text=source)], execution_count=1)


def lesson():
    return new_notebook(
        cells=[
            new_markdown_cell("# 03. 가 · A"),
            code("a = 1"),
            code('guess = predict.patches("03", "norm", seen, encoded)'),
            new_markdown_cell('<div lang="en">\n\n# no heading\n\n</div>'),
            code("guess.beside(m)"),
            new_markdown_cell("## 나 · B"),
            code("b = 1"),
            code('pick = predict.choice("03", "which", [("가", "a"), ("나", "b")])'),
            new_markdown_cell("## 다 · C"),
            code("pick.beside(0)"),
            code("c = 1"),
        ]
    )


def kept(nb):
    return [cell.source[0] for cell in nb.cells if cell.get("outputs")]


def test_from_a_guess_to_the_end_of_its_section_nothing_is_stored():
    nb = lesson()
    before = nbformat.writes(nb)
    copy = unopened.unopened(nb)
    assert kept(copy) == ["a", "b", "c"] and nbformat.writes(nb) == before
    counts = [cell.execution_count for cell in copy.cells if cell.cell_type == "code"]
    assert counts == [1, None, None, 1, None, None, 1]
    assert [c.source for c in copy.cells] == [c.source for c in nb.cells]
    nbformat.validate(copy)


@pytest.fixture
def repository(tmp_path):
    """A clone with one lesson, committed; and what asks git there."""
    root = tmp_path / "clone"
    (root / "notebooks").mkdir(parents=True)
    nbformat.write(lesson(), root / "notebooks" / "03_x.ipynb")
    (root / "other.txt").write_text("as it is")

    def git(*command):
        done = subprocess.run(["git", *command], cwd=root, capture_output=True, check=True)
        return done.stdout.decode().strip()

    git("init", "-q", "-b", "main")
    git("add", "-A")
    git(*unopened.WHO, "commit", "-qm", "all")
    return root, git


def test_in_place(repository):
    root, git = repository
    unopened.main(str(root / "notebooks"))
    assert kept(nbformat.read(root / "notebooks" / "03_x.ipynb", 4)) == ["a", "b", "c"]
    assert git("status", "--porcelain") == "M notebooks/03_x.ipynb"


def test_a_branch_that_only_grows(repository):
    root, git = repository
    assert unopened.branch("class", root)
    assert not unopened.branch("class", root)  # nothing new
    assert git("status", "--porcelain") == "" and git("branch", "--show-current") == "main"
    first = git("rev-parse", "class")
    shown = nbformat.reads(git("show", "class:notebooks/03_x.ipynb"), 4)
    assert kept(shown) == ["a", "b", "c"]
    assert len(kept(nbformat.reads(git("show", "main:notebooks/03_x.ipynb"), 4))) == 7
    assert git("show", "class:other.txt") == "as it is"
    (root / "other.txt").write_text("changed")
    git(*unopened.WHO, "commit", "-qam", "more")
    assert unopened.branch("class", root)
    assert git("show", "class:other.txt") == "changed"
    git("merge-base", "--is-ancestor", first, "class")
    git("merge-base", "--is-ancestor", "main", "class")


def test_the_hubs_repository_and_the_release_have_them_so(repository, tmp_path, monkeypatch):
    root, git = repository
    monkeypatch.setattr(settings, "ROOT", root)
    address = hub.repository(tmp_path / "hub")
    subprocess.run(["git", "clone", "-q", address, tmp_path / "student"], check=True)
    copies = [tmp_path / "student" / "notebooks" / "03_x.ipynb"]
    assert hub.repository(tmp_path / "hub") == address  # again, with nothing new
    assert git("status", "--porcelain") == ""
    monkeypatch.setattr(settings, "project", lambda: {"version": "1"})
    with zipfile.ZipFile(release.make(tmp_path / "out", tmp_path / "none")) as made:
        made.extractall(tmp_path / "stick")
    copies += (tmp_path / "stick").rglob("*.ipynb")
    assert [kept(nbformat.read(path, 4)) for path in copies] == [["a", "b", "c"]] * 2
    assert (tmp_path / "stick" / f"{settings.NAME}-1" / "other.txt").exists()
