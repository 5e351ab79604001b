"""A tensor in, norms out: how long every patch token is after each block.

Darcet et al., "Vision Transformers Need Registers" (ICLR 2024, arXiv:2309.16588), section 2: in
large models a few tokens become far longer than the others. Whether a given model has such tokens
is for the reader to measure.
"""

import numpy as np
import torch
from matplotlib.colors import LogNorm

from bilingual import say
from helpers import images
from helpers.encoding import fitting
from helpers.plots import new_chart


def block_norms(model, tensor):
    """L2 norm of each patch token as it leaves each block, before the model's last norm.

    That one would hide what is to be seen: after it all tokens are about equally long.

    Parameters
    ----------
    model, tensor : timm model, torch.Tensor (B, 3, H, W)

    Returns
    -------
    torch.Tensor (blocks, B, gh * gw), float32 on the CPU, without prefix tokens

    Raises
    ------
    BadInput
        The tensor has another shape, or NaN in it.
    """
    with torch.no_grad():
        states = model.forward_intermediates(
            fitting(model, tensor), norm=False, output_fmt="NLC", intermediates_only=True
        )
    return torch.stack([tokens.float().norm(dim=-1) for tokens in states]).cpu()


def photos_norms(model, photos):
    """``block_norms`` of many photos, side by side.

    Parameters
    ----------
    model : timm model
    photos : iterable of what ``images.load_photo`` reads

    Returns
    -------
    torch.Tensor (blocks, 1, patches of all photos), float32 on the CPU

    Raises
    ------
    PhotoError, BadInput
        As ``images.to_tensor``.
    """
    each = (block_norms(model, images.to_tensor(photo, model)[0]) for photo in photos)
    return torch.cat(list(each), dim=-1)


def share_above(norms, times):
    """Share of the patches whose norm is over so many times the block's median.

    The paper cut at 150, picked by hand for one model. Norms have another unit in each model and
    block, so we count in medians.

    Parameters
    ----------
    norms : torch.Tensor (blocks, ...), see ``block_norms``
    times : float, in medians

    Returns
    -------
    torch.Tensor (blocks,), 0..1
    """
    norms = norms.flatten(1)
    return (norms > times * norms.median(dim=1, keepdim=True).values).float().mean(dim=1)


def like_pixels(model, photo):
    """Pearson correlation of the last block's token norms with the norms of the patches' pixels.

    Near 1 in random weights: a random matrix nearly keeps the ratio of norms, so what is long
    there is a bright or dark patch and nothing that was learnt.

    Parameters
    ----------
    model : timm model
    photo : what ``images.load_photo`` reads; else PhotoError

    Returns
    -------
    float, -1..1
    """
    tensor, patch = images.to_tensor(photo, model)[0], model.patch_embed.patch_size
    pixels = torch.nn.functional.unfold(tensor, patch, stride=patch).norm(dim=1)[0]
    return torch.corrcoef(torch.stack([pixels, block_norms(model, tensor)[-1, 0]]))[0, 1].item()


def draw_histogram(norms, times, *, weights):
    """How long patch tokens are: a histogram a block, standing upright.

    The line lies at so many times the block's median; above it stands the share of patches over it.

    Parameters
    ----------
    norms : torch.Tensor (blocks, ...), see ``block_norms``, above 0: the axis is logarithmic
    times : float, in medians
    weights : timm model or str, named at the foot

    Returns
    -------
    Figure
    """
    values = np.asarray(norms.flatten(1))
    cut = times * np.asarray(norms.flatten(1).median(dim=1).values)
    bins = np.geomspace(values.min() * 0.99, values.max() * 1.01, 41)
    share = np.stack([np.histogram(row, bins)[0] / row.size for row in values], axis=1)
    names = say("블록", "block"), f"{say('토큰 벡터의 크기', 'length')} (log)"
    fig, ax = new_chart((2, 1), weights, *names, text=8, extra=0.3)
    edges = np.arange(len(values) + 1) - 0.5
    scale = LogNorm(1 / values.shape[1], 1)  # so that a single patch is seen beside thousands
    mesh = ax.pcolormesh(edges, bins, np.ma.masked_equal(share, 0), norm=scale, cmap="viridis_r")
    ax.stairs(cut, edges, baseline=None, color="crimson", lw=2)
    top = max(values.max(), cut.max()) * 1.15
    ax.set(yscale="log", ylim=(bins[0], top), xticks=range(len(values)))
    ax.tick_params(labelsize=8, which="both")
    for block, over in enumerate(share_above(norms, times).tolist()):
        ax.text(block, top, f"{over:.1%}", ha="center", va="bottom", size=8, color="crimson")
    title = say("선을 넘는 패치의 비율", "share of patches over the line")
    ax.set_title(f"{title} ({say('중앙값', 'median')} × {times:g})", size=8, pad=16)
    fig.colorbar(mesh, ax=ax).set_label(say("패치의 비율", "share of patches"), size=8)
    return fig
