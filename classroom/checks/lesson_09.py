"""Checks of lesson 09_models."""

import numpy as np

from .exercise import exercise, hint, right


@exercise("레지스터가 있는 모델의 토큰 수", "Tokens of a model with registers")
def check_all_tokens(answer, row):
    """Whether the answer is the number of tokens of a model of the line-up (a ``zoo.Row``)."""
    gh, gw = row.grid
    patches, prefix = gh * gw, row.prefix_tokens
    return [
        (patches + prefix, *[f"{gh} × {gw} + {prefix} = {patches + prefix}"] * 2),
        (patches, "접두 토큰이 빠졌습니다.", "Only patches; no prefix tokens."),
        (patches + 1, "레지스터가 빠졌습니다.", "The registers are missing."),
        (patches + prefix - 1, "CLS가 빠졌습니다.", "CLS is missing."),
        (gh + prefix, "격자는 두 변입니다.", "A grid has two sides, not one."),
        (..., "표의 격자와 접두 토큰을 보세요.", "See grid and prefix tokens in the table."),
    ]


@exercise("2 %를 가르는 크기", "The norm that cuts off 2 %")
def check_cutoff(answer, lengths, share=0.02):
    """Whether that share of the lengths lies above the answer."""
    lengths, cut = np.ravel(np.asarray(lengths, dtype=float)), float(answer)
    near = 1 / lengths.size + 1e-3  # between two patches any number will do

    def above(value):
        return (lengths > value).mean()

    if abs(above(cut) - share) <= near:
        return right(f"{share:.0%}가 {cut:.1f}보다 큽니다.", f"{share:.0%} are above {cut:.1f}.")
    if abs((lengths < cut).mean() - share) <= near:
        return hint("거꾸로입니다. 작은 쪽입니다.", "Reversed: that is the small end.")
    if np.isclose(cut, (1 - share) * lengths.max()):
        return hint("최댓값이 아니라 패치의 98 %입니다.", "98% of patches, not of the maximum.")
    if abs(above(cut * np.median(lengths)) - share) <= near:
        return hint("중앙값의 배수가 아니라 크기를 쓰세요.", "Give a norm, not a multiple.")
    said = f"{above(cut):.1%}"
    return hint(f"그 위가 {said}입니다.", f"{said} of the patches lie above it.")


@exercise("남는 가로의 비율", "The share of the width that is left", near=0.01)  # rounded will do
def check_kept_width(answer, size, short, kept):
    """Share of a photo's width in the centre crop, after its short side became so many pixels."""
    share = kept / (size[0] * short / min(size))
    timm_crop = share * short / int(kept / 0.9)
    return [
        (share, f"{share:.0%}가 남습니다.", f"{share:.0%} are left."),
        (kept / short, "세로의 비율입니다.", "That is the height."),
        (kept / size[0], "줄인 뒤의 가로로 나누세요.", "Divide by the shrunken width."),
        (1 - share, "잘려 나간 쪽입니다.", "That is what was cut away."),
        (100 * share, "0과 1 사이로 쓰세요.", "Answer between 0 and 1."),
        (timm_crop, "timm의 크롭입니다.", "That is timm's own crop."),
        (..., "줄인 사진의 가로부터 구하세요.", "First find the shrunken photo's width."),
    ]
