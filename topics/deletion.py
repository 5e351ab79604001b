"""A map in, a curve out: do the patches that it names move the CLS token?"""

from itertools import cycle

import numpy as np
import torch
import torch.nn.functional as F

from bilingual import counted, named
from helpers.encoding import encode, fitting, grid_of, one_photo
from helpers.maps import on_grid
from helpers.plots import new_chart


def curve(model, tensor, m, steps=10):
    """How the CLS token turns away as patches are greyed out, a map's highest ones first.

    After the deletion metric of RISE (Petsiuk et al. 2018, arXiv:1806.07421), with the CLS token's
    cosine similarity to the untouched photo's in place of a class probability. Grey is the mean
    colour, 0 in the tensor.

    Parameters
    ----------
    model, tensor : timm model, torch.Tensor (1, 3, H, W)
    m : torch.Tensor (gh, gw), any scale
    steps : int, from nothing greyed to everything, in this many equal steps

    Returns
    -------
    torch.Tensor (steps + 1,), cosine similarity, starting at 1

    Raises
    ------
    BadInput
        The tensor has another shape, holds several pictures, or has NaN in it; or the map has
        another number of patches.
    """
    tensor, m = one_photo(fitting(model, tensor)), on_grid(m.flatten(), grid_of(model, tensor))
    cls = _cls_tokens(model, tensor, _kept(m, steps, insert=False))
    return torch.cosine_similarity(cls, cls[:1], dim=-1)


def _kept(m, steps, insert):
    """bool (steps + 1, gh, gw): which patches are not grey after each step."""
    rank = m.flatten().argsort(descending=True, stable=True).argsort()
    late = rank >= torch.linspace(0, m.numel(), steps + 1).round()[:, None]
    return (~late if insert else late).view(-1, *m.shape)


def _cls_tokens(model, tensor, kept):
    """CLS tokens (n, D) of a photo of which only the patches `kept` (n, gh, gw) are not grey."""
    # In batches of 1024 patches or so: fast, and small in memory.
    parts = kept[:, None].split(max(1, 1024 // kept[0].numel()))
    pixels = (F.interpolate(k.to(tensor), tensor.shape[-2:], mode="nearest-exact") for k in parts)
    return torch.cat([encode(model, tensor * keep).cls_token for keep in pixels])


def area_under(values):
    """Mean height of a curve over equal steps (trapezoid rule).

    Parameters
    ----------
    values : torch.Tensor (steps + 1,), such as ``curve`` returns

    Returns
    -------
    float, of a deletion curve low where the map named what counts
    """
    return torch.trapezoid(values).item() / (len(values) - 1)


def contest(model, tensor, rankings, orders=10, steps=5, seed=0):
    """Areas under deletion and insertion curves of some maps, and of random orders.

    Insertion begins with grey (in RISE, with a blurred photo) and puts patches back. To put back
    the highest first is to delete the lowest first, seen from its end. So an order and its reverse
    need one curve each for both areas, and random orders come in such pairs.

    Parameters
    ----------
    model, tensor, steps : see ``curve``
    rankings : dict, label → torch.Tensor (gh, gw)
    orders, seed : int, how many random orders, an even number; what they are drawn from

    Returns
    -------
    torch.Tensor
        (maps + orders, 2): deletion (low is good), insertion (high is good); random orders last.

    Raises
    ------
    BadInput
        As ``curve``.
    """
    tensor, grid = one_photo(fitting(model, tensor)), grid_of(model, tensor)
    chance = torch.rand(orders // 2, *grid, generator=torch.Generator().manual_seed(seed))
    maps = [on_grid(m.flatten(), grid) for m in (*rankings.values(), *chance)]
    kept = torch.stack([_kept(m, steps, insert) for m in maps for insert in (False, True)])
    ends = _cls_tokens(model, tensor, kept[0, [0, -1]])  # the same for every order
    inner = _cls_tokens(model, tensor, kept[:, 1:-1].flatten(0, 1)).unflatten(0, (-1, steps - 1))
    first, last = (e.repeat(len(maps), 1)[:, None] for e in (ends, ends.flip(0)))  # grey or whole
    curves = torch.cosine_similarity(torch.cat([first, inner, last], 1), ends[0], dim=-1)
    areas = torch.trapezoid(curves).view(-1, 2) / steps
    return torch.cat([areas, areas[len(rankings) :].flip(1)])


def tournament(model, views, rankings, orders=10, steps=5):
    """``contest`` on many photos, each with random orders of its own.

    Parameters
    ----------
    views : sequence of measure.View
    rankings : callable, view → label → map (gh, gw); one label is "centre", which looks at no photo
    orders, steps : see ``contest``

    Returns
    -------
    dict
        Label → (mean deletion area, mean insertion area, on how many photos deletion is better
        than "centre"'s); so, too, the random orders: their mean, and the two whose mean over the
        photos is lowest and highest in deletion. Between them is chance.
    """
    each = []
    for seed, view in enumerate(counted(views, "사진", "photos")):
        maps = rankings(view)
        each.append(contest(model, view.tensor, maps, orders, steps, seed))
    areas, labels = torch.stack(each), [*maps]
    wins = (areas[..., 0] < areas[:, [labels.index("centre")], 0]).sum(0)
    mean, chance = areas.mean(0), areas.mean(0)[len(labels) :]
    rows = {label: (*mean[i].tolist(), wins[i].item()) for i, label in enumerate(labels)}
    lowest, highest = chance[chance[:, 0].argsort()[[0, -1]]]
    ends = {"random": chance.mean(0), "- lowest": lowest, "- highest": highest}
    return rows | {label: (*pair.tolist(), None) for label, pair in ends.items()}


def draw_curves(values, *, weights, xlabel, ylabel):
    """Curves over 0..100 %, told apart by colour and by line style.

    Parameters
    ----------
    values : dict, label → torch.Tensor (steps + 1,), from nothing to everything
    weights : see ``plots.two_panel``
    xlabel, ylabel : str

    Returns
    -------
    plots.Figure
    """
    fig, ax = new_chart((2, 1), weights, xlabel, ylabel)
    for (label, curve), line in zip(values.items(), cycle(("-", "--", "-.", ":"))):
        ax.plot(np.linspace(0, 100, len(curve)), curve, line, marker=".", label=named(label))
    ax.grid(alpha=0.3)
    ax.legend(fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
    return fig
