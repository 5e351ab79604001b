"""What a student has answered and guessed, kept on disk: it outlives a kernel that is restarted.

``outputs/answers/03.json`` holds of each exercise of lesson 03 its last try and, once there is one,
the last right one. A try is ``{"correct": bool, "code": str, "time": str}``.

Under ``"guesses"`` stands of each question the first guess, made before its result was opened, and
the last one. A guess is ``{"time": str, "grid": [gh, gw], "picked": [patch, …], "truth": str}``:
truth is the map that it was, a hexadecimal digit a patch, or "" before the result was opened. A
choice of n answers is a grid of 1 × n, its truth "f" at the right one.
"""

import json
import math
import os
import re
import tempfile
from datetime import datetime

from IPython import get_ipython

from classroom import lessons

GUESSES = "guesses"  # no check is called that
MOST = 16_384  # patches of a grid, as images.MAX_PATCHES

trouble = None  # why the last answer was not kept, if it was not; progress.show says so


def record(lesson, exercise, correct):
    """Keep one try of a lesson's ("03") check. Prints nothing and never raises."""

    def add(kept):
        tries = kept.setdefault(exercise, {})
        tries["last"] = {"correct": bool(correct), "code": cell_source(), "time": _now()}
        if correct:  # a later wrong try leaves this one
            tries["right"] = tries["last"]

    _keep(lesson, add)


def record_guess(lesson, question, grid, picked):
    """Keep a guess; as ``record``. One made after the result was opened leaves the first."""

    def add(kept):
        both = kept[GUESSES].setdefault(question, {})
        guess = {"grid": list(grid), "picked": sorted(picked), "truth": "", "time": _now()}
        both["last"] = guess
        if not both.get("first", guess)["truth"]:
            both["first"] = guess

    _keep(lesson, add)


def record_truth(lesson, question, truth):
    """Keep with a guess what the map was; nothing where none was made. As ``record``."""

    def add(kept):
        for guess in kept[GUESSES].get(question, {}).values():
            if len(truth) == math.prod(guess["grid"]):  # else it was made for another model
                guess["truth"] = guess["truth"] or truth

    _keep(lesson, add)


def read(lesson):
    """Answers of a lesson: ``{exercise: {"last": try, "right": try}}``, without what is no try."""
    return {name: tries for name, tries in _kept(lesson).items() if name != GUESSES}


def guesses(lesson):
    """Guesses of a lesson: ``{question: {"first": guess, "last": guess}}``; see ``read``."""
    return _kept(lesson)[GUESSES]


def cell_source():
    """The source of the notebook cell that is running, or "" outside a notebook."""
    try:
        return get_ipython().history_manager.input_hist_raw[-1]
    except (AttributeError, IndexError):  # no IPython, or one without a history
        return ""


def are_guesses(both):
    """Whether this is a first and a last guess; whoever reads on can count on their form."""
    form = isinstance(both, dict) and both.keys() == {"first", "last"}
    return form and all(map(_is_guess, both.values()))


def _kept(lesson):
    """All that is kept of a lesson and has its form; the guesses are always there."""
    try:
        kept = dict(json.loads(_file(lesson).read_text("utf-8")))
    except (OSError, ValueError, TypeError):  # none yet, or somebody edited it
        kept = {}
    made = kept.pop(GUESSES, None)
    made = made.items() if isinstance(made, dict) else ()
    kept = {name: tries for name, tries in kept.items() if _is_answer(tries)}
    return {**kept, GUESSES: {name: both for name, both in made if are_guesses(both)}}


def _keep(lesson, add):
    """Let ``add`` change what is kept, and write it."""
    global trouble
    try:
        kept = _kept(lesson)
        add(kept)
        if not kept[GUESSES]:
            del kept[GUESSES]
        _replace(_file(lesson), json.dumps(kept, ensure_ascii=False, indent=1))
        trouble = None
    except Exception as error:  # a full disk, a read-only folder: not the student's business now
        trouble = str(error)


def _now():
    return datetime.now().astimezone().isoformat(timespec="seconds")


def _is_answer(tries):
    return isinstance(tries, dict) and "last" in tries and all(map(_is_try, tries.values()))


def _is_try(attempt):
    return _has_form(attempt, {"correct": bool, "code": str, "time": str})


def _is_guess(guess):
    form = {"time": str, "grid": list, "picked": list, "truth": str}
    if not _has_form(guess, form) or {type(n) for n in guess["grid"] + guess["picked"]} != {int}:
        return False
    (gh, gw), picked = guess["grid"] if len(guess["grid"]) == 2 else (0, 0), guess["picked"]
    count = gh * gw
    return (
        min(gh, gw) > 0
        and count <= MOST
        and 0 < len(picked) == len({*picked} & {*range(count)})
        and (not guess["truth"] or bool(re.fullmatch(f"[0-9a-f]{{{count}}}", guess["truth"])))
    )


def _has_form(thing, form):
    return isinstance(thing, dict) and {k: type(v) for k, v in thing.items()} == form


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
