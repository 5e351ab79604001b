"""What a student has answered, kept on disk: it outlives a kernel that is restarted.

``outputs/answers/03.json`` holds of each exercise of lesson 03 its last try and, once there is one,
the last right one. A try is ``{"correct": bool, "code": str, "time": str}``.
"""

import json
import os
import tempfile
from datetime import datetime

from IPython import get_ipython

from classroom import lessons

trouble = None  # why the last answer was not kept, if it was not; progress.show says so


def record(lesson, exercise, correct):
    """Keep one try. Prints nothing and never raises: the check that calls it goes on.

    Parameters
    ----------
    lesson : str
        Two digits, as "03".
    exercise : str
        The name of the check.
    correct : bool
    """
    global trouble
    try:
        now = datetime.now().astimezone().isoformat(timespec="seconds")
        kept = read(lesson)
        tries = kept.setdefault(exercise, {})
        tries["last"] = {"correct": bool(correct), "code": cell_source(), "time": now}
        if correct:  # a later wrong try leaves this one
            tries["right"] = tries["last"]
        _replace(_file(lesson), json.dumps(kept, ensure_ascii=False, indent=1))
        trouble = None
    except Exception as error:  # a full disk, a read-only folder: not the student's business now
        trouble = str(error)


def read(lesson):
    """Answers of a lesson: ``{exercise: {"last": try, "right": try}}``, without what is no try."""
    try:
        kept = json.loads(_file(lesson).read_text("utf-8"))
        return {name: tries for name, tries in kept.items() if _is_answer(tries)}
    except (OSError, ValueError, AttributeError):  # none yet, or somebody edited it
        return {}


def cell_source():
    """The source of the notebook cell that is running, or "" outside a notebook."""
    try:
        return get_ipython().history_manager.input_hist_raw[-1]
    except (AttributeError, IndexError):  # no IPython, or one without a history
        return ""


def _is_answer(tries):
    return isinstance(tries, dict) and "last" in tries and all(map(_is_try, tries.values()))


def _is_try(attempt):
    form = {"correct": bool, "code": str, "time": str}
    return isinstance(attempt, dict) and {k: type(v) for k, v in attempt.items()} == form


def _file(lesson):
    return lessons.outputs() / "answers" / f"{lesson}.json"


def _replace(path, text):
    """Write a file whole or not at all, so that a crash leaves the old one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text + "\n")
        os.replace(draft, path)
    except BaseException:
        os.unlink(draft)
        raise
