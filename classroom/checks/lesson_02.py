"""Checks of lesson 02_encoding."""

import numpy as np

from .exercise import compare, exercise
from .lesson_01 import check_tokens


@exercise("CLS 토큰과 패치 토큰 · The CLS token and the patch tokens")
def check_split(answer, encoded):
    """Whether (CLS, patches) are the two parts of the encoded tokens."""
    cls, patches, tokens = encoded.cls_token, encoded.patch_tokens, encoded.tokens
    join = np.append  # two arrays, each flattened
    compare(
        join(*answer),
        (join(cls, patches), "CLS와 패치를 나눴습니다.", "CLS and the patches stand apart."),
        (join(cls, tokens), "패치에 CLS가 남아 있어요.", "CLS is still among the patches."),
        (join(cls, tokens[:, :-1]), "끝 패치를 뺐어요.", "You dropped the last patch, not CLS."),
        (join(tokens[0], patches), "CLS: 첫 축은 사진이에요.", "CLS: axis 0 counts photos."),
        otherwise=("축은 (사진, 토큰, 차원)이에요.", "The axes are (photo, token, dimension)."),
    )


@exercise("직사각형 그림의 토큰 수 · Tokens of a wide picture")
def check_wide_tokens(answer, image, patch):
    """Whether the answer is the number of tokens of an image (height, width)."""
    check_tokens.__wrapped__(answer, image, patch)


@exercise("픽셀이 있는 패치 · The patch that holds a pixel")
def check_patch_index(answer, x, y, columns, patch):
    """Index of the patch that covers pixel (x, y), in a grid so many columns wide."""
    row, column = y // patch, x // patch
    index = row * columns + column
    compare(
        answer,
        (index, f"{row} × {columns} + {column}", f"{row} × {columns} + {column}"),
        (column * columns + row, "행과 열이 바뀌었어요.", "Row and column are swapped."),
        (index + 1, "토큰 번호예요. 패치는 0부터예요.", "A token's number. Patches start at 0."),
        otherwise=("//로 행과 열부터 구하세요.", "First find the row and the column with //."),
    )
