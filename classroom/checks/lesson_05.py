"""Checks of lesson 05_maps."""

import functools

import torch

from topics.masks import mass_mask

from .exercise import exercise


@exercise("60 %를 채우는 패치 수", "Patches that hold 60 %")
def check_patches_needed(answer, m, mass):
    """Whether the answer is how many patches each head needs to hold that share of its map."""

    def count(m):
        return mass_mask(m, mass).sum((-2, -1))

    n, needed = m[0].numel(), count(m)
    high = (m > mass * m.amax((-2, -1), keepdim=True)).sum((-2, -1))
    yield needed, "헤드마다 퍼진 정도가 다릅니다.", "Heads spread differently."
    yield n - needed, "마스크 밖을 세었습니다.", "That counts the patches outside the mask."
    yield high, "최댓값이 아니라 합의 비율입니다.", "A share of the sum, not of the maximum."
    yield count(m.mean(0)), "평균 맵만 세었습니다.", "That is for the mean map only."
    yield needed / n, "비율이 아니라 개수를 쓰세요.", "Give the number, not the share."
    yield count(m.flatten(0, 1)), "헤드를 모두 더했습니다.", "All heads are added up."
    yield ..., "마스크의 True를 헤드마다 세세요.", "Count the True of each head's mask."


@exercise("롤아웃의 CLS 행", "The CLS row of the rollout")
def check_rollout_row(answer, attention):
    """Whether the answer is the CLS row of the rollout of (blocks, N, N) head means."""
    eye = torch.eye(attention.shape[-1])

    def row(blocks, start=eye[0]):
        return functools.reduce(torch.matmul, blocks, start)

    half = (attention + eye) / 2
    whole = row(half.flip(0), eye)
    yield row(half.flip(0)), "행렬끼리 곱하지 않았습니다.", "And no two matrices were multiplied."
    yield row(half), "첫 블록부터 곱했습니다.", "You began with the first block."
    yield row(attention.flip(0)), "항등 행렬이 빠졌습니다.", "The identity matrix is missing."
    yield row(2 * half.flip(0)), "블록마다 2로 나누세요.", "Divide by 2 in each block."
    yield whole, "행렬 전체입니다. CLS 행만 쓰세요.", "The whole matrix; keep CLS's row."
    yield half[-1, 0], "마지막 블록만 썼습니다.", "Only the last block was used."
    yield ..., "행벡터에 블록을 차례로 곱하세요.", "Multiply a row by block after block."


@exercise("본 곳까지의 거리", "How far a patch looks")
def check_mean_distance(answer, m, far):
    """Whether the answer is the mean of the distances `far`, weighted by a map; both (gh, gw)."""
    right = (m * far).sum() / m.sum()
    yield right, f"평균 {right:.1f}칸 떨어진 곳을 봅니다.", f"It looks {right:.1f} patches away."
    yield (m * far).sum(), "비율의 합이 1이 아니니 나누세요.", "Shares don't sum to 1: divide."
    yield far.mean(), "모두를 고르게 볼 때의 거리입니다.", "That is for looking at all evenly."
    yield (m * far).mean(), "패치 수로 나누었습니다.", "You divided by the number of patches."
    yield far.flatten()[m.argmax()], "가장 많이 본 곳만 셌습니다.", "That is for the largest only."
    yield far[m > m.mean()].mean(), "모든 칸을 비율만큼 세세요.", "Weigh every patch by its share."
    yield ..., "거리에 비율을 곱해 평균하세요.", "Weigh distances by the shares."
