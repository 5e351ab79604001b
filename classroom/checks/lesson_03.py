"""Checks of lesson 03_decoding."""

import numpy as np

from bilingual import BadInput
from helpers import overlay

from .exercise import exercise
from .lesson_00 import check_overlay


@exercise("직사각형 격자의 노름 맵", "The norm map of a wide grid")
def check_norm_map(answer, encoded):
    """Whether the answer is the token-norm map (gh, gw)."""
    patches, (gh, gw) = encoded.patch_tokens, encoded.grid
    norms = patches.norm(dim=-1)
    yield norms.reshape(gh, gw), "토큰 노름 맵입니다.", "This is the token-norm map."
    yield encoded.tokens.norm(dim=-1), "CLS 토큰이 남아 있습니다.", "The CLS token is still there."
    yield patches.norm(dim=1), "다른 축의 노름입니다.", "That is the norm over another axis."
    yield norms, "아직 한 줄입니다. 격자로 바꾸세요.", "Still one row: fold it into the grid."
    yield norms.reshape(gw, gh), "세로와 가로가 바뀌었습니다.", "Height and width are swapped."
    yield norms.reshape(gh, gw) ** 2, "제곱근이 빠졌습니다.", "The square root is missing."
    yield ..., "패치마다 차원을 따라 재세요.", "Measure along each patch's dimensions."


@exercise("alpha 0.7의 겹침 그림", "An overlay at alpha 0.7")
def check_map_overlay(answer, photo, m, alpha):
    """Whether the answer is that map over that photo, in any colormap but the default."""
    default = overlay.COLORMAPS[0]
    ours = [overlay.blend(photo, m, alpha, default, smooth) for smooth in (True, False)]
    if any(np.shape(answer) == np.shape(o) and np.allclose(answer, o, atol=2) for o in ours):
        raise BadInput(f"{default}입니다. cmap을 고르세요.", f"That is {default}: choose a cmap.")
    return check_overlay.__wrapped__(answer, photo, m, alpha)
