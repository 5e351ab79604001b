"""Checks of lesson 07_objects."""

from topics.measure import jaccard
from topics.objects import mask_box

from .exercise import exercise


@exercise("꼭 맞는 상자", "The box that fits")
def check_box(answer, mask):
    """Whether the answer is the box (left, top, right, bottom) of a mask bool (gh, gw)."""
    left, top, right, bottom = mask_box(mask)
    return [
        ((left, top, right, bottom), "마스크를 꼭 감쌉니다.", "It fits the mask exactly."),
        ((left, top, right - 1, bottom - 1), "끝이 빠졌습니다.", "The last ones are missing."),
        ((top, left, bottom, right), "행과 열이 바뀌었습니다.", "Rows and columns are swapped."),
        ((left, top, right - left, bottom - top), "너비와 높이입니다.", "Width and height."),
        (..., "열과 행의 최소, 최대를 보세요.", "Take the least and largest column and row."),
    ]


@exercise("자카드 지수", "The Jaccard index")
def check_jaccard(answer, found, truth):
    """Whether the answer is the Jaccard index of two masks bool (gh, gw)."""
    both, either = (found & truth).sum(), (found | truth).sum()
    agree = (found == truth).float().mean()
    right = jaccard(found, truth)
    return [
        (right, f"자카드 지수는 {right:.2f}입니다.", f"The Jaccard index is {right:.2f}."),
        (both / truth.sum(), "넘쳐도 벌점이 없는 값입니다.", "It never minds spilling over."),
        (both / found.sum(), "놓쳐도 벌점이 없는 값입니다.", "It never minds missing parts."),
        (2 * both / (found.sum() + truth.sum()), "합집합으로 나누세요.", "Divide by the union."),
        (agree, "둘 다 배경인 곳까지 세었습니다.", "You counted where both are background."),
        (1 - right, "1에서 뺀 값입니다.", "That is 1 minus the answer."),
        (either / both.clamp(min=1), "거꾸로 나누었습니다.", "The division is upside down."),
        (..., "교집합과 합집합을 세세요.", "Count the intersection and the union."),
    ]


@exercise("가장 높은 칸", "The highest patch")
def check_peak(answer, m):
    """Whether the answer is (row, column) of the highest patch of a map (gh, gw)."""
    index, columns = m.argmax().item(), m.shape[1]
    row, column = divmod(index, columns)
    return [
        ((row, column), f"{row}행 {column}열입니다.", f"Row {row}, column {column}."),
        (index, "한 줄로 센 번호입니다.", "That counts along one line."),
        ((column, row), "행과 열이 바뀌었습니다.", "Row and column are swapped."),
        (divmod(index, m.shape[0]), "한 행의 칸 수로 나누세요.", "Divide by the patches in a row."),
        (divmod(m.argmin().item(), columns), "가장 낮은 칸입니다.", "That is the lowest patch."),
        (..., "argmax를 행과 열로 바꾸세요.", "Turn argmax into a row and a column."),
    ]
