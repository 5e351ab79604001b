"""What a student has answered, kept on disk: it outlives a kernel that is restarted.

``outputs/answers/03.json`` holds of each exercise of lesson 03 its last try and, once there is one,
the last right one. Every check writes here, and ``helpers/progress.py`` reads.
"""

import json
import os
import tempfile
from datetime import datetime

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
        attempt = {"correct": bool(correct), "code": cell_source(), "time": now}
        kept = read(lesson)
        tries = kept.setdefault(exercise, {})
        tries["last"] = attempt
        if correct:  # a later wrong try leaves this one
            tries["right"] = attempt
        _replace(_file(lesson), json.dumps(kept, ensure_ascii=False, indent=1))
        trouble = None
    except Exception as error:  # a full disk, a read-only folder: not the student's business now
        trouble = str(error)


def read(lesson):
    """Answers of a lesson: ``{exercise: {"last": try, "right": try}}``, empty if there are none.

    A try is ``{"correct": bool, "code": str, "time": str}``. What is not of this form is left out.
    """
    try:
        kept = json.loads(_file(lesson).read_text("utf-8"))
    except (OSError, ValueError):  # none yet, or somebody edited it
        return {}
    if not isinstance(kept, dict):
        return {}
    return {name: tries for name, tries in kept.items() if _is_answer(tries)}


def cell_source():
    """The source of the notebook cell that is running, or "" outside a notebook."""
    try:
        from IPython import get_ipython

        return get_ipython().history_manager.input_hist_raw[-1]
    except Exception:  # no IPython, or one without a history
        return ""


def _is_answer(tries):
    form = {"correct": bool, "code": str, "time": str}
    return (
        isinstance(tries, dict)
        and "last" in tries
        and all(
            isinstance(attempt, dict)
            and all(isinstance(attempt.get(key), kind) for key, kind in form.items())
            for attempt in tries.values()
        )
    )


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
