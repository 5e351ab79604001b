"""A map in, a curve out: do the patches that it names move the CLS token?"""

import numpy as np
import torch

from helpers.encoding import encode, fitting, grid_of, one_photo
from helpers.maps import on_grid
from helpers.plots import new_figure


def curve(model, tensor, m, steps=10):
    """How fast the CLS token turns away as patches are greyed out, a map's highest ones first.

    After the deletion metric of RISE (Petsiuk et al. 2018), with the CLS token's cosine similarity
    to the untouched photo's in place of a class probability. Grey is the mean colour, 0 in the
    tensor.

    Parameters
    ----------
    model : timm model
    tensor : torch.Tensor
        (1, 3, H, W).
    m : torch.Tensor
        (gh, gw), any scale.
    steps : int
        From nothing greyed to everything, in this many equal steps.

    Returns
    -------
    torch.Tensor
        (steps + 1,), starting at 1.

    Raises
    ------
    BadInput
        More than one photo, a map of another grid, or as in ``encoding.encode``.
    """
    tensor, m = one_photo(fitting(model, tensor)), on_grid(m.flatten(), grid_of(model, tensor))
    patch_h, patch_w = model.patch_embed.patch_size
    rank = torch.empty(m.numel(), dtype=torch.long)
    rank[m.flatten().argsort(descending=True, stable=True)] = torch.arange(m.numel())
    counts = torch.linspace(0, m.numel(), steps + 1).round()
    kept = (rank >= counts[:, None]).view(-1, 1, *m.shape)
    kept = kept.repeat_interleave(patch_h, -2).repeat_interleave(patch_w, -1)
    cls = torch.cat([encode(model, tensor * keep.to(tensor.device)).cls_token for keep in kept])
    return torch.cosine_similarity(cls, cls[:1], dim=-1)


def area_under(values):
    """Mean height of a curve over equal steps (trapezoid rule); low: the map named what counts."""
    return torch.trapezoid(values).item() / (len(values) - 1)


_LINES = ("-", "--", "-.", ":")


def draw_curves(values, *, weights, xlabel, ylabel):
    """Draw curves over 0..100 %, told apart by line style as well as by colour.

    Parameters
    ----------
    values : dict
        Label → (steps + 1,) numbers, from nothing to everything.
    weights
        See ``two_panel``.
    xlabel, ylabel : str

    Returns
    -------
    plots.Figure
    """
    fig, (ax,) = new_figure(1, 1, (2, 1), weights)
    ax.set_axis_on()
    for i, (label, curve) in enumerate(values.items()):
        share = np.linspace(0, 100, len(curve))
        ax.plot(share, np.asarray(curve), _LINES[i % len(_LINES)], marker=".", label=label)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.grid(alpha=0.3)
    ax.legend(fontsize=9)
    return fig
