"""Tokens or attention in, maps out: one number a patch, laid out on the patch grid."""

import torch

from .encoding import attention, encode, queries_keys


def token_norm(patch_tokens, grid):
    """Token-norm map: the length of each patch token, the blog post's recipe.

    Parameters
    ----------
    patch_tokens : torch.Tensor
        (..., gh * gw, D).
    grid : tuple of int
        (gh, gw).

    Returns
    -------
    torch.Tensor
        (..., gh, gw), L2 norms, at least 0.
    """
    return on_grid(torch.norm(patch_tokens, dim=-1), grid)


def cls_attention(attention_rows, grid, num_prefix_tokens):
    """Where the CLS token looks, head by head (DINO paper, figures 1 and 3).

    Parameters
    ----------
    attention_rows : torch.Tensor
        (..., heads, Q, N) from ``encoding.attention``; row 0 must be the CLS token's.
    grid : tuple of int
        (gh, gw).
    num_prefix_tokens : int
        Columns left out at the start: CLS and registers have no place in the picture.

    Returns
    -------
    torch.Tensor
        (..., heads, gh, gw).
    """
    return on_grid(attention_rows[..., 0, num_prefix_tokens:], grid)


def min_max(m):
    """Min-max normalisation: each map (the last two axes) stretched to 0..1.

    A constant map gives zeros.
    """
    low = m.amin(dim=(-2, -1), keepdim=True)
    span = m.amax(dim=(-2, -1), keepdim=True) - low
    return (m - low) / torch.where(span > 0, span, 1)


def mass_mask(m, mass=0.6):
    """Where the largest patches are that together hold a share of the map (DINO, section 4.2.2).

    Parameters
    ----------
    m : torch.Tensor
        (..., gh, gw), at least 0.
    mass : float
        Share of the map's sum to keep, 0..1; the patch that crosses the line still counts.

    Returns
    -------
    torch.Tensor
        bool, like `m`.
    """
    flat = m.flatten(-2)
    values, order = (flat / flat.sum(-1, keepdim=True)).sort(-1, descending=True)
    keep = values.cumsum(-1) - values < mass
    return torch.zeros_like(keep).scatter(-1, order, keep).view_as(m)


def rollout(attention_rows):
    """How much each input token reaches each token of the last block (Abnar & Zuidema 2020, §3).

    In every block: mean over heads, plus the identity for the residual path, rows brought back to
    sum 1; then the blocks are multiplied, the last one from the left.

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


def rollout_row(queries_keys, query=0, chunk=256):
    """One row of ``rollout``, without any N × N matrix.

    One row times the last block's matrix is a row again, so the blocks are taken from the last
    to the first, and of each block's attention only `chunk` rows are there at a time.

    Parameters
    ----------
    queries_keys : list of tuple of torch.Tensor
        From ``encoding.queries_keys``: q and k of each block, both (B, heads, N, d).
    query : int
        Whose row; 0 is the CLS token.
    chunk : int
        How many rows at a time; changes memory, not the numbers.

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


def photo_norm(model, tensor):
    """Token-norm map of one picture (1, 3, H, W), as (gh, gw) in 0..1."""
    encoded = encode(model, tensor)
    return min_max(token_norm(encoded.patch_tokens, encoded.grid))[0]


def photo_attention(model, tensor):
    """Last block's CLS attention of one picture (1, 3, H, W), mean of heads, (gh, gw) in 0..1."""
    grid = model.patch_embed.dynamic_feat_size(tensor.shape[-2:])
    heads = cls_attention(attention(model, tensor), grid, model.num_prefix_tokens)
    return min_max(heads.mean(dim=-3))[0]


def photo_rollout(model, tensor):
    """CLS row of the attention rollout of one picture (1, 3, H, W), (gh, gw) in 0..1."""
    grid = model.patch_embed.dynamic_feat_size(tensor.shape[-2:])
    row = rollout_row(queries_keys(model, tensor))
    return min_max(on_grid(row[:, model.num_prefix_tokens :], grid))[0]


def on_grid(values, grid):
    """Lay numbers (..., gh * gw) out on the patch grid (..., gh, gw); else a ValueError."""
    gh, gw = grid
    if values.shape[-1] != gh * gw:
        raise ValueError(
            f"패치 토큰은 {values.shape[-1]}개인데 격자는 {gh} × {gw} = {gh * gw}칸입니다.\n"
            f"There are {values.shape[-1]} patch tokens, but the grid has {gh} × {gw} = {gh * gw}."
        )
    return values.reshape(*values.shape[:-1], gh, gw)
