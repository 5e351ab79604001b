"""Lesson 08: what the checks of overlap, chance and the area under a curve say."""

from types import SimpleNamespace

import pytest
import torch
from grids import mask
from verdicts import verdicts

from classroom.checks import lesson_08


def test_jaccard_check(said):
    found, truth = mask("###..", "##..."), mask(".###.", ".....")
    assert (found == truth).float().mean() == pytest.approx(0.6)  # both ground counted, too
    wrong = [0.6, 2 / 3, 2 / 5, 2 * 2 / 8, 6 / 2, 0.9, "half"]
    verdicts(said, lesson_08.check_jaccard, [2 / 6], wrong, found, truth)
    other = mask(".####", "####.")
    assert "1에서" in said(lesson_08.check_jaccard, 1 - 3 / 8, other, truth)


def test_chance_check(said):
    views = [
        SimpleNamespace(masks=torch.stack([mask("##..", "...."), mask("....", "##..")])),
        SimpleNamespace(masks=mask("#.....", "......", "......")[None]),
    ]
    right = (4 / 8 + 1 / 18) / 2
    shares = [4 / 8, 1 / 18]
    wrong = [
        (2 / 8 + 1 / 18) / 2,
        5 / 26,
        1 - right,
        (1 / 8 + 1 / 18) / 2,
        100 * right,
        shares,
        0.9,
    ]
    verdicts(said, lesson_08.check_chance, [right], wrong, views)


def test_area_check(said):
    curve = torch.tensor([1.0, 0.5, 0.2, 0.1])
    steps = [0.75, 0.35, 0.15]
    wrong = [0.45, sum(steps), sum(steps) / 4, 1.7 / 3, 0.8 / 3, 1 - sum(steps) / 3, 0.9]
    verdicts(said, lesson_08.check_area, [sum(steps) / 3], wrong, curve)
