"""Patch tokens in: which patches resemble each other, within a photo and between two."""

import torch
import torch.nn.functional as F
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.patches import ConnectionPatch
from matplotlib.ticker import MaxNLocator
from torchvision.transforms import functional as TF

from bilingual import named, say
from helpers.encoding import encode
from helpers.images import load_photo, to_tensor
from helpers.maps import on_grid
from helpers.overlay import blend
from helpers.plots import bar, draw, in_patches, narrowest, new_chart, new_figure, outline


def similarity_map(patch_tokens, grid, query):
    """Cosine similarity of every patch to a query token, of this photo or of another.

    Parameters
    ----------
    patch_tokens, grid : torch.Tensor (..., gh * gw, D); tuple of int (gh, gw)
    query : torch.Tensor (D,), for example ``patch_tokens[row * gw + column]``

    Returns
    -------
    torch.Tensor (..., gh, gw) in -1..1

    Raises
    ------
    BadInput
        There are more or fewer tokens than patches.
    """
    query, patch_tokens = (each.detach().cpu().float() for each in (query, patch_tokens))
    return on_grid(F.cosine_similarity(query, patch_tokens, dim=-1), grid)


def mutual_nearest(tokens_a, tokens_b):
    """Pairs of patches each of which is the other's nearest by cosine similarity.

    The "best buddies" of Dekel et al. 2015, as Amir et al. 2021 (arXiv:2112.05814) use them.

    Parameters
    ----------
    tokens_a, tokens_b : torch.Tensor (Na, D) and (Nb, D), patch tokens of two photos

    Returns
    -------
    pairs : torch.Tensor, int64 (M, 2), index in a and in b, the most similar pair first
    scores : torch.Tensor (M,), their cosine similarities
    """
    similarity = _cosines(tokens_a, tokens_b)
    to_b, to_a = similarity.argmax(dim=1), similarity.argmax(dim=0)
    a = torch.arange(len(tokens_a))[to_a[to_b] == torch.arange(len(tokens_a))]
    scores, order = similarity[a, to_b[a]].sort(descending=True, stable=True)
    return torch.stack([a, to_b[a]], dim=1)[order], scores


