"""What every check has in common: how it takes an answer, what it says, where it is listed.

A check stands in the exercise's own cell. It prints one line in Korean, one in English, never
raises on a student's answer, and returns None.
"""

import functools
import importlib
import pkgutil
from pathlib import Path

import numpy as np
import torch

from bilingual import tell
from classroom import answers

HEADS = {
    True: ("맞습니다!", "Correct!"),
    False: ("아직 아닙니다.", "Not yet."),
    None: ("아직 답이 없습니다.", "No answer yet."),
}


def exercise(ko, en, near=3e-5):
    """Make a check of a function that judges an answer.

    The function returns a ``right`` or a ``hint``; or a list of ``(value, ko, en)``, of which the
    first that equals the answer is said: the first of all is right, a value of `...` is any; or
    what to compare instead of the answer, and such a list. As an answer, `...` (alone or within a
    tuple) is none. Verdicts are kept, see ``answers.py``.

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
            try:
                verdict = judge(answer, *args, **kwargs)
                value, rows = (answer, verdict) if isinstance(verdict, list) else verdict[:2]
                if isinstance(rows, list):
                    first = next(i for i, row in enumerate(rows) if _same(value, row[0], near))
                    verdict = first == 0, *rows[first][1:]
            except Exception:  # whatever a student typed, the lesson goes on
                kind = type(answer).__name__
                verdict = hint(f"답의 형태가 {kind}일 수 없습니다.", f"The answer is no {kind}.")
            _tell(*verdict)
            answers.record(check.lesson, judge.__name__, verdict[0])

        check.lesson, check.title = judge.__module__[-2:], (ko, en)
        return check

    return decorate


@functools.cache
def listed():
    """All exercises in their order: ``{lesson: {name of its check: (ko, en) title}}``."""
    found = {}
    for name in sorted(m.name for m in pkgutil.iter_modules([str(Path(__file__).parent)])):
        if name.startswith("lesson_"):
            checks = vars(importlib.import_module(f"{__package__}.{name}")).items()
            own = {n: c.title for n, c in checks if getattr(c, "lesson", "") == name[-2:]}
            found[name[-2:]] = own
    return found


def right(ko, en):
    return True, ko, en


def hint(ko, en):
    return False, ko, en


def _same(answer, value, near):
    if value is ...:
        return True
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
