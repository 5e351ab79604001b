"""Checks of lesson 02_encoding."""

from .exercise import exercise
from .lesson_01 import check_tokens


@exercise("CLS 토큰과 패치 토큰", "The CLS token and the patch tokens")
def check_split(answer, encoded):
    """Whether (CLS, patches) are the two parts of the encoded tokens."""
    cls, patches, tokens = encoded.cls_token, encoded.patch_tokens, encoded.tokens
    yield (cls, patches), "CLS와 패치를 나누었습니다.", "CLS and the patches stand apart."
    yield (cls, tokens), "패치에 CLS가 남아 있습니다.", "CLS is still among the patches."
    yield (cls, tokens[:, :-1]), "끝 패치를 뺐습니다.", "You dropped the last patch, not CLS."
    yield (tokens[0], patches), "CLS의 첫 축은 사진입니다.", "CLS: axis 0 counts photos."
    yield ..., "축은 (사진, 토큰, 차원)입니다.", "The axes are (photo, token, dimension)."


@exercise("직사각형 그림의 토큰 수", "Tokens of a wide picture")
def check_wide_tokens(answer, image, patch):
    """Whether the answer is the number of tokens of an image (height, width)."""
    return check_tokens.__wrapped__(answer, image, patch)


@exercise("픽셀이 있는 패치", "The patch that holds a pixel")
def check_patch_index(answer, x, y, columns, patch):
    """Index of the patch that covers pixel (x, y), in a grid so many columns wide."""
    row, column = y // patch, x // patch
    index = row * columns + column
    yield index, f"{row} × {columns} + {column}", f"{row} × {columns} + {column}"
    yield column * columns + row, "행과 열이 바뀌었습니다.", "Row and column are swapped."
    yield index + 1, "토큰의 번호입니다. 패치는 0부터.", "A token's number. Patches start at 0."
    yield ..., "//로 행과 열부터 구하세요.", "First find the row and the column with //."
