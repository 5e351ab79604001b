"""Tokens or attention in, maps out: one number a patch, laid out on the patch grid.

For the notation see ``encoding``. A map is float32 on the CPU: ``on_grid`` sees to that.
"""

import torch

from bilingual import BadInput

from .encoding import attention, encode, grid_of, one_photo


def norm_map(model, tensor, block=-1):
    """Token-norm map of one picture: the blog post's recipe.

    Parameters
    ----------
    model : timm model
    tensor : torch.Tensor (1, 3, H, W)
    block : int, after which block, see ``encoding.encode``; -1 is the last, as in the post

    Returns
    -------
    torch.Tensor (gh, gw) in 0..1, min-max normalised

    Raises
    ------
    BadInput : as ``encoding.encode``, or the tensor holds several pictures
    """
    encoded = encode(model, one_photo(tensor), block)
    return min_max(token_norm(encoded.patch_tokens, encoded.grid))[0]


def attention_map(model, tensor, block=-1):
    """Where the CLS token of one picture looks, mean of heads.

    Caron et al. 2021 (arXiv:2104.14294), figures 1 and 3, show the last block's heads one by one.

    Parameters
    ----------
    model, tensor, block : as in ``norm_map``, also what is raised; `block` is whose attention

    Returns
    -------
    torch.Tensor (gh, gw) in 0..1, min-max normalised
    """
    rows, grid = attention(model, one_photo(tensor), block), grid_of(model, tensor)
    heads = cls_attention(rows, grid, model.num_prefix_tokens)
    return min_max(heads.mean(dim=-3))[0]


def token_norm(patch_tokens, grid):
    """L2 norm of each patch token, as a map.

    Parameters
    ----------
    patch_tokens : torch.Tensor (..., gh * gw, D)
    grid : tuple of int (gh, gw)

    Returns
    -------
    torch.Tensor (..., gh, gw), at least 0, laid out by ``on_grid``
    """
    return on_grid(torch.norm(patch_tokens.float(), dim=-1), grid)


def cls_attention(attention_rows, grid, num_prefix_tokens):
    """Where the CLS token looks, head by head.

    Parameters
    ----------
    attention_rows : torch.Tensor
        (..., heads, Q, N) from ``encoding.attention``; row 0 must be the CLS token's.
    grid : tuple of int (gh, gw)
    num_prefix_tokens : int, columns left out: CLS and registers have no place in the picture

    Returns
    -------
    torch.Tensor (..., heads, gh, gw), shares of attention in 0..1, laid out by ``on_grid``
    """
    return on_grid(attention_rows[..., 0, num_prefix_tokens:], grid)


def min_max(m):
    """Min-max normalisation, of each map on its own.

    Parameters
    ----------
    m : torch.Tensor (..., gh, gw)

    Returns
    -------
    torch.Tensor (..., gh, gw), stretched to 0..1; all 0 where a map is the same everywhere
    """
    low = m.amin(dim=(-2, -1), keepdim=True)
    span = m.amax(dim=(-2, -1), keepdim=True) - low
    return (m - low) / torch.where(span > 0, span, 1)


def on_grid(values, grid):
    """Lay numbers, one a patch, out on the patch grid, on the CPU.

    Parameters
    ----------
    values : torch.Tensor (..., gh * gw), patches row by row, on any device
    grid : tuple of int (gh, gw)

    Returns
    -------
    torch.Tensor (..., gh, gw)
        float32, of whatever precision the model is; labels stay whole numbers.

    Raises
    ------
    BadInput : there are more or fewer numbers than patches
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
