"""The common part of every check: what it says, and what it does with a student's answer.

A ``check_…`` stands in the exercise's own cell. It prints one line in Korean, one in English,
never raises on a student's answer, and returns None.
"""

import functools

import numpy as np

from ..language import say as in_language


def say(correct, ko, en):
    """Print the verdict: True = right, False = a hint, None = no answer yet."""
    head = {
        True: ("맞습니다!", "Correct!"),
        False: ("아직 아니에요.", "Not yet."),
        None: ("아직 답이 없습니다.", "No answer yet."),
    }[correct]
    print(in_language(f"{head[0]} {ko}", f"{head[1]} {en}"))


def exercise(check):
    """Wrap a check: `...` (alone or within a tuple) is no answer; an odd answer never raises."""

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

    return wrapped


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
