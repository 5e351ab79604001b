"""Patch tokens in: the directions in which they differ most as colours, and the parts they form."""

from collections import Counter
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from matplotlib import patheffects
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA

from bilingual import BadInput, say
from helpers.images import load_photo
from helpers.maps import on_grid
from helpers.plots import draw, in_patches, new_figure

EDGE = patheffects.withStroke(linewidth=3.5, foreground="black")


class PcaPicture(NamedTuple):
    """Principal components of patch tokens as a picture; the leading axes are the tokens' own."""

    rgb: torch.Tensor  # (..., gh, gw, 3) in 0..1: components 1, 2, 3 of the foreground; else black
    foreground: torch.Tensor  # bool (..., gh, gw): where `first` is above 0
    first: torch.Tensor  # (..., gh, gw), first component of all patches


def pca_rgb(patch_tokens, grid):
    """Principal components of the foreground as red, green and blue.

    Oquab et al. 2023 (DINOv2, arXiv:2304.07193), figure 1. The first component of all patches
    splits background from object; the three of the object's patches alone become the colours.
    Photos given together share their colours.

    Signs are arbitrary, so two rules fix them: the first component is negative on average along the
    photos' border; the others have positive skewness, so their longer tail is bright. In float64,
    so that another CPU gives the same picture.

    Parameters
    ----------
    patch_tokens, grid : torch.Tensor (..., gh * gw, D); tuple of int (gh, gw)

    Returns
    -------
    PcaPicture, without foreground if fewer than 4 patches would be in it

    Raises
    ------
    BadInput
        There are more or fewer tokens than patches.
    """
    tokens = patch_tokens.detach().cpu().double()
    first = on_grid(_components(tokens, 1)[..., 0], grid)
    inside = torch.zeros(grid, dtype=torch.bool)
    inside[1:-1, 1:-1] = True
    if first[..., ~inside].mean() > 0:
        first = -first
    foreground = first > 0
    rgb = torch.zeros(*first.shape, 3)
    if foreground.sum() < 4:
        return PcaPicture(rgb, torch.zeros_like(foreground), first.float())
    values = _components(tokens[foreground.flatten(-2)], 3)
    values = values * torch.where((values**3).sum(0) < 0, -1, 1)
    low, high = values.amin(0), values.amax(0)
    rgb[foreground] = ((values - low) / torch.where(high > low, high - low, 1)).float()
    return PcaPicture(rgb, foreground, first.float())


def parts(patch_tokens, grid, k):
    """Split a photo, or several together, into k parts: k-means on the tokens' directions.

    Parameters
    ----------
    patch_tokens, grid : see ``pca_rgb``
    k : int, how many parts

    Returns
    -------
    torch.Tensor
        int64 (..., gh, gw): 0 is the largest part, k - 1 the smallest; of two equally large ones
        the one that comes first, row by row, has the smaller number.

    Raises
    ------
    BadInput
        k is less than 1, or more than patches; there are more or fewer tokens than patches.
    """
    tokens = F.normalize(patch_tokens.detach().cpu().double(), dim=-1).flatten(0, -2)
    if not 1 <= k <= len(tokens):
        raise BadInput(
            f"부분의 수 k는 1부터 패치 수 {len(tokens)}까지입니다: {k}",
            f"k, the number of parts, must be 1 to {len(tokens)}, the number of patches: {k}",
        )
    labels = KMeans(k, n_init=10, random_state=0).fit_predict(tokens.numpy()).tolist()
    # Of equal counts, Counter names the label first that appears first.
    ranked = [label for label, _ in Counter(labels).most_common()]
    ranks = torch.tensor([ranked.index(label) for label in labels])
    return on_grid(ranks.view(patch_tokens.shape[:-1]), grid)


def _components(tokens, count):
    """Values (..., count) of the first principal components; 0 where nothing varies."""
    flat = tokens.flatten(0, -2).numpy()
    if (flat == flat[0]).all():
        return tokens.new_zeros(*tokens.shape[:-1], count)
    values = PCA(count, svd_solver="full").fit_transform(flat)
    return torch.from_numpy(values).view(*tokens.shape[:-1], count)


def draw_pca(photo, picture, *, weights):
    """A photo with its foreground's contour, and its own ``PcaPicture`` in colours.

    Grey maps hold the same values as red, green and blue, for eyes that take these for one.

    Parameters
    ----------
    photo : what ``images.load_photo`` reads; what the network saw of it
    picture : PcaPicture, of this photo alone: without leading axes
    weights : timm model or str, named at the foot

    Returns
    -------
    Figure
    """
    photo = load_photo(photo, max_side=None)
    inside, rgb = picture.foreground.numpy(), picture.rgb.numpy()
    fig, axes = new_figure(2, 3, photo.size, weights)
    shape = {"interpolation": "nearest", **in_patches(photo, inside.shape)}
    draw(axes[0], photo, say("전경", "foreground"), **shape)
    draw(axes[1], picture.first, say("첫째 성분", "1st component"), cmap="gray", **shape)
    panels = {
        "PCA → RGB": rgb,
        say("빨강", "red"): rgb[..., :1],
        say("초록", "green"): rgb[..., 1:2],
        say("파랑", "blue"): rgb[..., 2:],
    }
    for ax, (name, values) in zip(axes[2:], panels.items()):
        draw(ax, np.where(inside[..., None], values, np.ones(3)), name, **shape)
    for ax in axes:
        _contour(ax, inside)
    return fig


def draw_parts(photo, labels, *, weights):
    """A photo cut along its parts, and these with a number on every patch.

    Parameters
    ----------
    photo : what ``images.load_photo`` reads; what the network saw of it
    labels : torch.Tensor, int (gh, gw), see ``parts``
    weights : timm model or str, named at the foot

    Returns
    -------
    Figure
    """
    photo = load_photo(photo, max_side=None)
    fig, (left, right) = new_figure(1, 2, photo.size, weights)
    shape, k = in_patches(photo, labels.shape), int(labels.max()) + 1
    draw(left, photo, say("사진", "photo"), **shape)
    for label in range(k):
        _contour(left, labels.numpy() == label)
    flat = dict(cmap="cividis", vmin=-0.5, vmax=max(k - 0.5, 1), interpolation="nearest")
    draw(right, labels, f"{say('부분', 'parts')}: 0 … {k - 1}", **flat, **shape)
    for (row, column), label in np.ndenumerate(labels.numpy()):
        colour = "white" if label < k / 2 else "black"
        centre = {"ha": "center", "va": "center_baseline"}
        right.text(column + 0.5, row + 0.5, label, size=8, color=colour, **centre)
    return fig


def _contour(ax, inside):
    """The border of a set of patches, along their sides."""
    edge = {"color": "yellow", "lw": 1.2, "path_effects": [EDGE]}
    rows, columns = np.nonzero(inside[:, 1:] != inside[:, :-1])
    ax.vlines(columns + 1, rows, rows + 1, **edge)
    rows, columns = np.nonzero(inside[1:] != inside[:-1])
    ax.hlines(rows + 1, columns, columns + 1, **edge)
