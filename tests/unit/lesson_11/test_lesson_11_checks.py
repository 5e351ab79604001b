"""Lesson 11's checks: what they say of right answers and of each mistake."""

from by_hand import dino_loss
from verdicts import all_different_hints, passes, unanswered

from classroom.checks import lesson_11 as checks


def test_check_loss(said):
    """The mistakes that test_exercises doesn't have as a student would type them."""
    assert passes(said(checks.check_loss, dino_loss))
    assert unanswered(said(checks.check_loss, ...))

    def scaled(by):
        return lambda s, t, c: by * dino_loss(s, t, c)

    def off(student=0.0, teacher=0.0):  # what is added to the centre that each has taken off
        return lambda s, t, c: dino_loss(s - student * c, t - teacher * c, c)

    all_different_hints(
        said(checks.check_loss, wrong)
        for wrong in (
            "softmax",
            lambda s: s,
            lambda s, t, c: None,
            lambda s, t, c: s,
            lambda s, t, c: s.sum(),
            scaled(-1),
            scaled(4),
            scaled(1 / 8),
            off(student=1),
            off(teacher=-1),
            off(teacher=0.02 - 1),
            lambda s, t, c: dino_loss(0.06 * s, 0.02 * (t - c) + c, c),
            lambda s, t, c: (
                -((((t - c) / 0.02).softmax(-1)) * (s / 0.06).softmax(-1)).sum(-1).mean()
            ),
        )
    )


def test_check_average(said):
    assert passes(said(checks.check_average, lambda old, new, m: old + (1 - m) * (new - old)))
    assert unanswered(said(checks.check_average, ...))
    all_different_hints(
        said(checks.check_average, wrong)
        for wrong in (
            0.98,
            lambda old: old,
            lambda old, new, m: None,
            lambda old, new, m: (1 - m) * old + m * new,
            lambda old, new, m: new,
            lambda old, new, m: old,
            lambda old, new, m: m * old + new,
            lambda old, new, m: m * (old + new),
            lambda old, new, m: (old + new) / 2,
        )
    )


def test_check_collapse(said):
    assert passes(said(checks.check_collapse, ("centring", "sharpening")))
    assert passes(said(checks.check_collapse, ["centring", "sharpening"]))
    assert unanswered(said(checks.check_collapse, ...))
    all_different_hints(
        said(checks.check_collapse, wrong)
        for wrong in (
            ("sharpening", "centring"),
            ("centring", "centring"),
            ("EMA", "multi-crop"),
            7,
        )
    )
