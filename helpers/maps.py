"""Tokens or attention in, maps out: one number a patch, laid out on the patch grid.

For the notation see ``encoding``. A map is float32 on the CPU: ``on_grid`` sees to that.
"""

import torch

from bilingual import BadInput

from .encoding import attention, encode, grid_of, one_photo


def norm_map(model, tensor):
    """Token-norm map of one picture: the blog post's recipe.

    Parameters
    ----------
    model : timm model
    tensor : torch.Tensor (1, 3, H, W)

    Returns
    -------
    torch.Tensor (gh, gw) in 0..1, min-max normalised

    Raises
    ------
    BadInput
        The tensor has another shape, or holds several pictures.
    """
    encoded = encode(model, one_photo(tensor))
    return min_max(token_norm(encoded.patch_tokens, encoded.grid))[0]


def attention_map(model, tensor):
    """The last block's CLS attention of one picture, mean of heads; see ``norm_map``.

    Caron et al. 2021 (arXiv:2104.14294), figures 1 and 3, show the heads one by one.
    """
    rows, grid = attention(model, one_photo(tensor)), grid_of(model, tensor)
    heads = cls_attention(rows, grid, model.num_prefix_tokens)
    return min_max(heads.mean(dim=-3))[0]


def token_norm(patch_tokens, grid):
    """L2 norm of each patch token (..., gh * gw, D), as a map (..., gh, gw)."""
    return on_grid(torch.norm(patch_tokens.float(), dim=-1), grid)


def cls_attention(attention_rows, grid, num_prefix_tokens):
    """Where the CLS token looks, head by head.

    Parameters
    ----------
    attention_rows : torch.Tensor
        (..., heads, Q, N) from ``encoding.attention``; row 0 must be the CLS token's.
    grid : tuple of int (gh, gw)
    num_prefix_tokens : int
        Columns left out at the start: CLS and registers have no place in the picture.

    Returns
    -------
    torch.Tensor (..., heads, gh, gw), shares of attention
    """
    return on_grid(attention_rows[..., 0, num_prefix_tokens:], grid)


def min_max(m):
    """Min-max normalisation: each map (the last two axes) stretched to 0..1, or all 0."""
    low = m.amin(dim=(-2, -1), keepdim=True)
    span = m.amax(dim=(-2, -1), keepdim=True) - low
    return (m - low) / torch.where(span > 0, span, 1)


def on_grid(values, grid):
    """Lay numbers (..., gh * gw) out on the patch grid (..., gh, gw), on the CPU.

    Floating numbers become float32, of whatever precision the model is; labels stay whole numbers.

    Raises
    ------
    BadInput
        There are more or fewer numbers than patches.
    """
    gh, gw = grid
    if values.shape[-1] != gh * gw:
        raise BadInput(
            f"패치 토큰은 {values.shape[-1]}개인데 격자는 {gh} × {gw} = {gh * gw}칸입니다.",
            f"There are {values.shape[-1]} patch tokens, but the grid has {gh} × {gw} = {gh * gw}.",
        )
    values = values.detach().cpu()
    values = values.float() if values.is_floating_point() else values
    return values.reshape(*values.shape[:-1], gh, gw)
