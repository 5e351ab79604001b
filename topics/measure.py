"""A map, mask or box in, a number out: how well it shows the objects drawn by hand."""

from typing import NamedTuple

import torch

from bilingual import BadInput, counted
from helpers.encoding import attention
from helpers.images import load_photo, sample_photos, to_tensor
from helpers.maps import cls_attention
from topics.masks import load_masks, masks_on_grid, mass_mask
from topics.objects import key_features, lost, mask_box, token_cut


def jaccard(found, truth):
    """Overlap of two masks: |A and B| / |A or B| over the last two axes, 0..1.

    Parameters
    ----------
    found, truth : torch.Tensor
        bool (..., gh, gw); two empty masks overlap by 0.
    """
    return (found & truth).sum((-2, -1)) / (found | truth).sum((-2, -1)).clamp(min=1)


def best_head_jaccard(heads, masks, mass=0.6):
    """The DINO paper's measure (section 4.2.2, figure 4) for one photo.

    Each head's largest patches up to `mass` of its attention are its mask; an object gets the
    Jaccard of **its best head, chosen with the answer in hand**; the objects' mean is returned.

    Parameters
    ----------
    heads : torch.Tensor
        (heads, gh, gw), at least 0. A single map is one head.
    masks : torch.Tensor
        bool (objects, gh, gw). An object that covers no patch can't be found and is left out.
    mass : float
        Share of the attention that is kept, 0..1.

    Returns
    -------
    float
        0..1.

    Raises
    ------
    ValueError
        No object covers a patch.
    """
    masks = masks[masks.flatten(1).any(1)]
    if not len(masks):
        raise BadInput(
            "패치를 절반 넘게 덮는 물체가 없습니다.",
            "No object covers more than half of any patch.",
        )
    return jaccard(mass_mask(heads, mass)[:, None], masks).amax(0).mean().item()


def pointing(m, masks):
    """Whether the highest patch of a map (gh, gw) lies on an object, bool (objects, gh, gw)."""
    return masks.any(0).flatten()[m.argmax()].item()


