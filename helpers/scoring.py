"""A map in, a number out: does it show the objects whose masks were drawn by hand?"""

from .encoding import attention
from .images import load_masks, load_photo, masks_on_grid, sample_photos, to_tensor
from .maps import cls_attention, mass_mask


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
        raise ValueError(
            "패치를 절반 넘게 덮는 물체가 없습니다.\nNo object covers more than half of any patch."
        )
    return jaccard(mass_mask(heads, mass)[:, None], masks).amax(0).mean().item()


def bundled_jaccard(model, fit="whole", size=None, block=-1, mass=0.6):
    """``best_head_jaccard`` of the CLS token's attention on every bundled photo.

    Parameters
    ----------
    model : timm model
        One built by hand without a data config sees the size that its patch embedding names.
    fit, size
        As in ``to_tensor``; the whole photo by default, so that no object is cut off.
    block, mass
        Which block's attention; which share of it is kept.

    Returns
    -------
    dict of str to float
        Photo name (without ``.jpg``) to 0..1. A photo none of whose objects covers a patch (the
        thin rocket, squashed) is left out.
    """
    if size is None and not getattr(model, "pretrained_cfg", None):
        size = model.patch_embed.img_size[0]
    scores = {}
    for path in sample_photos():
        masks = masks_on_grid(load_masks(path), model, fit, size)
        if not masks.any():
            continue
        tensor, _ = to_tensor(load_photo(path), model, fit, size)
        grid = model.patch_embed.dynamic_feat_size(tensor.shape[-2:])
        rows = attention(model, tensor, block)
        heads = cls_attention(rows, grid, model.num_prefix_tokens)[0]
        scores[path.stem] = best_head_jaccard(heads, masks, mass)
    return scores
