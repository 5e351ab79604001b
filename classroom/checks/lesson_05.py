"""Checks of lesson 05_patches."""

import torch

from .exercise import compare, exercise


@exercise("유사도 맵 · The similarity map")
def check_similarity(answer, encoded, query):
    """Whether the answer is the map of cosine similarity (grid height, grid width) to a query."""
    patches, (gh, gw) = encoded.patch_tokens[0], encoded.grid
    dots, lengths = patches @ query, patches.norm(dim=-1)
    cosine = dots / lengths / query.norm()
    everything = encoded.tokens[0] @ query / encoded.tokens[0].norm(dim=-1) / query.norm()
    one_side = "길이를 한쪽만 나눴어요.", "You divided by one of the two lengths only."
    compare(
        answer,
        (cosine.reshape(gh, gw), "코사인 유사도 맵입니다.", "This is the map of similarity."),
        (dots.reshape(gh, gw), "내적이에요. 길이로 나누세요.", "Dot products. And the lengths?"),
        ((dots / lengths).reshape(gh, gw), *one_side),
        ((dots / query.norm()).reshape(gh, gw), *one_side),
        (cosine, "아직 한 줄이에요. 격자로 바꾸세요.", "Still one row: fold it into the grid."),
        (everything, "CLS 토큰이 남아 있어요.", "The CLS token is still there."),
        (cosine.reshape(gw, gh), "세로와 가로가 바뀌었어요.", "Height and width are swapped."),
        otherwise=("내적을 두 길이로 나누세요.", "Divide the dot product by both lengths."),
    )


@exercise("서로 가장 가까운 이웃 · Mutual nearest neighbours")
def check_mutual(answer, to_b, to_a):
    """Whether the answer says of each patch of a if its nearest in b chooses it, too."""
    a, b = torch.arange(len(to_b)), torch.arange(len(to_a))
    right = to_a[to_b] == a
    known = [
        (right, f"서로 고른 짝이 {right.sum()}쌍.", f"{right.sum()} pairs choose each other."),
        (to_b[to_a] == b, "둘째 사진부터 물었어요.", "You started from the second photo."),
        (right.nonzero(), "번호 말고 참/거짓이 필요해요.", "Say True or False, not the numbers."),
        (to_a[to_b], "돌아온 번호가 제 번호인가요?", "Does it come back to its own number?"),
    ]
    if len(a) == len(b):
        hint = "같은 번호는 서로 고른 게 아니에요.", "Equal numbers are no mutual choice."
        known += [(to_b == to_a, *hint), (to_b == a, *hint)]
    compare(
        answer, *known, otherwise=("갔다가 돌아오세요: a → b → a", "Go and come back: a → b → a")
    )


@exercise("뒤집은 사본의 패치 번호 · A patch's number in the mirrored copy")
def check_mirrored(answer, row, column, grid):
    """Index of a patch's own place in a copy that is mirrored left to right."""
    gh, gw = grid
    index = row * gw + gw - 1 - column
    sum_of = f"{row} × {gw} + {gw - 1 - column}"
    upside_down = "위아래로 뒤집었어요.", "You turned it upside down."
    compare(
        answer,
        (index, sum_of, sum_of),
        (row * gw + column, "뒤집기 전의 번호예요.", "That is the number before mirroring."),
        (index + 1, "한 칸 밀렸어요. 열은 0부터예요.", "One off: columns count from 0."),
        ((gh - 1 - row) * gw + column, *upside_down),
        ((gh - 1 - row) * gw + gw - 1 - column, *upside_down),
        (gw - 1 - column, "열만 구했어요. 번호는요?", "That is the column. And the number?"),
        otherwise=("행은 그대로, 열은 반대쪽부터.", "Same row; count columns from the far side."),
    )
