"""Patch tokens in: which patches resemble each other, within a photo and between two."""

import torch
import torch.nn.functional as F
from torchvision.transforms import functional as TF

from .components import PcaPicture, parts, pca_rgb
from .encoding import encode
from .images import to_tensor
from .maps import on_grid

__all__ = [
    "PcaPicture",
    "match_back",
    "matching_rate",
    "mutual_nearest",
    "parts",
    "pca_rgb",
    "recolour",
    "similarity_map",
]


def similarity_map(patch_tokens, grid, query):
    """Cosine similarity of every patch to a query token, of this photo or of another.

    Parameters
    ----------
    patch_tokens : torch.Tensor
        (..., gh * gw, D).
    grid : tuple of int
        (gh, gw).
    query : torch.Tensor
        (D,), for example ``patch_tokens[row * gw + column]``.

    Returns
    -------
    torch.Tensor
        (..., gh, gw) in -1..1.
    """
    return on_grid(F.cosine_similarity(query, patch_tokens, dim=-1), grid)


def mutual_nearest(tokens_a, tokens_b):
    """Pairs of patches each of which is the other's nearest by cosine similarity.

    The "best buddies" of Dekel et al. 2015, with which Amir et al. 2021, *Deep ViT Features as
    Dense Visual Descriptors*, find corresponding points.

    Parameters
    ----------
    tokens_a, tokens_b : torch.Tensor
        (Na, D) and (Nb, D).

    Returns
    -------
    pairs : torch.Tensor
        int64 (M, 2), index in a and in b, the most similar pair first.
    scores : torch.Tensor
        (M,), their cosine similarities.
    """
    similarity = F.normalize(tokens_a, dim=-1) @ F.normalize(tokens_b, dim=-1).T
    to_b, to_a = similarity.argmax(dim=1), similarity.argmax(dim=0)
    a = torch.arange(len(tokens_a))[to_a[to_b] == torch.arange(len(tokens_a))]
    scores, order = similarity[a, to_b[a]].sort(descending=True, stable=True)
    return torch.stack([a, to_b[a]], dim=1)[order], scores


def matching_rate(tokens_a, tokens_b, grid, flipped=True, tolerance=0):
    """How often a patch's nearest neighbour in a copy of the photo is at the patch's own place.

    Parameters
    ----------
    tokens_a, tokens_b : torch.Tensor
        (..., gh * gw, D) patch tokens of photos and of their copies.
    grid : tuple of int
        (gh, gw).
    flipped : bool
        The copies are mirrored left to right, so a place's own column counts from the other side.
    tolerance : int
        How many patches off still counts, in rows and in columns; 0 is exact, 1 also takes the
        eight neighbours.

    Returns
    -------
    float
        Share of all patches, 0..1.
    """
    similarity = F.normalize(tokens_a, dim=-1) @ F.normalize(tokens_b, dim=-1).mT
    nearest = on_grid(similarity.argmax(dim=-1), grid)
    gh, gw = grid
    rows, columns = torch.arange(gh)[:, None], torch.arange(gw)
    if flipped:
        columns = gw - 1 - columns
    off = torch.maximum((nearest // gw - rows).abs(), (nearest % gw - columns).abs())
    return (off <= tolerance).float().mean().item()


def recolour(photo):
    """A photo in other colours: hue turned by a tenth of the circle, paler, more contrast."""
    paler = TF.adjust_saturation(TF.adjust_hue(photo, 0.1), 0.6)
    return TF.adjust_contrast(paler, 1.3)


def match_back(model, photo, flipped=True):
    """How often patches find their own place in a recoloured, and by default mirrored, copy.

    Parameters
    ----------
    model : timm model
    photo : PIL.Image.Image
    flipped : bool
        Mirror the copy.

    Returns
    -------
    tuple of float
        ``matching_rate`` with tolerance 0 (exact) and 1 (within one patch).
    """
    original, copy = (to_tensor(p, model)[0] for p in (photo, recolour(photo)))
    a, b = (encode(model, t) for t in (original, copy.flip(-1) if flipped else copy))
    tokens = a.patch_tokens, b.patch_tokens, a.grid
    return tuple(matching_rate(*tokens, flipped, tolerance) for tolerance in (0, 1))
