"""Checks of lesson 01_timm."""

import numpy as np
import timm

from .exercise import exercise


@exercise("작은 DINOv2의 이름", "The name of a small DINOv2")
def check_small_dinov2(answer):
    """Whether the answer is the full name of a small DINOv2, tag included."""
    small = "dinov2" in answer.split(".")[0] and "small" in answer
    tagged = "." in answer
    known = small and tagged and answer in timm.list_pretrained()
    yield known, f"timm에 있는 이름입니다: {answer}", f"timm knows this name: {answer}"
    yield not small, "이름에 small과 dinov2가 있어야 합니다.", "It must say small and dinov2."
    yield not tagged, "구조 이름뿐입니다. 점과 태그가 없습니다.", "The architecture alone, no tag."
    yield ..., "없는 이름입니다. 목록에서 옮기세요.", "timm has no such name: copy one."


@exercise("블록과 헤드의 수", "Blocks and heads")
def check_blocks_heads(answer, model):
    """Whether the answer is (number of blocks, heads in one block)."""
    blocks, heads = len(model.blocks), model.blocks[0].attn.num_heads
    yield (blocks, heads), f"블록 {blocks}개, 헤드 {heads}개.", f"{blocks} blocks, {heads} heads."
    yield (heads, blocks), "두 수의 순서가 바뀌었습니다.", "The two numbers are swapped."
    yield (blocks, blocks * heads), "블록 하나의 헤드만 세세요.", "Count the heads of one block."
    yield ..., "blocks의 길이와 attn을 보세요.", "Look at the length of blocks, and at attn."


@exercise("518픽셀 사진의 토큰 수", "Tokens of a 518-pixel photo")
def check_tokens(answer, image, patch, prefix=1):
    """Whether the answer is the number of tokens of an image: its side, or (height, width)."""
    gh, gw = np.broadcast_to(image, 2) // patch
    yield gh * gw + prefix, *[f"{gh} × {gw} + {prefix} = {gh * gw + prefix}"] * 2
    yield gh * gw, "패치만 세었습니다. 하나가 빠졌습니다.", "Only patches. Something is missing."
    yield gh, "한 변만 세었습니다. 격자는 두 변입니다.", "One side only. A grid has two."
    yield ..., "한 변의 패치 수부터 구하세요.", "First find how many patches fit one side."
