"""Checks of lesson 08_measuring."""

import numpy as np

from topics.measure import jaccard

from .exercise import exercise


@exercise("자카드 지수", "The Jaccard index")
def check_jaccard(answer, found, truth):
    """Whether the answer is the Jaccard index of two masks bool (gh, gw)."""
    both, either = (found & truth).sum(), (found | truth).sum()
    agree = (found == truth).float().mean()
    right = jaccard(found, truth)
    yield right, f"자카드 지수는 {right:.2f}입니다.", f"The Jaccard index is {right:.2f}."
    yield both / truth.sum(), "넘쳐도 벌점이 없는 값입니다.", "It never minds spilling over."
    yield both / found.sum(), "놓쳐도 벌점이 없는 값입니다.", "It never minds missing parts."
    yield 2 * both / (found.sum() + truth.sum()), "합집합으로 나누세요.", "Divide by the union."
    yield agree, "둘 다 배경인 곳까지 세었습니다.", "You counted where both are background."
    yield 1 - right, "1에서 뺀 값입니다.", "That is 1 minus the answer."
    yield either / both.clamp(min=1), "거꾸로 나누었습니다.", "The division is upside down."
    yield ..., "교집합과 합집합을 세세요.", "Count the intersection and the union."


@exercise("우연히 맞힐 확률", "Right by chance")
def check_chance(answer, views):
    """Whether the answer is the chance of pointing at an object, mean of ``measure.View``s."""
    masks = [view.masks.float() for view in views]
    shares = [m.amax(0).mean().item() for m in masks]
    alone = np.mean([m.mean().item() for m in masks])
    pooled = sum(m.amax(0).sum() for m in masks) / sum(m[0].numel() for m in masks)
    one = np.mean([1 / m[0].numel() for m in masks])
    right = np.mean(shares)
    apart = "물체마다 따로 세었습니다. any(0)이 먼저입니다.", "Each object apart; any(0) first."
    yield right, f"아무렇게나 가리켜도 {right:.0%}입니다.", f"Chance alone gets {right:.0%}."
    yield alone, *apart
    yield pooled, "사진마다 먼저 평균하세요.", "Take each photo's mean first."
    yield 1 - right, "배경을 맞힐 확률입니다.", "That is the chance of hitting the background."
    yield one, "물체는 패치 하나보다 큽니다.", "An object is larger than one patch."
    yield 100 * right, "0과 1 사이로 쓰세요.", "Answer between 0 and 1."
    yield shares, "사진마다의 값을 평균하세요.", "Now take the mean over the photos."
    yield ..., "물체가 덮은 패치의 비율입니다.", "It is the share of patches that objects cover."


@exercise("곡선 아래 넓이", "The area under the curve")
def check_area(answer, curve):
    """Whether the answer is the area under a curve over 0..1, by the trapezoid rule."""
    c = np.asarray(curve, dtype=float)
    heights = (c[:-1] + c[1:]) / 2
    right = heights.mean()
    yield right, f"넓이는 {right:.2f}입니다.", f"The area is {right:.2f}."
    yield c.mean(), "양 끝의 점은 반씩만 세어야 합니다.", "The two ends count by half only."
    yield heights.sum(), "사다리꼴의 너비를 빠뜨렸습니다.", "The trapezoids' width is missing."
    yield heights.sum() / len(c), "사다리꼴은 점보다 하나 적습니다.", "One trapezoid fewer."
    yield c[:-1].mean(), "왼쪽 높이만 썼습니다.", "Those are the left heights alone."
    yield c[1:].mean(), "오른쪽 높이만 썼습니다.", "Those are the right heights alone."
    yield 1 - right, "곡선 위의 넓이입니다.", "That is the area above the curve."
    yield ..., "이웃한 두 점의 평균을 평균하세요.", "Average the means of neighbouring points."
