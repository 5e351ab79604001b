"""Checks of lesson 06_patches."""

import torch

from .exercise import exercise


@exercise("유사도 맵", "The similarity map")
def check_similarity(answer, encoded, query):
    """Whether the answer is the map of cosine similarity (gh, gw) to a query (D,)."""
    patches, (gh, gw) = encoded.patch_tokens[0], encoded.grid
    dots, lengths = patches @ query, patches.norm(dim=-1)
    cosine = dots / lengths / query.norm()
    everything = encoded.tokens[0] @ query / encoded.tokens[0].norm(dim=-1) / query.norm()
    yield cosine.reshape(gh, gw), "코사인 유사도 맵입니다.", "This is the map of similarity."
    yield dots.reshape(gh, gw), "내적입니다. 노름으로 나누세요.", "Dot products: divide by norms."
    for norm in lengths, query.norm():
        m = (dots / norm).reshape(gh, gw)
        yield m, "한쪽 노름으로만 나누었습니다.", "You divided by one of the two norms only."
    yield cosine, "아직 한 줄입니다. 격자로 바꾸세요.", "Still one row: fold it into the grid."
    yield everything, "CLS 토큰이 남아 있습니다.", "The CLS token is still there."
    yield cosine.reshape(gw, gh), "세로와 가로가 바뀌었습니다.", "Height and width are swapped."
    yield ..., "내적을 두 노름으로 나누세요.", "Divide the dot product by both norms."


@exercise("서로 가장 가까운 이웃", "Mutual nearest neighbours")
def check_mutual(answer, to_b, to_a):
    """Whether the answer says of each patch of a if its nearest in b chooses it, too."""
    a, b = torch.arange(len(to_b)), torch.arange(len(to_a))
    right = to_a[to_b] == a
    yield right, f"{right.sum()}쌍이 서로 골랐습니다.", f"{right.sum()} pairs choose each other."
    yield to_b[to_a] == b, "둘째 사진에서 시작했습니다.", "You started from the second photo."
    yield right.nonzero(), "번호가 아니라 참/거짓입니다.", "Say True or False, not the numbers."
    yield to_a[to_b], "돌아온 번호를 제 번호와 비교하세요.", "Compare it with a's own numbers."
    for other in (to_a, a) if len(a) == len(b) else ():
        equal = to_b == other
        yield equal, "같은 번호는 서로 고른 것이 아닙니다.", "Equal numbers are no mutual choice."
    yield ..., "갔다가 돌아오세요: a → b → a", "Go and come back: a → b → a"


@exercise("뒤집은 사본의 패치 번호", "A patch's number in the mirrored copy")
def check_mirrored(answer, row, column, grid):
    """Index of a patch's own place in a copy that is mirrored left to right."""
    gh, gw = grid
    far = gw - 1 - column
    yield row * gw + far, *[f"{row} × {gw} + {far}"] * 2
    yield row * gw + column, "뒤집기 전의 번호입니다.", "That is the number before mirroring."
    yield row * gw + far + 1, "한 칸 밀렸습니다. 열은 0부터입니다.", "One off: columns start at 0."
    for other in column, far:
        yield (gh - 1 - row) * gw + other, "위아래로 뒤집었습니다.", "You turned it upside down."
    yield far, "열만 구했습니다.", "That is the column alone."
    yield ..., "행은 그대로, 열은 반대쪽부터입니다.", "Same row; count columns from the end."
