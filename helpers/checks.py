"""Checks that answer an exercise: right, not yet (with a hint), or no answer yet.

Each ``check_…`` stands in the exercise's own cell. It prints one line in Korean and one in
English, never raises on a student's answer, and returns None.
"""

import functools

import numpy as np
import timm
from PIL import Image

from . import overlay


def _say(correct, ko, en):
    """Print the verdict: True = right, False = a hint, None = no answer yet."""
    head = {
        True: ("맞습니다!", "Correct!"),
        False: ("아직 아니에요.", "Not yet."),
        None: ("아직 답이 없습니다.", "No answer yet."),
    }[correct]
    print(f"{head[0]} {ko}\n{head[1]} {en}")


def _exercise(check):
    """Wrap a check: `...` (alone or within a tuple) is no answer; an odd answer never raises."""

    @functools.wraps(check)
    def wrapped(answer, *args, **kwargs):
        parts = answer if isinstance(answer, (tuple, list)) else (answer,)
        if any(part is ... for part in parts):
            return _say(None, "...을 지우고 답을 쓰세요.", "Replace the ... with your answer.")
        try:
            check(answer, *args, **kwargs)
        except Exception:  # whatever a student typed, the lesson goes on
            kind = type(answer).__name__
            _say(False, f"{kind}은(는) 답의 형태가 아니에요.", f"The answer is no {kind}.")

    return wrapped


def _same(answer, value):
    if isinstance(value, str):
        return answer == value
    a, b = (np.squeeze(np.asarray(x, dtype=float)) for x in (answer, value))
    return a.shape == b.shape and np.allclose(a, b, atol=1e-4)


def _compare(answer, *known, otherwise):
    """Say the words of the ``(value, ko, en)`` that the answer equals; the first is right."""
    for i, (value, *words) in enumerate(known):
        if _same(answer, value):
            return _say(i == 0, *words)
    _say(False, *otherwise)


# --- 00_start, 01_timm ---


@_exercise
def check_other_photo(answer, first):
    """Whether the answer is a photo, other than the first one."""
    if not isinstance(answer, Image.Image):
        _say(False, "load_photo로 읽은 사진이 아니에요.", "Not a photo that load_photo has read.")
    elif np.array_equal(np.asarray(answer), np.asarray(first)):
        _say(False, "처음과 같은 사진이에요.", "This is the first photo again.")
    else:
        _say(True, "새 사진을 읽었습니다.", "A new photo is loaded.")


@_exercise
def check_overlay(answer, photo, m, alpha):
    """Whether the answer is that map over that photo, in any colormap."""

    def is_blend(share):
        near = (overlay.blend(photo, m, share, cmap) for cmap in overlay.COLORMAPS)
        return any(np.allclose(np.asarray(answer, float), other, atol=1) for other in near)

    if answer.size != photo.size:
        _say(False, "크기가 다릅니다. 같은 사진 위인가요?", "Another size. Is it the same photo?")
    elif is_blend(alpha):
        _say(True, f"alpha {alpha}의 겹침 그림입니다.", f"This is the overlay at alpha {alpha}.")
    elif is_blend(1 - alpha):
        _say(False, "거꾸로예요. alpha는 색의 비율이에요.", "Swapped: alpha is the colours' share.")
    elif is_blend(0.5):
        _say(False, "alpha를 안 적으면 0.5가 됩니다.", "Without an alpha you get 0.5.")
    else:
        _say(False, "alpha 값이나 맵이 달라요.", "That is another alpha, or another map.")


@_exercise
def check_source(answer, model):
    """Whether the answer names where the weights of the model come from."""
    source = model.weights.source
    _compare(
        answer,
        (source, f"가중치의 출처는 {source}입니다.", f"The weights' source is {source}."),
        (model.weights.name, "그것은 모델의 이름이에요.", "That is the model's name."),
        otherwise=("다른 출처예요. model.weights를 출력해 보세요.", "No. Print model.weights."),
    )


@_exercise
def check_small_dinov2(answer):
    """Whether the answer is the full name of a small DINOv2, tag included."""
    if "dinov2" not in answer.split(".")[0] or "small" not in answer:
        _say(False, "작은(small) DINOv2가 아니에요.", "Not a small DINOv2.")
    elif "." not in answer:
        _say(False, "구조 이름뿐이에요. 점과 태그는요?", "The architecture alone. And the tag?")
    elif answer not in timm.list_pretrained():
        _say(False, "timm에 없는 이름이에요.", "timm does not know this name.")
    else:
        _say(True, f"timm에 있는 이름입니다: {answer}", f"timm knows this name: {answer}")


