"""Checks of lesson 00_start."""

from pathlib import Path

import numpy as np
from PIL import Image

from helpers import overlay

from .exercise import compare, exercise, say


@exercise("alpha 0.25의 겹침 그림 · An overlay at alpha 0.25")
def check_overlay(answer, photo, m, alpha):
    """Whether the answer is that map over that photo, in any colormap."""

    def is_blend(share):
        near = (overlay.blend(photo, m, share, cmap) for cmap in overlay.COLORMAPS)
        return any(np.allclose(np.asarray(answer, float), other, atol=1) for other in near)

    if not isinstance(answer, Image.Image):
        say(False, "겹침 그림이 아니에요.", "That is no overlay.")
    elif answer.size != photo.size:
        say(False, "크기가 다릅니다. 같은 사진 위인가요?", "Another size. Is it the same photo?")
    elif is_blend(alpha):
        say(True, f"alpha {alpha}의 겹침 그림입니다.", f"This is the overlay at alpha {alpha}.")
    elif is_blend(1 - alpha):
        say(False, "거꾸로예요. alpha는 색의 비율이에요.", "Swapped: alpha is the colours' share.")
    elif is_blend(0.5):
        say(False, "alpha를 안 적으면 0.5가 됩니다.", "Without an alpha you get 0.5.")
    else:
        say(False, "alpha 값이나 맵이 달라요.", "That is another alpha, or another map.")


@exercise("가중치의 출처 · Where the weights come from")
def check_source(answer, model):
    """Whether the answer names where the weights of the model come from."""
    source = model.weights.source
    if answer in (model.weights, str(model.weights)):
        return say(False, "설명 전체예요. 낱말 하나만요.", "The whole caption. One word will do.")
    if isinstance(answer, bool):
        return say(False, "그것은 학습 여부예요.", "That says whether they are trained at all.")
    if answer != source and answer in ("hub", "cache", "embedded", "untrained"):
        return say(False, "표에 있지만 다른 출처예요.", "In the table, but not this model's.")
    compare(
        answer,
        (source, f"가중치의 출처는 {source}입니다.", f"The weights' source is {source}."),
        (model.weights.name, "그것은 모델의 이름이에요.", "That is the model's name."),
        otherwise=("다른 출처예요. model.weights를 출력해 보세요.", "No. Print model.weights."),
    )


@exercise("다른 사진 · Another photo")
def check_other_photo(answer, first):
    """Whether the answer is a photo, other than the first one."""
    if isinstance(answer, Path) or isinstance(answer, str) and "." in answer:
        say(False, "파일의 이름이에요. 사진으로 읽으세요.", "A file's name. Read the photo itself.")
    elif not isinstance(answer, Image.Image):
        say(False, "load_photo로 읽은 사진이 아니에요.", "Not a photo that load_photo has read.")
    elif np.array_equal(np.asarray(answer), np.asarray(first)):
        say(False, "처음과 같은 사진이에요.", "This is the first photo again.")
    else:
        say(True, "새 사진을 읽었습니다.", "A new photo is loaded.")
