"""Checks of lesson 04_attention."""

import torch

from .exercise import exercise


@exercise("한 패치가 묻는 행", "The row that a patch asks for")
def check_attention_row(answer, q, k, encoded, heads, head, patch):
    """Whether the answer is one head's attention row, asked by the patch at (row, column).

    q and k are (N, D), as ``attn.qkv`` gives them.
    """
    row, column = patch
    first, (_, gw) = encoded.num_prefix_tokens, encoded.grid
    d = q.shape[-1] // heads

    def scores(query, head=head):
        part = slice(head * d, (head + 1) * d)
        return q[query, part] @ k[:, part].T / d**0.5

    def shares(*which):
        return scores(*which).softmax(-1)

    asked, turned = first + row * gw + column, first + column * gw + row
    undivided = (scores(asked) * d**0.5).softmax(-1)
    return [
        (shares(asked), "그 패치가 묻는 한 행입니다.", "This is the row that patch asks for."),
        (scores(asked), "점수입니다. 소프트맥스가 남았습니다.", "Scores: softmax is to come."),
        (undivided, "√d로 나누지 않았습니다.", "The scores were not divided by √d."),
        (shares(asked - first), "CLS 토큰이 앞에 있습니다.", "The CLS token stands before it."),
        (shares(0), "CLS가 묻는 행입니다.", "There the CLS token asks."),
        (shares(asked, 0), "헤드 0입니다. 구간이 다릅니다.", "That is head 0: another slice."),
        (shares(turned), "행과 열이 바뀌었습니다.", "Row and column are swapped."),
        (..., "한 헤드의 구간만, 모양은 (N,)입니다.", "Use one head's slice; shape (N,)."),
    ]


@exercise("60 %를 채우는 패치 수", "Patches that hold 60 %")
def check_patches_needed(answer, m, mass):
    """Whether the answer is how many patches each head needs to hold that share of its map."""
    flat = m.flatten(-2)
    n, needed = flat.shape[-1], _needed(flat, mass)
    high = (flat > mass * flat.amax(-1, keepdim=True)).sum(-1)
    return [
        (needed, "헤드마다 퍼진 정도가 다릅니다.", "Heads spread differently."),
        (n - needed, "마스크 밖을 세었습니다.", "That counts the patches outside the mask."),
        (high, "최댓값이 아니라 합의 비율입니다.", "A share of the sum, not of the maximum."),
        (_needed(flat.mean(0), mass), "평균 맵만 세었습니다.", "That is for the mean map only."),
        (needed / n, "비율이 아니라 개수를 쓰세요.", "Give the number, not the share."),
        (_needed(flat.flatten(), mass), "헤드를 모두 더했습니다.", "All heads are added up."),
        (..., "마스크의 True를 헤드마다 세세요.", "Count the True of each head's mask."),
    ]


@exercise("롤아웃의 CLS 행", "The CLS row of the rollout")
def check_rollout_row(answer, attention):
    """Whether the answer is the CLS row of the rollout of (blocks, N, N) head means."""
    eye = torch.eye(attention.shape[-1])

    def row(blocks):
        out = eye[0]
        for block in blocks:
            out = out @ block
        return out

    half = (attention + eye) / 2
    whole = torch.linalg.multi_dot([eye, *half.flip(0)])
    return [
        (row(half.flip(0)), "행렬끼리 곱하지 않았습니다.", "And no two matrices were multiplied."),
        (row(half), "첫 블록부터 곱했습니다.", "You began with the first block."),
        (row(attention.flip(0)), "항등 행렬이 빠졌습니다.", "The identity matrix is missing."),
        (row(2 * half.flip(0)), "블록마다 2로 나누세요.", "Divide by 2 in each block."),
        (whole, "행렬 전체입니다. CLS 행만 쓰세요.", "The whole matrix; keep CLS's row."),
        (half[-1, 0], "마지막 블록만 썼습니다.", "Only the last block was used."),
        (..., "행벡터에 블록을 차례로 곱하세요.", "Multiply a row by block after block."),
    ]


def _needed(flat, mass):
    """How many of the largest values it takes to hold a share of the sum."""
    shares = (flat / flat.sum(-1, keepdim=True)).sort(-1, descending=True).values
    return (shares.cumsum(-1) - shares < mass).sum(-1)
