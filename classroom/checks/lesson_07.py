"""Checks of lesson 07_objects."""

import numpy as np

from bilingual import BadInput
from topics.objects import mask_box

from .exercise import exercise


@exercise("꼭 맞는 상자", "The box that fits")
def check_box(answer, mask):
    """Whether the answer is the box (left, top, right, bottom) of a mask bool (gh, gw)."""
    left, top, right, bottom = mask_box(mask)
    yield (left, top, right, bottom), "마스크를 꼭 감쌉니다.", "It fits the mask exactly."
    yield (left, top, right - 1, bottom - 1), "끝이 빠졌습니다.", "The last ones are missing."
    yield (top, left, bottom, right), "행과 열이 바뀌었습니다.", "Rows and columns are swapped."
    yield (left, top, right - left, bottom - top), "너비와 높이입니다.", "Width and height."
    yield ..., "열과 행의 최소, 최대를 보세요.", "Take the least and largest column and row."


@exercise("씨앗의 자리", "Where the seed lies")
def check_seed(answer, degree):
    """Whether the answer is (row, column) of the patch with the fewest joins, of (gh, gw)."""
    index, (rows, columns) = degree.argmin().item(), degree.shape
    row, column = divmod(index, columns)
    if np.size(answer) == 1 and int(answer) == index:
        raise BadInput("한 줄로 센 번호입니다.", "That counts along one line.")
    if np.size(answer) == 1 and int(answer) == degree.min():
        raise BadInput("이어진 수입니다. 자리를 쓰세요.", "That is how many joins; say where.")
    yield (row, column), f"{row}행 {column}열입니다.", f"Row {row}, column {column}."
    yield (column, row), "행과 열이 바뀌었습니다.", "Row and column are swapped."
    yield divmod(index, rows), "한 행의 칸 수로 나누세요.", "Divide by the patches in a row."
    yield divmod(degree.argmax().item(), columns), "가장 많이 이어진 곳입니다.", "The most joined."
    yield ..., "이어진 수가 가장 적은 패치입니다.", "It is the patch with the fewest joins."


@exercise("물체가 있는 편", "The object's side")
def check_side(answer, x):
    """Whether the answer is the side of an eigenvector (gh, gw) that holds its largest size."""
    x = np.asarray(x)
    above = x > x.mean()
    if not above.flat[abs(x).argmax()]:
        above = x < x.mean()
    yield above, "절댓값이 가장 큰 패치가 있는 편입니다.", "It has the patch of largest size."
    yield ~above, "반대편, 배경입니다.", "That is the other side, the background."
    # Of an even count, torch's median is the lower of the two in the middle.
    for cut in np.median(x), np.quantile(x, 0.5, method="lower"):
        middle = x < cut if above.flat[x.argmin()] else x > cut
        yield middle, "중앙값이 아니라 평균에서 자르세요.", "Cut at the mean, not the median."
    yield abs(x) > abs(x).mean(), "절댓값은 편을 고를 때만 씁니다.", "Sizes only tell the side."
    yield x, "값이 아니라 예 또는 아니요입니다.", "Not numbers: a yes or no a patch."
    yield ..., "먼저 절댓값이 가장 큰 값의 부호를 보세요.", "See the sign of the largest in size."
