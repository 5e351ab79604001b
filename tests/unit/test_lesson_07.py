"""Lesson 07: what the checks of boxes, seeds and the cut's sides say."""

import pytest
import torch
from grids import ANSWER
from verdicts import verdicts

from classroom.checks import lesson_07


def test_box_check(said):
    wrong = [(3, 1, 4, 2), (1, 3, 3, 5), (3, 1, 2, 2), (0, 0, 6, 4)]
    verdicts(said, lesson_07.check_box, [(3, 1, 5, 3)], wrong, ANSWER)
    assert "맞습니다!" in said(lesson_07.check_box, torch.tensor([3, 1, 5, 3]), ANSWER)


def test_seed_check(said):
    degree = torch.full((4, 6), 5)
    degree[1, 4], degree[3, 0] = 1, 9
    wrong = [10, (4, 1), (2, 2), (3, 0), 1, (0, 0), "top"]
    verdicts(said, lesson_07.check_seed, [(1, 4)], wrong, degree)
    assert "맞습니다!" in said(lesson_07.check_seed, [1, 4], degree)
    assert "along one line" in said(lesson_07.check_seed, 10, degree)


@pytest.mark.parametrize("sign", [1, -1])
def test_side_check(said, sign):
    """The object is where the value of largest size is, whichever sign an eigenvector has."""
    x = sign * torch.tensor([[0.1, 0.2, 0.3], [0.2, -2.0, -1.5]])
    side = torch.tensor([[False] * 3, [False, True, True]])
    half = torch.tensor([[True, False, False], [False, True, True]])
    wrong = [~side, half, x, torch.ones(2, 3, dtype=torch.bool), "left"]
    verdicts(said, lesson_07.check_side, [side, side.numpy()], wrong, x)
    far = sign * torch.tensor([[1.0, 1.2, 1.1], [1.1, -2.0, 0.2]])  # large in size on both sides
    by_size = abs(far) > abs(far).mean()
    assert "편을 고를 때만" in said(lesson_07.check_side, by_size, far)