@_exercise
def check_blocks_heads(answer, model):
    """Whether the answer is (number of blocks, heads in one block)."""
    blocks, heads = len(model.blocks), model.blocks[0].attn.num_heads
    _compare(
        answer,
        ((blocks, heads), f"블록 {blocks}개, 헤드 {heads}개.", f"{blocks} blocks, {heads} heads."),
        ((heads, blocks), "두 수의 순서가 바뀌었어요.", "The two numbers are the other way round."),
        ((blocks, blocks * heads), "블록 하나의 헤드만 세세요.", "Count the heads of one block."),
        otherwise=("blocks의 길이와 attn을 보세요.", "Look at the length of blocks, and at attn."),
    )


@_exercise
def check_tokens(answer, image, patch, prefix=1):
    """Whether the answer is the number of tokens of an image: its side, or (height, width)."""
    gh, gw = np.broadcast_to(image, 2) // patch
    _compare(
        answer,
        (gh * gw + prefix, *[f"{gh} × {gw} + {prefix} = {gh * gw + prefix}"] * 2),
        (gh * gw, "패치만 세었어요. 무엇이 빠졌나요?", "Only patches. What is missing?"),
        (gh, "한 변만 세었어요. 격자는 두 변입니다.", "One side only. A grid has two."),
        otherwise=("한 변의 패치 수부터 구하세요.", "First find how many patches fit one side."),
    )


# --- 02_encoding, 03_decoding ---


@_exercise
def check_split(answer, encoded):
    """Whether (CLS, patches) are the two parts of the encoded tokens."""
    cls, patches, tokens = encoded.cls_token, encoded.patch_tokens, encoded.tokens
    join = np.append  # two arrays, each flattened
    _compare(
        join(*answer),
        (join(cls, patches), "CLS와 패치를 나눴습니다.", "CLS and the patches stand apart."),
        (join(cls, tokens), "패치에 CLS가 남아 있어요.", "CLS is still among the patches."),
        (join(cls, tokens[:, :-1]), "끝 패치를 뺐어요.", "You dropped the last patch, not CLS."),
        (join(tokens[0], patches), "CLS: 첫 축은 사진이에요.", "CLS: axis 0 counts photos."),
        otherwise=("축은 (사진, 토큰, 차원)이에요.", "The axes are (photo, token, dimension)."),
    )


@_exercise
def check_patch_index(answer, x, y, columns, patch):
    """Index of the patch that covers pixel (x, y), in a grid so many columns wide."""
    row, column = y // patch, x // patch
    index = row * columns + column
    _compare(
        answer,
        (index, f"{row} × {columns} + {column}", f"{row} × {columns} + {column}"),
        (column * columns + row, "행과 열이 바뀌었어요.", "Row and column are swapped."),
        (index + 1, "토큰 번호예요. 패치는 0부터예요.", "A token's number. Patches start at 0."),
        otherwise=("//로 행과 열부터 구하세요.", "First find the row and the column with //."),
    )


@_exercise
def check_norm_map(answer, encoded):
    """Whether the answer is the token-norm map (grid height, grid width)."""
    patches, (gh, gw) = encoded.patch_tokens, encoded.grid
    norms = patches.norm(dim=-1)
    _compare(
        answer,
        (norms.reshape(gh, gw), "토큰 노름 맵입니다.", "This is the token-norm map."),
        (encoded.tokens.norm(dim=-1), "CLS 토큰이 남아 있어요.", "The CLS token is still there."),
        (patches.norm(dim=1), "엉뚱한 축의 노름이에요.", "That is the norm over the wrong axis."),
        (norms, "아직 한 줄이에요. 격자로 바꾸세요.", "Still one row: fold it into the grid."),
        (norms.reshape(gw, gh), "세로와 가로가 바뀌었어요.", "Height and width are swapped."),
        (norms.reshape(gh, gw) ** 2, "제곱근이 빠졌어요.", "The square root is missing."),
        otherwise=("패치마다 차원을 따라 재세요.", "Measure along each patch's dimensions."),
    )
