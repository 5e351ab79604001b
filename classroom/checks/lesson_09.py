"""Checks of lesson 09_models."""

import numpy as np

from .exercise import exercise


@exercise("레지스터가 있는 모델의 토큰 수", "Tokens of a model with registers")
def check_all_tokens(answer, row):
    """Whether the answer is the number of tokens of a model of the line-up (a ``zoo.Row``)."""
    gh, gw = row.grid
    patches, prefix = gh * gw, row.prefix_tokens
    yield patches + prefix, *[f"{gh} × {gw} + {prefix} = {patches + prefix}"] * 2
    yield patches, "접두 토큰이 빠졌습니다.", "Only patches; no prefix tokens."
    yield patches + 1, "레지스터가 빠졌습니다.", "The registers are missing."
    yield patches + prefix - 1, "CLS가 빠졌습니다.", "CLS is missing."
    yield gh + prefix, "격자는 두 변입니다.", "A grid has two sides, not one."
    yield ..., "표의 격자와 접두 토큰을 보세요.", "See grid and prefix tokens in the table."


@exercise("2 %를 가르는 크기", "The norm that cuts off 2 %")
def check_cutoff(answer, lengths, share=0.02):
    """Whether that share of the lengths lies above the answer."""
    lengths, cut = np.ravel(np.asarray(lengths, dtype=float)), float(answer)
    near = 1 / lengths.size + 1e-3  # between two patches any number will do

    def hit(value, beyond=np.greater):
        return abs(beyond(lengths, value).mean() - share) <= near

    said, of_largest = f"{(lengths > cut).mean():.1%}", np.isclose(cut, (1 - share) * lengths.max())
    yield hit(cut), f"{share:.0%}가 {cut:.1f}보다 큽니다.", f"{share:.0%} are above {cut:.1f}."
    yield hit(cut, np.less), "거꾸로입니다. 작은 쪽입니다.", "Reversed: that is the small end."
    yield of_largest, "최댓값이 아니라 패치의 98 %입니다.", "98% of patches, not of the maximum."
    times = hit(cut * np.median(lengths))
    yield times, "중앙값의 배수가 아니라 크기를 쓰세요.", "Give a norm, not a multiple."
    yield ..., f"그 위가 {said}입니다.", f"{said} of the patches lie above it."


@exercise("남는 가로의 비율", "The share of the width that is left", near=0.01)  # rounded will do
def check_kept_width(answer, size, short, kept):
    """Share of a photo's width in the centre crop, after its short side became so many pixels."""
    share = kept / (size[0] * short / min(size))
    timm_crop = share * short / int(kept / 0.9)
    yield share, f"{share:.0%}가 남습니다.", f"{share:.0%} are left."
    yield kept / short, "세로의 비율입니다.", "That is the height."
    yield kept / size[0], "줄인 뒤의 가로로 나누세요.", "Divide by the shrunken width."
    yield 1 - share, "잘려 나간 쪽입니다.", "That is what was cut away."
    yield 100 * share, "0과 1 사이로 쓰세요.", "Answer between 0 and 1."
    yield timm_crop, "timm의 크롭입니다.", "That is timm's own crop."
    yield ..., "줄인 사진의 가로부터 구하세요.", "First find the shrunken photo's width."
