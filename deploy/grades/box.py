"""A student's cells run in one process, the checks of their answers in another.

    python -m deploy.grades.box run JOB      the student's cells: writes answers, a line each
    python -m deploy.grades.box check JOB    the lesson's own cells: writes verdicts, a line each

``mark`` starts both. The first runs in an empty folder, with little of the environment, limits of
time and file size, and a session of its own that is killed as a whole. It has the rights of
whoever marks: let an account of its own do that, as nbgrader advises, too.
"""

import contextlib
import io
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from .. import settings
from . import lesson, values

CELL_SECONDS, ALL_SECONDS = 120, 900
LARGEST_FILE = 200_000_000  # bytes
KEPT = "PATH LANG LC_ALL HF_HOME HF_HUB_CACHE HF_HUB_OFFLINE DINO_MODEL OMP_NUM_THREADS".split()
MISSING = (
    "답 칸이 없거나, 그 칸까지 실행되지 않았습니다.",
    "The cell of the answer is missing, or was not reached.",
)


def mark(name, cells, language="both", seconds=ALL_SECONDS):
    """The verdict on each exercise of a lesson: {check: (whether right, what it says)}.

    Parameters
    ----------
    name : str, as "03_decoding"
    cells : list of (str, str), id and source of the student's code cells in their order
    language : {"ko", "en", "both"}
    seconds : float, for all of the student's cells
    """
    found = lesson.exercises(lesson.read(name))
    expressions = {one.cell: (one.key, one.answer) for one in found}
    job = [(source, *expressions.get(id, (None, None))) for id, source in cells]
    while job and not job[-1][1]:
        job.pop()  # nothing after the last exercise changes an answer
    # Of an exercise that was answered twice the last.
    answers = dict(_pairs("run", {"cells": job}, seconds, language))
    answers = {one.key: answers[one.key] for one in found if one.key in answers}
    job = {"lesson": name, "answers": answers}
    verdicts = dict(_pairs("check", job, None, language)) if answers else {}
    missing = False, {"ko": MISSING[0], "en": MISSING[1]}.get(language) or "\n".join(MISSING)
    return {one.key: tuple(verdicts.get(one.key, missing)) for one in found}


def _pairs(command, job, seconds, language):
    """Run this module in a process of its own; the pairs of key and data that it wrote."""
    with tempfile.TemporaryDirectory(prefix="dino-box-") as folder:
        (Path(folder) / "job.json").write_text(json.dumps(job))
        environment = {name: os.environ[name] for name in KEPT if name in os.environ}
        environment |= {
            "HOME": folder,
            "MPLBACKEND": "agg",
            "DINO_LANGUAGE": language,
            "DINO_OUTPUTS": str(Path(folder) / "outputs"),
            "PYTHONPATH": str(settings.ROOT),
            "IPYTHONDIR": str(Path(folder) / "ipython"),
        }
        environment.setdefault("HF_HUB_OFFLINE", "1")  # marking asks nobody
        environment.setdefault("OMP_NUM_THREADS", "1")
        process = subprocess.Popen(
            [sys.executable, "-m", "deploy.grades.box", command, "job.json"],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        errors = b""
        with contextlib.suppress(subprocess.TimeoutExpired):
            errors = process.communicate(timeout=seconds)[1]
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # and what it left running
        process.wait()
        if command == "check" and process.returncode:
            raise RuntimeError(errors.decode(errors="replace")[-3000:])
        pairs = []
        with contextlib.suppress(OSError, ValueError, TypeError):  # half a line of what was ended
            for line in (Path(folder) / "out").read_text(errors="replace").splitlines():
                key, data = json.loads(line)
                pairs.append((str(key), data))
        return pairs


def run(job, out):
    """In the student's process: run the cells, write an answer after each exercise's."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGALRM, _too_long)
    shell = _shell()
    for source, key, expression in job["cells"]:
        signal.alarm(CELL_SECONDS)
        try:
            shell.run_cell(source, store_history=True)
            if key:
                answer = values.encode(eval(expression, shell.user_ns), key)
                out.write(json.dumps([key, answer]) + "\n")
                out.flush()
        except BaseException as error:  # the other exercises still count
            print(type(error).__name__, error, file=sys.stderr)
        finally:
            signal.alarm(0)


def check(job, out):
    """In the checks' process: make what the lesson makes, and check the answers beside it."""
    from classroom import answers

    nb = lesson.read(job["lesson"])
    found = {one.cell: one for one in lesson.exercises(nb)}
    shell = _shell()
    left = {one.key for one in found.values()} & {*job["answers"]}
    for cell in nb.cells:
        if not left:
            break
        if cell.cell_type != "code":
            continue
        one = found.get(cell.id)
        with contextlib.redirect_stdout(io.StringIO()):
            shell.run_cell(one.context if one else cell.source)  # may lack a student's function
        if one and one.key in left:
            left.discard(one.key)
            said = io.StringIO()
            with contextlib.redirect_stdout(said):
                try:
                    shell.user_ns["_answer"] = values.decode(job["answers"][one.key])
                except Exception:  # no answer that our own ``encode`` writes
                    shell.user_ns["_answer"] = object()
                eval(one.call, shell.user_ns)
            if answers.trouble:
                raise RuntimeError(answers.trouble)
            kept = answers.read(job["lesson"][:2]).get(
                one.key
            )  # none where the answer is still ...
            right = bool(kept) and kept["last"]["correct"]
            out.write(json.dumps([one.key, [right, said.getvalue()]]) + "\n")


def _shell():
    from IPython.core.interactiveshell import InteractiveShell

    sys.path.insert(0, str(settings.ROOT))
    Path("helpers").symlink_to(settings.ROOT / "helpers")  # so the set-up cell clones nothing
    Path("notebooks").mkdir()
    os.chdir("notebooks")
    return InteractiveShell.instance()


def _too_long(number, frame):
    raise TimeoutError("too long")


if __name__ == "__main__":
    with open("out", "w") as out:
        {"run": run, "check": check}[sys.argv[1]](json.loads(Path(sys.argv[2]).read_text()), out)
