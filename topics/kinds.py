"""Kinds of map of one photo, and how well each shows the objects: attention is one of several."""

import torch

from helpers.encoding import attention_rows, encode, grid_of, queries_keys
from helpers.images import sample_photos, to_tensor
from helpers.maps import cls_attention, on_grid, token_norm
from topics.heads import handed_on, likeness
from topics.measure import bundled_views, centre_map, means
from topics.rollout import rollout_row


def kinds(model, tensor, heads):
    """Four maps of a ``measure.View``'s tensor (1, 3, H, W) and heads (heads, gh, gw).

    Name → torch.Tensor (gh, gw), each on a scale of its own.
    """
    grid, first = grid_of(model, tensor), model.num_prefix_tokens
    handed = handed_on(model, tensor).sum(0).norm(dim=-1)
    rolled = rollout_row(queries_keys(model, tensor))[0]
    return {
        "attention": heads.mean(0),
        "value-weighted": on_grid(handed[first:], grid),
        "rollout": on_grid(rolled[first:], grid),
        "norm": token_norm(encode(model, tensor).patch_tokens, grid)[0],
    }


def share_on(m, mask):
    """How much of a map lies on a mask.

    Parameters
    ----------
    m : torch.Tensor (..., gh, gw), at least 0
    mask : torch.Tensor, bool (gh, gw)

    Returns
    -------
    torch.Tensor (...,), share of the map's sum, 0..1
    """
    return m[..., mask].sum(-1) / m.sum((-2, -1))


def r_precision(m, masks):
    """Of a map's highest patches, as many as the objects cover: the share that lies on an object.

    Only the order of patches counts, so maps (gh, gw) of any scale can be compared. Manning et al.
    2008, *Introduction to Information Retrieval*, section 8.4. By chance it is the objects' share
    of the photo; `masks` are bool (objects, gh, gw).
    """
    on_object = masks.any(0).flatten()
    highest = m.flatten().argsort(descending=True, stable=True)[: on_object.sum()]
    return on_object[highest].float().mean().item()


def rank_correlation(a, b):
    """Spearman's rank correlation of two maps.

    Parameters
    ----------
    a, b : torch.Tensor, both (gh, gw), on any scale

    Returns
    -------
    float, 1 for the same order, -1 for the reverse, about 0 for none in common
    """
    ranks = torch.stack([m.flatten().argsort().argsort().double() for m in (a, b)])
    return torch.corrcoef(ranks)[0, 1].item()


def survey(model):
    """How well each of the ``kinds`` shows the objects, and how alike they are.

    Parameters
    ----------
    model : timm VisionTransformer, else BadInput

    Returns
    -------
    dict, name → float, mean of every second bundled photo
        ``r_precision`` of each kind, and of "centre" and "chance", which ask no model;
        "attention ~ …" are rank correlations.
    """
    rows = []
    for view in list(bundled_views(model))[::2]:
        found = kinds(model, view.tensor, view.heads)
        row = {name: r_precision(m, view.masks) for name, m in found.items()}
        row["centre"] = r_precision(centre_map(view.grid), view.masks)
        row["chance"] = view.masks.any(0).float().mean().item()
        for name in ("value-weighted", "norm"):
            row[f"attention ~ {name}"] = rank_correlation(found["attention"], found[name])
        rows.append(row)
    return means(rows)


def heads_alike(model):
    """How alike the CLS token's maps of one block are, see ``heads.likeness``.

    Parameters
    ----------
    model : timm model, as for ``encoding.attention_rows``

    Returns
    -------
    torch.Tensor (blocks,), mean of every second bundled photo, -1..1
    """
    photos = torch.cat([to_tensor(path, model)[0] for path in sample_photos()[::2]])
    rows = attention_rows(model, photos)
    maps = cls_attention(rows, grid_of(model, photos), model.num_prefix_tokens)
    return likeness(maps).mean(1)
