"""The common part of every check: what it says, and what it does with a student's answer.

A ``check_…`` stands in the exercise's own cell. It prints one line in Korean, one in English,
never raises on a student's answer, and returns None.
"""

import functools

import numpy as np

from bilingual import say as in_language
from classroom import answers

LESSONS = {}  # of each lesson {name of a check: title of its exercise}, in the lesson's order

_verdict = None  # what was last said


def say(correct, ko, en):
    """Print the verdict: True = right, False = a hint, None = no answer yet."""
    global _verdict
    _verdict = correct
    head = {
        True: ("맞습니다!", "Correct!"),
        False: ("아직 아니에요.", "Not yet."),
        None: ("아직 답이 없습니다.", "No answer yet."),
    }[correct]
    print(in_language(f"{head[0]} {ko}", f"{head[1]} {en}"))


def exercise(title):
    """Make a check of a function, and put it on the list of its lesson's exercises.

    `...` (alone or within a tuple) is no answer; an odd answer never raises. What is said of an
    answer is kept for ``helpers/progress.py``.

    Parameters
    ----------
    title : str
        What is asked, "한국어 · English".
    """

    def decorate(check):
        lesson = check.__module__[-2:]
        LESSONS.setdefault(lesson, {})[check.__name__] = title

        @functools.wraps(check)
        def wrapped(answer, *args, **kwargs):
            parts = answer if isinstance(answer, (tuple, list)) else (answer,)
            if any(part is ... for part in parts):
                return say(None, "...을 지우고 답을 쓰세요.", "Replace the ... with your answer.")
            try:
                check(answer, *args, **kwargs)
            except Exception:  # whatever a student typed, the lesson goes on
                kind = type(answer).__name__
                say(False, f"{kind}은(는) 답의 형태가 아니에요.", f"The answer is no {kind}.")
            answers.record(lesson, check.__name__, _verdict)

        return wrapped

    return decorate


def same(answer, value):
    if isinstance(value, str):
        return answer == value
    a, b = (np.squeeze(np.asarray(x, dtype=float)) for x in (answer, value))
    return a.shape == b.shape and np.allclose(a, b, atol=1e-4)


def compare(answer, *known, otherwise):
    """Say the words of the ``(value, ko, en)`` that the answer equals; the first is right."""
    for i, (value, *words) in enumerate(known):
        if same(answer, value):
            return say(i == 0, *words)
    say(False, *otherwise)