def box_iou(a, b):
    """Overlap of two boxes (left, top, right, bottom): area of both over area of either, 0..1."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    both = max(width, 0) * max(height, 0)
    areas = sum((right - left) * (bottom - top) for left, top, right, bottom in (a, b))
    return both / (areas - both)


def localised(box, masks):
    """Whether a box is right: an IoU over 0.5 with the box of one of the objects.

    The share of photos where it is so is CorLoc (Deselaers et al. 2010), of LOST and TokenCut.
    """
    return max(box_iou(box, mask_box(mask)) for mask in masks) > 0.5


class View(NamedTuple):
    """A bundled photo as a model saw it, with the answer.

    `name` is the photo's without ``.jpg``, `heads` the CLS token's attention (heads, gh, gw), and
    `masks` the objects (objects, gh, gw), bool; those that cover no patch by half are left out.
    """

    name: str
    seen: object
    tensor: torch.Tensor
    grid: tuple[int, int]
    heads: torch.Tensor
    masks: torch.Tensor


def centre_map(grid):
    """A map that looks at no photo: a hill over the middle of the grid, (gh, gw).

    What likes the middle of a photo does well where people put objects there, so this stands beside
    every result. Its 60 % are an oval of about a third of the patches.
    """
    rows, columns = (torch.linspace(-1, 1, 2 * n + 1)[1::2] for n in grid)  # middles of patches
    return (-2 * (rows[:, None] ** 2 + columns**2)).exp()


def centre_box(grid, share=0.7):
    """The box (left, top, right, bottom) in the middle of a grid with `share` of each side."""
    (gh, gw), edge = grid, (1 - share) / 2
    return edge * gw, edge * gh, (1 - edge) * gw, (1 - edge) * gh


def centre_prior(views):
    """What ``summary`` would say of a model that always looks at the middle.

    Parameters
    ----------
    views : iterable of View

    Returns
    -------
    dict of str to float
        The keys of ``summary``; ``centre_map`` in place of every head, ``centre_box`` in place of
        what LOST and TokenCut find.
    """
    rows = []
    for seen in views:
        hill, box = centre_map(seen.grid), centre_box(seen.grid)
        overlap, right = best_head_jaccard(hill[None], seen.masks), localised(box, seen.masks)
        rows.append((overlap, overlap, pointing(hill, seen.masks), right, right))
    return {name: sum(row) / len(rows) for name, row in zip(MEASURES, zip(*rows))}


def scored(view, rivals, mass=0.6):
    """Masks of some maps (gh, gw) of one ``View``, each with its overlap with all objects.

    Returns
    -------
    dict of str to torch.Tensor
        "label 0.42", the Jaccard index → bool (gh, gw).
    """
    cut = {label: mass_mask(m, mass) for label, m in rivals.items()}
    everything = view.masks.any(0)
    return {f"{label} {jaccard(mask, everything):.2f}": mask for label, mask in cut.items()}


def choices(views, mass=0.6):
    """What choosing a head is worth: ``best_head_jaccard``, mean of photos, of other choices, too.

    Returns
    -------
    dict of str to float
        The paper's choice, each object's best head with the answer in hand; the best and the worst
        one head for all photos; the mean of heads; and what looks at no photo: ``centre_map``, and
        a flat map (of which `mass` is the upper part of the photo).
    """
    views = list(views)

    def mean(pick):
        return sum(best_head_jaccard(pick(v), v.masks, mass) for v in views) / len(views)

    fixed = [mean(lambda v, h=h: v.heads[[h]]) for h in range(len(views[0].heads))]
    return {
        "best head, chosen with the answer": mean(lambda v: v.heads),
        "one head for all photos, the best": max(fixed),
        "one head for all photos, the worst": min(fixed),
        "mean of heads": mean(lambda v: v.heads.mean(0, keepdim=True)),
        "a hill in the middle": mean(lambda v: centre_map(v.grid)[None]),
        "the upper part of the photo": mean(lambda v: torch.ones(1, *v.grid)),
    }


def bundled_views(model, fit="whole", size=None, block=-1):
    """Yield a ``View`` of every bundled photo that has an object left to be found.

    Parameters
    ----------
    model : timm model
        One built by hand without a data config sees the size that its patch embedding names.
    fit, size
        As in ``to_tensor``; the whole photo by default, so that no object is cut off.
    block : int
        Which block's attention.
    """
    if size is None and not getattr(model, "pretrained_cfg", None):
        size = model.patch_embed.img_size[0]
    for path in sample_photos():
        masks = masks_on_grid(load_masks(path), model, fit, size)
        masks = masks[masks.flatten(1).any(1)]
        if not len(masks):
            continue
        tensor, seen = to_tensor(load_photo(path), model, fit, size)
        grid = model.patch_embed.dynamic_feat_size(tensor.shape[-2:])
        rows = attention(model, tensor, block)
        heads = cls_attention(rows, grid, model.num_prefix_tokens)[0]
        yield View(path.stem, seen, tensor, grid, heads, masks)


def bundled_jaccard(model, fit="whole", size=None, block=-1, mass=0.6):
    """``best_head_jaccard`` of the CLS token's attention on every bundled photo.

    Parameters
    ----------
    model, fit, size, block
        See ``bundled_views``.
    mass : float
        Share of the attention that is kept.

    Returns
    -------
    dict of str to float
        Photo name (without ``.jpg``) to 0..1. A photo none of whose objects covers a patch (the
        thin rocket, squashed) is left out.
    """
    views = bundled_views(model, fit, size, block)
    return {view.name: best_head_jaccard(view.heads, view.masks, mass) for view in views}


MEASURES = ("best head", "mean map", "pointing", "LOST", "TokenCut")


def summary(model, views=None):
    """Every measure of this room for one model, mean of the bundled photos, 0..1.

    Parameters
    ----------
    model : timm model
    views : iterable of View, optional
        Its ``bundled_views``, if they are there already.

    Returns
    -------
    dict of str to float
        "best head" (``best_head_jaccard``), "mean map" (the same of the mean of heads, nothing
        chosen), "pointing" (of the mean map), "LOST" and "TokenCut" (``localised``).
    """
    rows = []
    known = None if views else len(sample_photos())
    for seen in counted(views or bundled_views(model), "사진", "photos", known):
        mean, keys = seen.heads.mean(0), key_features(model, seen.tensor)
        rows.append(
            {
                "best head": best_head_jaccard(seen.heads, seen.masks),
                "mean map": best_head_jaccard(mean[None], seen.masks),
                "pointing": pointing(mean, seen.masks),
                "LOST": localised(lost(keys, seen.grid).box, seen.masks),
                "TokenCut": localised(token_cut(keys, seen.grid).box, seen.masks),
            }
        )
    return {name: sum(row[name] for row in rows) / len(rows) for name in rows[0]}
