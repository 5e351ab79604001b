"""A tensor in, lengths out: how long every patch token is after each block.

Darcet et al., "Vision Transformers Need Registers" (ICLR 2024, arXiv:2309.16588), section 2: in
large models a few tokens become far longer than the others. Whether a given model has such tokens
is for the reader to measure.
"""

import torch

from . import images


def block_norms(model, tensor):
    """L2 norm of each patch token as it leaves each block, before the model's last norm.

    After the last norm all tokens are about equally long, so it would hide what is to be seen.

    Parameters
    ----------
    model : timm model
    tensor : torch.Tensor
        (B, 3, H, W).

    Returns
    -------
    torch.Tensor
        (blocks, B, gh * gw). Prefix tokens (CLS, registers) are not among them.
    """
    with torch.no_grad():
        states = model.forward_intermediates(
            tensor, norm=False, output_fmt="NLC", intermediates_only=True
        )
    return torch.stack([tokens.norm(dim=-1) for tokens in states])


def photos_norms(model, photos):
    """``block_norms`` of many photos, each preprocessed as the model wants, one after the other.

    Returns
    -------
    torch.Tensor
        (blocks, 1, patches of all photos).
    """
    each = (block_norms(model, images.to_tensor(photo, model)[0]) for photo in photos)
    return torch.cat(list(each), dim=-1)


def share_above(norms, times):
    """Share of the patches that are longer than so many times the block's median patch.

    The paper cut at a length of 150, picked by hand for one model. Lengths have another unit in
    each model and block, so we count in medians.

    Parameters
    ----------
    norms : torch.Tensor
        (blocks, ...) from ``block_norms``.
    times : float

    Returns
    -------
    torch.Tensor
        (blocks,), 0..1.
    """
    return (norms.flatten(1) > times * medians(norms)[:, None]).float().mean(dim=1)


def medians(norms):
    """Median length in each block, (blocks,)."""
    return norms.flatten(1).median(dim=1).values
