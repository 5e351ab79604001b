"""Attention followed through all blocks: Abnar and Zuidema 2020 (arXiv:2005.00928), section 3.

In every block the mean over heads, plus the identity for the residual path, rows brought back to
sum 1; then the blocks are multiplied, the last one from the left.
"""

from functools import reduce

import numpy as np
import torch
from matplotlib import rcParams
from matplotlib.patches import FancyBboxPatch

from bilingual import say
from helpers.encoding import fitting, grid_of, one_photo, queries_keys, twin
from helpers.maps import min_max, on_grid
from helpers.plots import new_figure
from topics.heads import plain_vit


def rollout_map(model, tensor):
    """The CLS token's row of the attention rollout, as a map; see ``rollout_row``.

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
        As ``encoding.attention_rows``; several pictures.
    """
    row = rollout_row(queries_keys(model, one_photo(tensor)))
    return min_max(on_grid(row[:, model.num_prefix_tokens :], grid_of(model, tensor)))[0]


def rollout_row(queries_keys, query=0, chunk=256):
    """How much each input token reaches one token of the last block: a row of the rollout.

    One row times the last block's matrix is a row again, so no N × N matrix is needed.

    Parameters
    ----------
    queries_keys : list, from ``encoding.queries_keys``
    query : int, whose row; 0 is the CLS token
    chunk : int, how many rows of a block's attention are in memory at a time

    Returns
    -------
    torch.Tensor (B, N), which sums to 1
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
    """How much each input token reaches each token of the last block.

    Parameters
    ----------
    attention_rows : torch.Tensor
        (blocks, ..., heads, N, N) from ``encoding.attention_rows`` with all N queries.

    Returns
    -------
    torch.Tensor (..., N, N), rows sum to 1; row 0 is the CLS token's
    """
    attention = attention_rows.mean(dim=-3)
    blocks = attention + torch.eye(attention.shape[-1]).to(attention)
    return reduce(lambda out, block: block @ out, blocks / blocks.sum(dim=-1, keepdim=True))


def lengths(model, tensor):
    """How long tokens are as they enter each block, and what its two halves add to them.

    Parameters
    ----------
    model : timm VisionTransformer
    tensor : torch.Tensor (B, 3, H, W)

    Returns
    -------
    torch.Tensor (blocks, 3)
        L2 norms, mean over tokens: as they come in; what attention adds; what the MLP adds.

    Raises
    ------
    BadInput
        Another kind of model; the tensor has another shape, or NaN in it.
    """
    again, found = twin(plain_vit(model)), []

    def note(value):
        found.append(value.float().norm(dim=-1).mean().cpu())

    for block in again.blocks:  # ls1 and ls2 are Identity where a model has no such scale
        block.register_forward_pre_hook(lambda block, args: note(args[0]))
        block.ls1.register_forward_hook(lambda scale, args, out: note(out))
        block.ls2.register_forward_hook(lambda scale, args, out: note(out))
    with torch.no_grad():
        again.forward_features(fitting(model, tensor))
    return torch.stack(found).view(-1, 3)


def draw_block(lengths, *, weights):
    """A block as a drawing, and how long the vectors on its three ways are.

    Parameters
    ----------
    lengths : torch.Tensor (blocks, 3), from ``lengths``
    weights : timm model or str, named at the foot

    Returns
    -------
    Figure
    """
    names = say("들어온 토큰", "tokens as they came"), say("어텐션", "attention"), "MLP"
    colours = "#4c78a8", "#f28e2b", "#59a14f"
    fig, (ax, bars) = new_figure(1, 2, (5, 4), weights)
    ax.set(xlim=(0, 10), ylim=(-1.6, 8), aspect="equal")
    arrow, middle = {"arrowstyle": "-|>", "lw": 2}, {"ha": "center", "va": "center"}
    ink, paper = rcParams["text.color"], rcParams["figure.facecolor"]
    plus = {"boxstyle": "circle,pad=0.1", "fc": paper, "ec": ink}
    ax.annotate("", (10, 0), (0, 0), arrowprops=arrow | {"color": colours[0]})
    ax.text(5, -1.3, say("잔차 연결", "residual path"), ha="center", size=9, color=colours[0])
    box = {"boxstyle": "round,pad=0,rounding_size=0.3", "fc": "none"}
    for left, part, name, colour in zip((1, 5.6), ("attn", "mlp"), names[1:], colours[1:]):
        up, down = left + 0.3, left + 3.1  # where the way leaves the path, and comes back
        ax.add_patch(FancyBboxPatch((left - 0.4, 3), 4.2, 2.4, ec=colour, **box))
        ax.text(left + 1.7, 4.55, name, size=9, **middle)
        ax.text(left + 1.7, 3.65, f"block.{part}", size=7, family="monospace", **middle)
        ax.annotate("", (up, 3), (up, 0), arrowprops=arrow | {"color": ink, "lw": 1.2})
        ax.text(up - 0.2, 1.6, "norm", ha="right", va="center", size=7)
        ax.annotate("", (down, 0.4), (down, 3), arrowprops=arrow | {"color": colour})
        ax.text(down, 0, "+", size=12, zorder=4, bbox=plus, **middle)
    bars.set_axis_on()
    for i, (name, colour) in enumerate(zip(names, colours)):
        at = np.arange(len(lengths)) + 0.27 * (i - 1)
        bars.bar(at, np.asarray(lengths[:, i]), 0.25, label=name, color=colour)
    bars.set_xlabel(say("블록", "block"), size=8)
    bars.set_ylabel(say("노름의 평균", "mean norm"), size=8)
    bars.set_xticks(range(len(lengths)))
    bars.tick_params(labelsize=8)
    bars.legend(fontsize=7)
    return fig
