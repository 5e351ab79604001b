"""Checks of lesson 04_attention."""

import torch

from .exercise import compare, exercise


@exercise("한 패치가 묻는 행 · The row that a patch asks for")
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

    asked = first + row * gw + column
    right = scores(asked)
    _compare_shares(
        answer,
        (right.softmax(-1), "그 패치가 묻는 한 행입니다.", "This is the row that patch asks for."),
        (right, "점수예요. 소프트맥스가 남았어요.", "Those are scores: softmax is still to come."),
        (
            (right * d**0.5).softmax(-1),
            "점수를 √d로 나누지 않았어요.",
            "The scores were not divided by √d.",
        ),
        (
            scores(row * gw + column).softmax(-1),
            "패치 번호예요. 앞에 CLS 토큰이 있어요.",
            "That counts patches; the CLS token stands before them.",
        ),
        (scores(0).softmax(-1), "CLS가 물었어요.", "There the CLS token asks."),
        (
            scores(asked, 0).softmax(-1),
            "헤드 0이에요. 다른 구간을 자르세요.",
            "That is head 0: cut out another slice.",
        ),
        (
            scores(first + column * gw + row).softmax(-1),
            "행과 열이 바뀌었어요.",
            "Row and column are swapped.",
        ),
        otherwise=(
            "한 헤드의 구간만 쓰고, 모양은 (N,)입니다.",
            "Use one head's slice; shape (N,).",
        ),
    )


@exercise("60 %를 채우는 패치 수 · Patches that hold 60 %")
def check_patches_needed(answer, m, mass):
    """Whether the answer is how many patches each head needs to hold that share of its map."""
    flat = m.flatten(-2)
    n = flat.shape[-1]
    compare(
        answer,
        (_needed(flat, mass), "헤드마다 퍼진 정도가 다릅니다.", "Heads spread differently."),
        (
            n - _needed(flat, mass),
            "가려진 칸을 셌어요.",
            "That counts the patches outside the mask.",
        ),
        (
            (flat > mass * flat.amax(-1, keepdim=True)).sum(-1),
            "최댓값의 비율이 아니라 합의 비율이에요.",
            "It is a share of the sum, not of the maximum.",
        ),
        (
            _needed(flat.mean(0), mass),
            "평균한 맵 하나만 셌어요.",
            "That is for the mean map only; count head by head.",
        ),
        (
            _needed(flat, mass) / n,
            "비율이 아니라 개수를 쓰세요.",
            "Give the number of patches, not the share of them.",
        ),
        (
            _needed(flat.flatten(), mass),
            "헤드를 모두 더했어요. 헤드마다 세세요.",
            "All heads are added up: count head by head.",
        ),
        otherwise=("마스크의 True를 헤드마다 세세요.", "Count the True of each head's mask."),
    )


@exercise("롤아웃의 CLS 행 · The CLS row of the rollout")
def check_rollout_row(answer, attention):
    """Whether the answer is the CLS row of the rollout of (blocks, N, N) head means."""
    eye = torch.eye(attention.shape[-1])

    def row(blocks):
        out = eye[0]
        for block in blocks:
            out = out @ block
        return out

    with_residual = (attention + eye) / 2
    right = row(with_residual.flip(0))
    whole = torch.linalg.multi_dot([eye, *with_residual.flip(0)])
    _compare_shares(
        answer,
        (right, "행렬끼리 곱하지 않고 얻었어요.", "And no two matrices were multiplied."),
        (row(with_residual), "첫 블록부터 곱했어요.", "You began with the first block."),
        (row(attention.flip(0)), "항등 행렬이 빠졌어요.", "The identity matrix is missing."),
        (
            row((attention + eye).flip(0)),
            "합이 1이 아니에요. 블록마다 2로 나누세요.",
            "It does not sum to 1: divide by 2 in each block.",
        ),
        (whole, "행렬 전체예요. CLS 행만 쓰세요.", "That is the whole matrix; keep CLS's row."),
        (row(with_residual[-1:]), "마지막 블록만 썼어요.", "Only the last block was used."),
        otherwise=("행벡터에 블록을 차례로 곱하세요.", "Multiply a row by block after block."),
    )


def _needed(flat, mass):
    """How many of the largest values it takes to hold a share of the sum."""
    shares = (flat / flat.sum(-1, keepdim=True)).sort(-1, descending=True).values
    return (shares.cumsum(-1) - shares < mass).sum(-1)


def _compare_shares(answer, *known, otherwise):
    """Compare shares of N tokens, each about 1 / N: times N, or all would look the same."""
    n = known[0][0].shape[-1]
    answer = torch.as_tensor(answer) * n
    compare(answer, *((value * n, *words) for value, *words in known), otherwise=otherwise)
