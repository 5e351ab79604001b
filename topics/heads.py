"""One head at a time: what it hands on, how far it looks, and what is lost without it."""

import numpy as np
import torch
from matplotlib import rcParams

from bilingual import BadInput, say
from helpers.encoding import attention, blocks_of, fitting, one_photo, twin
from helpers.plots import new_chart, new_figure


def handed_on(model, tensor, block=-1, query=0):
    """What every token hands to one asking token: alpha · f(x), a vector for each head.

    Kobayashi et al. 2020 (arXiv:2004.10102): the share alpha says how much is taken, the length of
    f(x) how much there is to take. Their sum and the bias of ``attn.proj`` are what the block's
    attention adds to the token.

    Parameters
    ----------
    model, tensor : timm VisionTransformer, torch.Tensor (1, 3, H, W)
    block, query : int, -1 is the last block; which token asks, 0 is the CLS token

    Returns
    -------
    torch.Tensor (heads, N, D), of which ``.sum(0).norm(dim=-1)`` is the paper's measure

    Raises
    ------
    BadInput
        The model is of another kind (DINOv3 is an ``Eva``), or there is no such block; the tensor
        has another shape, holds several pictures, or has NaN in it.
    """
    f = transformed_values(model, tensor, block)
    return attention(model, tensor, block, (query,))[0, :, 0, :, None] * f


def transformed_values(model, tensor, block=-1):
    """What every token has to hand on: f(x), its value through the head's slice of ``attn.proj``.

    As in Kobayashi et al. 2020 (arXiv:2004.10102). The bias of ``attn.proj`` is left out: it is no
    token's. timm's LayerScale (``ls1``) is in.

    Parameters
    ----------
    model, tensor, block : see ``handed_on``, with its errors

    Returns
    -------
    torch.Tensor (heads, N, D)
    """
    again, caught = twin(plain_vit(model)), []
    part = again.blocks[blocks_of(model, (block,))[0]]
    part.attn.register_forward_pre_hook(lambda attn, args: caught.append(args[0][0]))
    with torch.no_grad():
        again.forward_features(fitting(model, one_photo(tensor)))
        each = part.attn.num_heads, part.attn.head_dim
        v = part.attn.qkv(caught[0]).chunk(3, dim=-1)[2].unflatten(-1, each)
        out = part.attn.proj.weight.unflatten(-1, each)
        return part.ls1(torch.einsum("nhd,Dhd->hnD", v, out)).float().cpu()


def attention_distance(rows, grid, num_prefix_tokens):
    """How far the patches look: the mean distance to what they look at, in patches, (..., heads).

    Dosovitskiy et al. 2020 (arXiv:2010.11929), figure 7 (right), in pixels there: weighted by the
    attention, averaged over the asking patches. Prefix tokens have no place and are left out.

    Parameters
    ----------
    rows : torch.Tensor (..., heads, N, N) from ``encoding.attention_rows`` with all N queries
    grid, num_prefix_tokens : see ``encoding.Encoded``

    Returns
    -------
    torch.Tensor (..., heads), in patches
    """
    (gh, gw), first = grid, num_prefix_tokens
    place = torch.cartesian_prod(torch.arange(gh), torch.arange(gw)).float()
    between = torch.cdist(place, place)
    among = rows[..., first:, first:]
    return ((among * between).sum(-1) / among.sum(-1)).mean(-1)


def ablate_heads(model, tensor):
    """How far the CLS token turns if one head of one block is switched off.

    What that head found is 0 before the heads are mixed (``attn.proj``). Michel et al. 2019
    (arXiv:1905.10650, section 3.2) see what a translation loses by it; our network has no task, so
    we take the cosine similarity to the untouched CLS token.

    Parameters
    ----------
    model, tensor : see ``handed_on``, with its errors

    Returns
    -------
    torch.Tensor (blocks, heads), 1 - cosine: from 0 (it stays) to 2
    """
    again, inputs, moved = twin(plain_vit(model)), [], []
    for block in again.blocks:
        block.register_forward_pre_hook(lambda block, args: inputs.append(args[0]))
    with torch.no_grad():
        whole = again.forward_features(fitting(model, one_photo(tensor)))[:, 0]
        for index, x in enumerate(inputs):
            block = twin(model.blocks[index])
            block.attn.proj.register_forward_pre_hook(_one_head_off)
            x = block(x.expand(block.attn.num_heads, -1, -1))  # a picture for each head
            cls = model.norm(model.blocks[index + 1 :](x))[:, 0]
            moved.append(1 - torch.cosine_similarity(cls.float(), whole.float()).cpu())
    return torch.stack(moved)


