"""What every check has in common: how it takes an answer, what it says, where it is listed."""

import functools
import importlib
from pathlib import Path

import numpy as np
import torch

from bilingual import Bilingual, tell
from classroom import answers

HEADS = {
    True: ("맞습니다!", "Correct!"),
    False: ("아직 아닙니다.", "Not yet."),
    None: ("아직 답이 없습니다.", "No answer yet."),
}


def exercise(ko, en, near=3e-5):
    """Make a check, see ``classroom.checks``, of a function that knows the answers.

    It is called as the check is, and yields rows ``(value, ko, en)``, of which the first that fits
    the answer is said; the very first is right. A value is an answer, or True or False (whether the
    row fits), or `...`, which always does. Instead it may return what to compare with the rows in
    the answer's place, and the rows; or raise a hint, ``BadInput(ko, en)``.

    Parameters
    ----------
    ko, en : str, the exercise's title
    near : float, by how much numbers may be off, as a share of the largest
    """

    def decorate(judge):
        @functools.wraps(judge)
        def check(answer, *args, **kwargs):
            parts = answer if isinstance(answer, (tuple, list)) else (answer,)
            if any(part is ... for part in parts):
                return _tell(None, "...을 지우고 답을 쓰세요.", "Replace the ... with your answer.")
            correct, kind = False, type(answer).__name__
            try:
                rows = judge(answer, *args, **kwargs)
                value, rows = rows if isinstance(rows, tuple) else (answer, rows)
                first, words = next(
                    (i, row[1:]) for i, row in enumerate(rows) if _same(value, row[0], near)
                )
                correct = first == 0
            except Bilingual as error:
                words = error.args
            except Exception:  # whatever a student typed, the lesson goes on
                words = f"답의 형태가 {kind}일 수 없습니다.", f"The answer is no {kind}."
            _tell(correct, *words)
            answers.record(check.lesson, judge.__name__, correct)

        check.lesson, check.title = judge.__module__[-2:], (ko, en)
        return check

    return decorate


@functools.cache
def listed():
    """All exercises in their order: ``{lesson: {name of its check: (ko, en) title}}``."""
    found = {}
    for name in sorted(path.stem for path in Path(__file__).parent.glob("lesson_*.py")):
        checks, lesson = vars(importlib.import_module(f"{__package__}.{name}")).items(), name[-2:]
        found[lesson] = {n: c.title for n, c in checks if getattr(c, "lesson", "") == lesson}
    return found


def _same(answer, value, near):
    if value is ... or isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, str):
        return isinstance(answer, str) and answer == value
    if isinstance(value, tuple):
        if not isinstance(answer, (tuple, list, np.ndarray, torch.Tensor)):
            raise TypeError
        return len(answer) == len(value) and all(_same(a, v, near) for a, v in zip(answer, value))
    a, b = (np.squeeze(_array(x)) for x in (answer, value))
    return a.shape == b.shape and np.allclose(a, b, atol=near * np.abs(b).max())


def _array(x):
    if isinstance(x, torch.Tensor):  # of any precision, on any device
        x = x.detach().cpu().double()
    return np.asarray(x, dtype=float)


def _tell(correct, ko, en):
    tell(f"{HEADS[correct][0]} {ko}", f"{HEADS[correct][1]} {en}")
