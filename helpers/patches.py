"""Patch tokens in: who resembles whom, which parts there are, which patches belong together."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from torchvision.transforms import functional as TF

from .encoding import encode
from .images import to_tensor
from .maps import _on_grid as on_grid


class PcaPicture(NamedTuple):
    """Principal components of patch tokens as a picture; the leading axes are the tokens' own.

    Attributes
    ----------
    rgb : torch.Tensor
        (..., gh, gw, 3) in 0..1: components 1, 2, 3 of the foreground; black elsewhere.
    foreground : torch.Tensor
        bool (..., gh, gw): where `first` is above 0.
    first : torch.Tensor
        (..., gh, gw), first component of all patches.
    explained : torch.Tensor
        (3,), share of the foreground's variance in each component.
    """

    rgb: torch.Tensor
    foreground: torch.Tensor
    first: torch.Tensor
    explained: torch.Tensor


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


def pca_rgb(patch_tokens, grid):
    """Principal components of the foreground as red, green and blue (DINOv2, figure 1).

    The first component of all patches splits ground from object; the three of the object's patches
    alone become the colours. Photos given together share their colours.

    A component's sign is arbitrary, so two rules fix it. The first one is negative on average along
    the photos' border, where the ground mostly is. The others have positive skewness: their longer
    tail is bright. All is computed in float64, so another CPU gives the same picture.

    Parameters
    ----------
    patch_tokens : torch.Tensor
        (..., gh * gw, D).
    grid : tuple of int
        (gh, gw).

    Returns
    -------
    PcaPicture
        Without foreground if fewer than 4 patches would be in it.
    """
    tokens = patch_tokens.double()
    first = on_grid(_components(tokens, 1)[0][..., 0], grid)
    inside = torch.zeros(grid, dtype=torch.bool)
    inside[1:-1, 1:-1] = True
    if first[..., ~inside].mean() > 0:
        first = -first
    foreground = first > 0
    rgb = torch.zeros(*first.shape, 3)
    if foreground.sum() < 4:
        return PcaPicture(rgb, torch.zeros_like(foreground), first.float(), torch.zeros(3))
    values, explained = _components(tokens[foreground.flatten(-2)], 3)
    values = values * torch.where((values**3).sum(0) < 0, -1, 1)
    low, high = values.amin(0), values.amax(0)
    rgb[foreground] = ((values - low) / torch.where(high > low, high - low, 1)).float()
    return PcaPicture(rgb, foreground, first.float(), explained.float())


def parts(patch_tokens, grid, k, seed=0):
    """Split a photo, or several together, into k parts: k-means on the tokens' directions.

    Parameters
    ----------
    patch_tokens : torch.Tensor
        (..., gh * gw, D).
    grid : tuple of int
        (gh, gw).
    k : int
        How many parts, at least 1.
    seed : int
        Of the random first centres.

    Returns
    -------
    torch.Tensor
        int64 (..., gh, gw): 0 is the largest part, k - 1 the smallest; of two equally large parts
        the one that comes first, row by row, has the smaller number.

    Raises
    ------
    ValueError
        More parts than patches, or fewer than 1.
    """
    tokens = F.normalize(patch_tokens.double(), dim=-1).flatten(0, -2)
    if not 1 <= k <= len(tokens):
        raise ValueError(
            f"부분의 수 k는 1부터 패치 수 {len(tokens)}까지입니다: {k}\n"
            f"k, the number of parts, must be 1 to {len(tokens)}, the number of patches: {k}"
        )
    labels = KMeans(k, n_init=10, random_state=seed).fit_predict(tokens.numpy()).tolist()
    # dict.fromkeys keeps the order of first appearance; the sort is stable.
    ranked = sorted(dict.fromkeys(labels), key=lambda label: -labels.count(label))
    ranks = torch.tensor([ranked.index(label) for label in labels])
    return on_grid(ranks.view(patch_tokens.shape[:-1]), grid)


def mutual_nearest(tokens_a, tokens_b):
    """Pairs of patches each of which is the other's nearest by cosine similarity.

    "Best buddies" in Amir et al. 2021, *Deep ViT Features as Dense Visual Descriptors*, section 4.

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


def match_back(model, photo, flipped=True, tolerance=0):
    """``matching_rate`` between a photo and its recoloured, and by default mirrored, copy."""
    original, copy = (to_tensor(p, model)[0] for p in (photo, recolour(photo)))
    a, b = (encode(model, t) for t in (original, copy.flip(-1) if flipped else copy))
    return matching_rate(a.patch_tokens, b.patch_tokens, a.grid, flipped, tolerance)


def _components(tokens, count):
    """Values (..., count) of the first principal components, and their shares of the variance."""
    flat = tokens.flatten(0, -2)
    if (flat == flat[0]).all():  # no variance at all, of which no share can be taken
        return tokens.new_zeros(*tokens.shape[:-1], count), tokens.new_zeros(count)
    pca = PCA(count, svd_solver="full")
    values = torch.from_numpy(pca.fit_transform(flat.numpy()))
    explained = torch.from_numpy(pca.explained_variance_ratio_)
    return values.view(*tokens.shape[:-1], count), explained
