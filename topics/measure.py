"""A map, mask or box in, a number out: how well it shows the objects drawn by hand."""

from typing import NamedTuple

import torch
from torchvision.ops import box_iou

from bilingual import BadInput, counted
from helpers.encoding import attention, grid_of
from helpers.images import load_photo, sample_photos, to_tensor
from helpers.maps import cls_attention
from topics.masks import load_masks, masks_on_grid, mass_mask
from topics.objects import key_features, lost, mask_box, token_cut


def jaccard(found, truth):
    """Overlap of masks bool (..., gh, gw): |A and B| / |A or B|, (...), 0..1; of empty ones 0."""
    return (found & truth).sum((-2, -1)) / (found | truth).sum((-2, -1)).clamp(min=1)


def best_head_jaccard(heads, masks):
    """The DINO paper's measure (Caron et al. 2021, section 4.2.2, figure 4) for one photo.

    Each head's largest patches, 60 % of its attention, are its mask; an object gets the Jaccard of
    **its best head, chosen with the answer in hand**; the objects' mean is returned.

    Parameters
    ----------
    heads : torch.Tensor (heads, gh, gw), at least 0. A single map is one head.
    masks : torch.Tensor, bool (objects, gh, gw); those that cover no patch are left out

    Returns
    -------
    float, 0..1

    Raises
    ------
    BadInput
        No object covers a patch.
    """
    masks = masks[masks.flatten(1).any(1)]
    if not len(masks):
        raise BadInput(
            "패치를 절반 넘게 덮는 물체가 없습니다.",
            "No object covers more than half of any patch.",
        )
    return jaccard(mass_mask(heads)[:, None], masks).amax(0).mean().item()


def pointing(m, masks):
    """Whether a map's (gh, gw) highest patch lies on one of the objects, bool (objects, gh, gw)."""
    return masks.any(0).flatten()[m.argmax()].item()


def localised(box, masks):
    """Whether a box is right: an IoU over 0.5 with the box of one of the objects.

    The share of photos where it is so is CorLoc (Deselaers et al. 2010), of LOST and TokenCut.
    """
    box, boxes = (torch.tensor(b, dtype=torch.double) for b in ([box], [*map(mask_box, masks)]))
    return box_iou(box, boxes).max().item() > 0.5


class View(NamedTuple):
    """A bundled photo as a model saw it, with the answer."""

    name: str  # without ``.jpg``
    seen: object
    tensor: torch.Tensor
    grid: tuple[int, int]
    heads: torch.Tensor  # (heads, gh, gw), the CLS token's attention
    masks: torch.Tensor  # bool (objects, gh, gw), but for those that cover no patch by half


def centre_map(grid):
    """A map that looks at no photo: a hill over the middle of the grid.

    People put objects there, so this stands beside every result. Its 60 % are an oval of about a
    third of the patches.

    Parameters
    ----------
    grid : tuple of int (gh, gw)

    Returns
    -------
    torch.Tensor (gh, gw), up to 1 in the middle
    """
    rows, columns = (torch.linspace(-1, 1, 2 * n + 1)[1::2] for n in grid)  # middles of patches
    return (-2 * (rows[:, None] ** 2 + columns**2)).exp()


def centre_box(grid):
    """The box in the middle of a grid with 0.7 of each side.

    Parameters
    ----------
    grid : tuple of int (gh, gw)

    Returns
    -------
    tuple of float (left, top, right, bottom), in patches
    """
    (gh, gw), edge = grid, (1 - 0.7) / 2
    return edge * gw, edge * gh, (1 - edge) * gw, (1 - edge) * gh


def centre_prior(views):
    """What ``summary`` would say of a model that always looks at the middle.

    Parameters
    ----------
    views : iterable of View

    Returns
    -------
    dict, as ``summary``
    """
    hills = ((centre_map(v.grid)[None], centre_box(v.grid), v.masks) for v in views)
    return means([_measured(hill, box, box, masks) for hill, box, masks in hills])


def scored(view, rivals):
    """Cut maps of one photo into masks, each named with how well it covers all objects together.

    Parameters
    ----------
    view : View
    rivals : dict, label → map (gh, gw), at least 0

    Returns
    -------
    dict, "label 0.42" (the Jaccard index) → ``mass_mask``, bool (gh, gw)
    """
    cut, everything = {k: mass_mask(m) for k, m in rivals.items()}, view.masks.any(0)
    return {f"{label} {jaccard(mask, everything):.2f}": mask for label, mask in cut.items()}


def choices(views):
    """What choosing a head is worth: ``best_head_jaccard`` by how the head was chosen.

    Parameters
    ----------
    views : iterable of View

    Returns
    -------
    dict
        How it was chosen → mean of the photos, 0..1. The last two look at no photo: ``centre_map``,
        and a flat map, whose mask is the upper part.
    """
    views = list(views)

    def mean(pick):
        return sum(best_head_jaccard(pick(v), v.masks) for v in views) / len(views)

    fixed = [mean(lambda v, h=h: v.heads[[h]]) for h in range(len(views[0].heads))]
    return {
        "best head, chosen with the answer": mean(lambda v: v.heads),
        "one head for all photos, the best": max(fixed),
        "one head for all photos, the worst": min(fixed),
        "mean of heads": mean(lambda v: v.heads.mean(0, keepdim=True)),
        "a hill in the middle": mean(lambda v: centre_map(v.grid)[None]),
        "the upper part of the photo": mean(lambda v: torch.ones(1, *v.grid)),
    }


def bundled_views(model, fit="whole"):
    """Every bundled photo that has an object left to be found, as a model sees it.

    Parameters
    ----------
    model : timm model, or a ViT built by hand
    fit : str, see ``images.to_tensor``; "whole" cuts no object off

    Yields
    ------
    View
    """
    # A model built by hand, without a data config, sees the size that its patch embedding names.
    size = None if getattr(model, "pretrained_cfg", None) else model.patch_embed.img_size[0]
    for path in sample_photos():
        masks = masks_on_grid(load_masks(path), model, fit, size)
        masks = masks[masks.flatten(1).any(1)]
        if not len(masks):
            continue
        tensor, seen = to_tensor(load_photo(path), model, fit, size)
        grid = grid_of(model, tensor)
        heads = cls_attention(attention(model, tensor), grid, model.num_prefix_tokens)[0]
        yield View(path.stem, seen, tensor, grid, heads, masks)


def means(rows):
    """The mean of each number that some dicts hold."""
    return {name: sum(row[name] for row in rows) / len(rows) for name in rows[0]}


def summary(model, views=None):
    """Every measure of this module for one model.

    Parameters
    ----------
    model : timm model
    views : collection of View, optional, the model's ``bundled_views`` if not given

    Returns
    -------
    dict
        Name → mean of the photos, 0..1. "mean map" is ``best_head_jaccard`` of the mean of heads,
        nothing chosen, and "pointing" is its, too; "LOST" and "TokenCut" are ``localised``.
    """
    rows, known = [], None if views else len(sample_photos())
    for seen in counted(views or bundled_views(model), "사진", "photos", known):
        keys = key_features(model, seen.tensor)
        boxes = (find(keys, seen.grid).box for find in (lost, token_cut))
        rows.append(_measured(seen.heads, *boxes, seen.masks))
    return means(rows)


def _measured(heads, lost_box, cut_box, masks):
    mean = heads.mean(0)
    return {
        "best head": best_head_jaccard(heads, masks),
        "mean map": best_head_jaccard(mean[None], masks),
        "pointing": pointing(mean, masks),
        "LOST": localised(lost_box, masks),
        "TokenCut": localised(cut_box, masks),
    }