def plain_vit(model):
    """The model, if it is timm's ``VisionTransformer``; else (DINOv3 is an ``Eva``) BadInput."""
    from timm.models import VisionTransformer  # here, so that figures do without timm

    if not isinstance(model, VisionTransformer):
        kind = type(model).__name__
        raise BadInput(
            f"timm의 VisionTransformer만 이렇게 나누어 볼 수 있습니다: {kind}",
            f"Only timm's VisionTransformer can be taken apart like this: {kind}",
        )
    return model


def likeness(m):
    """Mean Pearson correlation of all pairs of maps (..., heads, gh, gw): 1 if all are the same."""
    flat = m.flatten(-2)
    unit = torch.nn.functional.normalize(flat - flat.mean(-1, keepdim=True), dim=-1)
    heads, all_pairs = m.shape[-3], (unit @ unit.mT).sum((-2, -1))
    return (all_pairs - heads) / (heads * (heads - 1))  # without each head with itself


def draw_distances(distances, *, lines, weights):
    """How far heads look, a dot a head, block by block.

    Parameters
    ----------
    distances : dict, label → torch.Tensor (blocks, heads), see ``attention_distance``; at most four
    lines : dict, label → float, at most two distances to compare with
    weights : see ``plots.two_panel``

    Returns
    -------
    plots.Figure
    """
    names = say("블록", "block"), say("거리(패치)", "distance (patches)")
    fig, ax = new_chart((5, 2), weights, *names, text=9)
    for i, (label, values) in enumerate(distances.items()):
        x = np.indices(values.shape)[0] + 0.25 * i  # side by side
        ax.scatter(x, values, s=22, marker="ox^s"[i], label=label)
    for style, (label, value) in zip(("--", ":"), lines.items()):
        ax.axhline(value, color=rcParams["text.color"], alpha=0.6, ls=style, label=label)
    ax.set_xticks(range(len(values)))
    ax.set_ylim(bottom=0)
    ax.legend(fontsize=7, loc="center", bbox_to_anchor=(0.5, 0.43))
    return fig


def draw_table(tables, *, weights):
    """Tables of numbers, a row a block and a column a head, all coloured on one scale.

    Parameters
    ----------
    tables : dict, label → torch.Tensor (blocks, heads), at least 0; at most three
    weights : see ``plots.two_panel``

    Returns
    -------
    plots.Figure
    """
    top = max(values.max().item() for values in tables.values())
    blocks, heads = next(iter(tables.values())).shape
    fig, axes = new_figure(1, len(tables), (heads, blocks), weights, extra=0.2)
    for ax, (label, values) in zip(axes, tables.items()):
        values = np.asarray(values)
        ax.set_axis_on()
        ax.imshow(values, cmap="viridis", vmin=0, vmax=top, aspect="auto")
        ax.set_title(label, size=9, parse_math=False)
        ax.set(xticks=range(heads), yticks=range(blocks))
        ax.tick_params(labelsize=8, length=0)
        ax.set_xlabel(say("헤드", "head"), size=8)
        for (row, column), value in np.ndenumerate(values):
            ink = "black" if value > 0.6 * top else "white"
            text = f"{value:.3f}".lstrip("0")
            ax.text(column, row, text, ha="center", va="center", size=7, color=ink)
    axes[0].set_ylabel(say("블록", "block"), size=8)
    return fig


def _one_head_off(proj, args):
    """Zeros for head i in picture i of (heads, N, heads * d)."""
    x = args[0].unflatten(-1, (len(args[0]), -1))
    return (x * (1 - torch.eye(len(x)).to(x))[:, None, :, None]).flatten(-2)
