"""A second time is as the first, and from any folder; the long versions are in tools/repeat.py."""

import os
import re
import shutil
import stat
import subprocess
import sys

import pytest

from tools import repeat

pytestmark = pytest.mark.slow
LESSON = "00_start.ipynb"  # the quickest
# Root that asks for permission as everybody does; a user of another number may not reach Python.
HUMBLE = ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override"]


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """This checkout in a folder with spaces and Hangul in its path, and files of the reader's."""
    return repeat.copy_checkout(tmp_path_factory.mktemp("copy"))


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """Nothing set that says where to write, and a home of its own."""
    home = tmp_path_factory.mktemp("home")
    (home / "tmp").mkdir()
    ours = {"HOME": str(home), "TMPDIR": str(home / "tmp"), "PYTHONDONTWRITEBYTECODE": "1"}
    ours |= {"IPYTHONDIR": str(home / "i"), "JUPYTER_RUNTIME_DIR": str(home / "j")}
    ours |= {"MPLCONFIGDIR": str(home / "m"), "HF_HUB_OFFLINE": "1", "HF_HOME": str(home / "hf")}
    ours |= {"DINO_MODEL": "embedded", "PYTHONPATH": ""}
    return {k: v for k, v in os.environ.items() if not k.startswith("DINO_")} | ours


def ran(command, folder, environment, **options):
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, **options
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_run_all_twice_in_one_kernel_far_from_here(copy, environment):
    """The helpers are the copy's own; nothing is written or changed outside outputs/."""
    before = repeat.tree(copy)
    lesson = copy / "notebooks" / LESSON
    environment = {k: v for k, v in environment.items() if k != "DINO_MODEL"}
    said = ran([sys.executable, copy / "tools" / "repeat.py", "here", lesson], "/", environment)
    assert said == f"{LESSON}: twice the same\n"
    assert repeat.touched(before, repeat.tree(copy)) == []


def test_commands_from_that_folder(copy, environment):
    before = repeat.tree(copy)
    said = ran(
        [sys.executable, "-m", "helpers", "cat.jpg", "-o", "outputs/cat.dino.png"],
        copy,
        environment,
    )
    assert said.startswith(os.path.join("outputs", "cat.dino.png"))
    said = ran([sys.executable, copy / "tools" / "preflight.py", ".", "0"], copy, environment)
    after = repeat.tree(copy)
    assert repeat.touched(before, after) == []
    assert after.keys() - before.keys() == {"outputs/cat.dino.png"}


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="no user numbers on this system")
def test_a_checkout_that_is_read_only(tmp_path, environment):
    """As on a class's server, where one copy serves all: a lesson, and the command line."""
    humbly = []
    if os.getuid() == 0:
        humbly = HUMBLE
        if shutil.which("setpriv") is None:
            pytest.skip("root may write anywhere, and there is no setpriv")
    copy = repeat.copy_checkout(tmp_path)
    for path in (copy, *copy.rglob("*")):
        path.chmod(path.stat().st_mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))
    before = repeat.tree(copy)
    try:
        probe = [*humbly, sys.executable, "-c", "import sys; open(sys.argv[1], 'a')"]
        if subprocess.run([*probe, copy / "README.md"], capture_output=True).returncode == 0:
            pytest.skip("nothing is read-only here")
        command = [*humbly, sys.executable, copy / "tools" / "repeat.py", "here"]
        done = subprocess.run(
            [*command, copy / "notebooks" / LESSON], env=environment, capture_output=True, text=True
        )
        once = f"{LESSON}: cell [0-9]+ said at first '.* cannot be written to, .*' and then ''\n"
        assert re.fullmatch(once, done.stdout), done.stdout + done.stderr
        out = os.path.join(environment["TMPDIR"], "cat.png")
        command = [*humbly, sys.executable, "-m", "helpers", "cat.jpg", "-o", out]
        assert ran(command, copy, environment).startswith(out) and os.path.exists(out)
        assert repeat.tree(copy) == before
    finally:
        for path in (copy, *copy.rglob("*")):
            path.chmod(path.stat().st_mode | stat.S_IWUSR)


def test_what_a_lesson_must_not_do_is_seen(tmp_path):
    for name in ("outputs/mine.txt", "notebooks/a.ipynb", "images/cat.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("as it was")
    before = repeat.tree(tmp_path)
    (tmp_path / "outputs" / "new.png").write_text("allowed")
    assert repeat.touched(before, repeat.tree(tmp_path)) == []
    (tmp_path / "notebooks" / "new.png").write_text("not here")
    (tmp_path / "outputs" / "mine.txt").unlink()
    (tmp_path / "images" / "cat.jpg").write_text("better now")
    assert repeat.touched(before, repeat.tree(tmp_path)) == [
        "wrote notebooks/new.png",
        "changed images/cat.jpg",
        "removed outputs/mine.txt",
    ]


def test_a_cell_that_says_something_else_the_second_time_is_seen(tmp_path):
    import nbformat
    from nbformat.v4 import new_code_cell, new_notebook

    cells = ["n = globals().get('n', 0) + 1\nprint(n)", "print(f'counted {n}\\rsame')"]
    nbformat.write(new_notebook(cells=[new_code_cell(s) for s in cells]), tmp_path / "a.ipynb")
    assert repeat.twice(tmp_path / "a.ipynb") == [r"cell 0 said at first '1\n' and then '2\n'"]
    nbformat.write(
        new_notebook(cells=[new_code_cell("1 / (n := globals().get('n', 1))\nn -= 1")]),
        tmp_path / "b.ipynb",
    )
    assert "division by zero" in repeat.twice(tmp_path / "b.ipynb")[0]