def matching_rate(tokens_a, tokens_b, grid, flipped=True, tolerance=0):
    """How often a patch's nearest neighbour in a copy of the photo is at its own place.

    Parameters
    ----------
    tokens_a, tokens_b : torch.Tensor (..., gh * gw, D) patch tokens of photos and of their copies
    grid : tuple of int (gh, gw)
    flipped : bool, the copies are mirrored left to right, so columns count from the other side
    tolerance : int, how many rows or columns off still counts: 1 also takes the eight neighbours

    Returns
    -------
    float, 0..1

    Raises
    ------
    BadInput
        There are more or fewer tokens than patches.
    """
    nearest = on_grid(_cosines(tokens_a, tokens_b).argmax(dim=-1), grid)
    gw, own = grid[1], torch.arange(grid[0] * grid[1]).view(grid)
    own = own.flip(1) if flipped else own
    off = torch.maximum((nearest // gw - own // gw).abs(), (nearest % gw - own % gw).abs())
    return (off <= tolerance).float().mean().item()


@torch.autocast("cpu", enabled=False)  # which would round, and many would be equally near
def _cosines(tokens_a, tokens_b):
    """(..., Na, Nb) cosine similarities, whatever precision the tokens have."""
    a, b = (F.normalize(t.detach().cpu().float(), dim=-1) for t in (tokens_a, tokens_b))
    return a @ b.mT


def recolour(photo):
    """A photo in other colours: hue turned by a tenth of the circle, paler, more contrast.

    Parameters
    ----------
    photo : what ``images.load_photo`` reads; else PhotoError

    Returns
    -------
    PIL.Image.Image, RGB, of the photo's size
    """
    photo = load_photo(photo, max_side=None)
    paler = TF.adjust_saturation(TF.adjust_hue(photo, 0.1), 0.6)
    return TF.adjust_contrast(paler, 1.3)


def match_back(model, photo, flipped=True):
    """``matching_rate`` of a photo and its recoloured copy, mirrored or not.

    Parameters
    ----------
    model : timm model
    photo : what ``images.load_photo`` reads; else PhotoError
    flipped : bool, whether the copy is mirrored left to right

    Returns
    -------
    tuple of float, 0..1: exactly in its place, and within one patch of it
    """
    original, copy = (to_tensor(p, model)[0] for p in (photo, recolour(photo)))
    a, b = (encode(model, t) for t in (original, copy.flip(-1) if flipped else copy))
    tokens = a.patch_tokens, b.patch_tokens, a.grid
    return tuple(matching_rate(*tokens, flipped, tolerance) for tolerance in (0, 1))


# Okabe & Ito's colours, told apart by nearly all eyes; the marker's number says the same.
COLOURS = ("#E69F00", "#56B4E9", "#F0E442", "#CC79A7", "#009E73", "#D55E00")


def draw_similarity(panels, query, *, weights, cmap="viridis"):
    """Cosine similarity to one patch, laid over photos; all maps share one scale.

    Parameters
    ----------
    panels : dict, label → (photo, torch.Tensor (gh, gw))
    query : tuple of int (row, column), the patch that is outlined in the first photo
    weights : timm model or str, named at the foot
    cmap : str, see ``overlay.COLORMAPS``

    Returns
    -------
    Figure

    Raises
    ------
    BadInput
        No such colormap.
    """
    pairs = [(load_photo(photo, max_side=None), m) for photo, m in panels.values()]
    low = min(float(m.min()) for _, m in pairs)
    high = max(float(m.max()) for _, m in pairs)
    size = narrowest(photo for photo, _ in pairs)
    fig, axes = new_figure(1, len(pairs) + 1, size, weights, extra=0.5)
    (photo, m), axes = pairs[0], [*axes]
    draw(axes[0], photo, say("질의", "query"), **in_patches(photo, m.shape))
    for ax, label, (photo, m) in zip(axes[1:], panels, pairs):
        overlay = blend(photo, (m - low) / ((high - low) or 1), alpha=0.75, cmap=cmap, smooth=False)
        draw(ax, overlay, label, **in_patches(photo, m.shape))
    for ax in axes[:2]:
        outline(ax, query[::-1])
    scale = bar(fig, ScalarMappable(Normalize(low, high), cmap))
    scale.locator = MaxNLocator(5)
    scale.ax.tick_params(labelsize=8)
    scale.set_label(say("코사인 유사도", "cosine similarity"), size=8)
    return fig


def draw_matches(photos, grids, pairs, *, weights, most=12):
    """Two photos, and numbered lines between the best pairs of patches.

    Parameters
    ----------
    photos, grids : sequence of two photos; of their grids, tuples of int (gh, gw)
    pairs : torch.Tensor, int (M, 2), index of a patch in either photo, the best pair first
    weights : timm model or str, named at the foot
    most : int, how many pairs to draw at most

    Returns
    -------
    Figure
    """
    photos = [load_photo(photo, max_side=None) for photo in photos]
    fig, (left, right) = new_figure(1, 2, narrowest(photos), weights)
    names = say("첫째", "first"), say("둘째", "second")
    for ax, photo, grid, name in zip((left, right), photos, grids, names):
        draw(ax, photo, name, **in_patches(photo, grid))
    for number, pair in enumerate(pairs.tolist()[:most], start=1):
        colour = COLOURS[number % len(COLOURS)]
        ends = [(i % gw + 0.5, i // gw + 0.5) for i, (_, gw) in zip(pair, grids)]
        fig.add_artist(ConnectionPatch(*ends, "data", axesA=left, axesB=right, ec=colour, lw=1.2))
        for ax, end in zip((left, right), ends):
            badge = {"boxstyle": "circle,pad=0.15", "fc": "black", "ec": colour, "lw": 1.5}
            ax.text(*end, number, size=9, color="white", ha="center", va="center", bbox=badge)
    return fig


def draw_rates(rows, *, weights):
    """Bars for patches that found their place.

    Parameters
    ----------
    rows : dict, label → (share exact, share within one patch), 0..1, see ``match_back``
    weights : timm model or str, named at the foot

    Returns
    -------
    Figure
    """
    fig, ax = new_chart((4, 1 + len(rows) / 3), weights)
    for place, (exact, near) in enumerate(rows.values()):
        ax.barh(place, near, 0.7, fill=False, ec="gray", hatch="////")
        ax.barh(place, exact, 0.7, color="#0072B2")
        ax.text(near + 0.01, place, f"{exact:.0%} | {near:.0%}", va="center", size=8)
    ax.set_yticks(range(len(rows)), map(named, rows), size=8)
    ax.set(xlim=(0, 1.35), xticks=[0, 0.5, 1], xticklabels=["0 %", "50 %", "100 %"])
    ax.invert_yaxis()
    ko = "제자리를 찾은 패치: 정확히 ■ | 한 패치 안 ▨"
    en = "patches that found their place: exact ■ | within one ▨"
    ax.set_title(say(ko, en, "\n"), size=9)
    return fig
