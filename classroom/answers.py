"""What a student has answered and guessed, kept on disk: it outlives a kernel that is restarted.

``outputs/answers/03.json`` holds of each exercise of lesson 03 its last try and, once there is one,
the last right one. A try is ``{"correct": bool, "code": str, "time": str}``.

Under ``"guesses"`` stands of each question the first guess, made before its result was opened, and
the last one. A guess is ``{"time": str, "grid": [gh, gw], "picked": [patch, …], "truth": str}``:
truth is the map that it was, a hexadecimal digit a patch, or "" before the result was opened. A
choice of n answers is a grid of 1 × n, its truth "f" at the right one.
"""

import contextlib
import json
import math
import os
import re
from datetime import datetime

from IPython import get_ipython

from classroom import lessons

GUESSES = "guesses"  # no check is called that
MOST = 16_384  # patches of a grid, as images.MAX_PATCHES

trouble = None  # why the last answer was not kept, if it was not; progress.show says so


def record(lesson, exercise, correct):
    """Keep one try of an exercise, with the cell that it was made in.

    Prints nothing and never raises; why a try was not kept stands in ``trouble``.

    Parameters
    ----------
    lesson, exercise : str, the lesson's two digits, as "03", and the name of its check
    correct : bool
    """
    with _changed(lesson) as kept:
        tries = kept.setdefault(exercise, {})
        tries["last"] = {"correct": bool(correct), "code": cell_source(), "time": _now()}
        if correct:  # a later wrong try leaves this one
            tries["right"] = tries["last"]


def record_guess(lesson, question, grid, picked):
    """Keep a guess, as ``record`` does. One made after the result was opened leaves the first.

    Parameters
    ----------
    lesson, question : str, the lesson's two digits and the question's name in it
    grid : (gh, gw), or (1, n) of a choice of n answers
    picked : iterable of int, patches, or the answer's number, from 0
    """
    with _changed(lesson) as kept:
        both = kept[GUESSES].setdefault(question, {})
        guess = {"grid": list(grid), "picked": sorted(picked), "truth": "", "time": _now()}
        both["last"] = guess
        if not both.get("first", guess)["truth"]:
            both["first"] = guess


def record_truth(lesson, question, truth):
    """Keep with a guess what the map was, as ``record`` does; nothing where none was made.

    Parameters
    ----------
    lesson, question : str, see ``record_guess``
    truth : str, a hexadecimal digit a patch, as ``guesses.digits`` gives
    """
    with _changed(lesson) as kept:
        for guess in kept[GUESSES].get(question, {}).values():
            if len(truth) == math.prod(guess["grid"]):  # else it was made for another model
                guess["truth"] = guess["truth"] or truth


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
    match both:
        case {"first": first, "last": last} if len(both) == 2:
            return _is_guess(first) and _is_guess(last)
    return False


def _is_guess(guess):
    match guess:
        case {"time": str(), "grid": [gh, gw], "picked": [*picked], "truth": str(truth)}:
            whole = len(guess) == 4 and {type(n) for n in (gh, gw, *picked)} == {int}
            return (
                whole
                and min(gh, gw) > 0
                and gh * gw <= MOST
                and 0 < len(picked) == len({*picked} & {*range(gh * gw)})
                and bool(re.fullmatch(f"([0-9a-f]{{{gh * gw}}})?", truth))
            )
    return False


def _is_answer(tries):
    def whole(one):
        form = {"correct": bool, "code": str, "time": str}
        return isinstance(one, dict) and {k: type(v) for k, v in one.items()} == form

    return isinstance(tries, dict) and "last" in tries and all(map(whole, tries.values()))


def _kept(lesson):
    """All that is kept of a lesson and has its form; the guesses are always there."""
    try:
        kept = dict(json.loads(_file(lesson).read_text("utf-8")))
    except (OSError, ValueError, TypeError):  # none yet, or somebody edited it
        kept = {}
    made = kept.pop(GUESSES, None)
    made = made if isinstance(made, dict) else {}
    kept = {name: tries for name, tries in kept.items() if _is_answer(tries)}
    return kept | {GUESSES: {name: both for name, both in made.items() if are_guesses(both)}}


@contextlib.contextmanager
def _changed(lesson):
    """What is kept of a lesson, to be changed; then it is written, whole or not at all."""
    global trouble
    draft = None
    try:
        path = _file(lesson)
        draft = path.with_name(f".{lesson}-{os.getpid()}")  # a crash leaves the old file
        kept = _kept(lesson)
        yield kept
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        os.replace(draft, path)
        trouble = None
    except Exception as error:  # a full disk, a read-only folder: not the student's business now
        trouble = str(error)
    finally:
        with contextlib.suppress(AttributeError, OSError):  # no draft
            draft.unlink()


def _now():
    return datetime.now().astimezone().isoformat(timespec="seconds")


def _file(lesson):
    return lessons.outputs() / "answers" / f"{lesson}.json"
