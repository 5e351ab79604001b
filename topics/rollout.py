"""Attention followed through all blocks: Abnar and Zuidema 2020 (arXiv:2005.00928), section 3.

In every block the mean over heads, plus the identity for the residual path, rows brought back to
sum 1; then the blocks are multiplied, the last one from the left.
"""

import torch

from helpers.encoding import grid_of, one_photo, queries_keys
from helpers.maps import min_max, on_grid


def rollout_map(model, tensor):
    """The CLS row of the attention rollout of one picture; see ``norm_map`` and ``rollout_row``."""
    row = rollout_row(queries_keys(model, one_photo(tensor)))
    return min_max(on_grid(row[:, model.num_prefix_tokens :], grid_of(model, tensor)))[0]


def rollout_row(queries_keys, query=0, chunk=256):
    """How much each input token reaches one token of the last block: a row of the rollout.

    One row times the last block's matrix is a row again, so no N × N matrix is needed.

    Parameters
    ----------
    queries_keys : list of tuple of torch.Tensor
        From ``encoding.queries_keys``: q and k of each block, both (B, heads, N, d).
    query : int
        Whose row; 0 is the CLS token.
    chunk : int
        How many rows of a block's attention are there at a time; changes memory, not the numbers.

    Returns
    -------
    torch.Tensor
        (B, N), sums to 1.
    """
    q, _ = queries_keys[0]
    row = q.new_zeros(q.shape[0], 1, q.shape[2])
    row[..., query] = 1
    for q, k in reversed(queries_keys):
        reached = row.clone()  # the residual path
        for weights, asking in zip(row.split(chunk, dim=-1), q.split(chunk, dim=-2)):
            reached += weights @ (asking @ k.mT).softmax(dim=-1).mean(dim=-3)
        row = reached / 2  # attention sums to 1, and so did the residual path
    return row[:, 0]


def rollout(attention_rows):
    """How much each input token reaches each token of the last block: the whole matrix.

    Parameters
    ----------
    attention_rows : torch.Tensor
        (blocks, ..., heads, N, N) from ``encoding.attention_rows`` with all N queries.

    Returns
    -------
    torch.Tensor
        (..., N, N), each row sums to 1; row 0 is the CLS token's.
    """
    attention = attention_rows.mean(dim=-3)
    out = identity = torch.eye(attention.shape[-1]).to(attention)
    for block in attention:
        block = block + identity
        out = block / block.sum(dim=-1, keepdim=True) @ out
    return out
