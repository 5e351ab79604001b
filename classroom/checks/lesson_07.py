"""Checks of lesson 07_models."""

import numpy as np

from .exercise import compare, exercise, say


@exercise("레지스터가 있는 모델의 토큰 수 · Tokens of a model with registers")
def check_all_tokens(answer, row):
    """Whether the answer is the number of tokens of a model of the line-up (a ``zoo.Row``)."""
    gh, gw = row.grid
    patches, prefix = gh * gw, row.prefix_tokens
    compare(
        answer,
        (patches + prefix, *[f"{gh} × {gw} + {prefix} = {patches + prefix}"] * 2),
        (patches, "패치만 세었어요. 접두 토큰은요?", "Only patches. And the prefix tokens?"),
        (patches + 1, "CLS만 더했어요. 레지스터는요?", "You added CLS alone. And registers?"),
        (patches + prefix - 1, "CLS가 빠졌어요.", "CLS is missing."),
        (gh + prefix, "격자는 한 변이 아니라 두 변이에요.", "A grid has two sides, not one."),
        otherwise=("표의 격자와 접두 토큰을 보세요.", "See grid and prefix tokens in the table."),
    )


@exercise("2 %를 가르는 길이 · The length that cuts off 2 %")
def check_cutoff(answer, lengths, share=0.02):
    """Whether that share of the lengths lies above the answer."""
    lengths = np.ravel(np.asarray(lengths, dtype=float))
    cut = float(answer)
    near = 1 / lengths.size + 1e-3  # between two patches any number will do

    def cuts_off(value):
        return abs((lengths > value).mean() - share) <= near

    if cuts_off(cut):
        say(True, f"{share:.0%}가 {cut:.1f}보다 깁니다.", f"{share:.0%} are longer than {cut:.1f}.")
    elif abs((lengths < cut).mean() - share) <= near:
        say(False, "거꾸로예요. 짧은 쪽이 남았어요.", "Reversed: that is the short end.")
    elif np.isclose(cut, (1 - share) * lengths.max()):
        say(False, "최댓값의 98%가 아니라 패치의 98%예요.", "98% of patches, not of the maximum.")
    elif cuts_off(cut * np.median(lengths)):
        say(False, "길이로 답하세요. 중앙값의 배수예요.", "Give a length, not a multiple.")
    else:
        over = (lengths > cut).mean()
        say(False, f"그 위에 {over:.1%}가 있어요.", f"{over:.1%} of the patches lie above it.")


@exercise("남는 가로의 비율 · The share of the width that is left")
def check_kept_width(answer, size, short, kept):
    """Share of a photo's width in the centre crop, after its short side became so many pixels."""
    width, height = size
    shrunken = width * short / min(size)
    right = kept / shrunken
    known = (
        (right, True, f"{right:.0%}가 남습니다.", f"{right:.0%} are left."),
        (kept / short, False, "그것은 세로예요.", "That is the height."),
        (
            kept / width,
            False,
            "줄인 뒤의 가로로 나누세요.",
            "Divide by the shrunken width.",
        ),
        (1 - right, False, "잘려 나간 쪽이에요.", "That is what was cut away."),
        (100 * right, False, "0과 1 사이로 답하세요.", "Answer between 0 and 1."),
        (right * short / int(kept / 0.9), False, "timm의 크롭이에요.", "That is timm's own crop."),
    )
    for value, correct, ko, en in known:
        if abs(float(answer) - value) < 0.005 * max(1, value):  # rounded answers will do
            return say(correct, ko, en)
    say(False, "먼저 줄인 사진의 가로를 구하세요.", "First find the width of the shrunken photo.")
