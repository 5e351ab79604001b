"""How the figures of `topics.lies` are made, each rightly or wrongly in a way that people meet.

A function a claim; all take what ``attention`` does.
"""

import math
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from itertools import cycle

import torch
import torch.nn.functional as F
from PIL import Image, ImageOps
from timm.data import resolve_model_data_config
from torchvision.transforms.functional import pil_to_tensor, to_pil_image
from torchvision.utils import make_grid

from helpers import encoding, images
from helpers.maps import min_max, on_grid
from helpers.overlay import blend
from topics.masks import load_masks, masks_on_grid, mass_mask
from topics.measure import jaccard
from topics.rollout import rollout

RIGHT = "right"


@dataclass(frozen=True, eq=False)
class Case:
    """One figure, and all that it was made from.

    Its numbers are of one photo the CLS token's rows in the last block (heads, N), of several
    (photos, heads, N); of a rollout the whole matrix (N, N); of a PCA the patch tokens (photos,
    gh * gw, D).
    """

    claim: str  # a key of ``lies.CLAIMS``: what the figure's caption says
    model: torch.nn.Module
    photos: list  # of PIL.Image.Image, whole, as they were before any preprocessing
    tensor: torch.Tensor  # (photos, 3, H, W), what went into the model
    numbers: torch.Tensor  # what was computed
    map: torch.Tensor  # what of it was laid out on the grid: (gh, gw), or several such
    drawn: torch.Tensor  # the map as it was coloured, 0..1
    picture: Image.Image  # the figure itself
    lie: str  # a key of ``lies.KINDS``, or ``RIGHT``
    again: Callable  # puts another tensor through the very same code and returns its map


def untrained(model):
    """The same network with random weights of one seed, under the caption of the trained one.

    Parameters
    ----------
    model : timm VisionTransformer, which stays as it is

    Returns
    -------
    timm VisionTransformer
    """
    fresh = deepcopy(model)
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        for module in fresh.modules():
            if hasattr(module, "reset_parameters"):
                module.reset_parameters()
        fresh.init_weights()
    return fresh


def attention(model, names, lie):
    """One photo's CLS attention: six ways to lie.

    Parameters
    ----------
    model : timm VisionTransformer
    names : list of str, three bundled photos, of which each claim takes as many as it needs
    lie : str, a key of ``lies.KINDS`` under this claim, or ``RIGHT``

    Returns
    -------
    Case
    """
    photos, tensors, seen, grid = _given(model, names[:2])
    tensor, stale = tensors.split(1)
    first = model.num_prefix_tokens - (lie == "shift")
    if lie == "input":  # 0..1, and blue first: as OpenCV reads it
        config = resolve_model_data_config(model)
        mean, std = (torch.tensor(config[key]).view(3, 1, 1) for key in ("mean", "std"))
        tensor = (tensor * std + mean).flip(1)
    if lie == "untrained":
        model = untrained(model)

    def compute(picture):
        if lie == "axis":
            ((q, k),) = encoding.queries_keys(model, picture, (-1,))
            return (q @ k.mT).softmax(dim=-2)[0, :, 0]
        # A hook that is never called keeps what it had.
        return _rows(model, stale if lie == "stale" else picture)

    def lay_out(rows):
        return on_grid(rows.mean(dim=0)[first:][: math.prod(grid)], grid)

    scale = _clipped if lie == "clipped" else min_max
    return _case(lie, "attention", model, photos[:1], seen[:1], tensor, compute, lay_out, scale)


def wide(model, names, lie):
    """A photo of 16 : 9, seen whole: a wrong grid, or a grid larger than the photo."""
    photo, patch = images.load_photo(f"{names[0]}.jpg"), model.patch_embed.patch_size[0]
    photo = ImageOps.fit(photo, (640, 360))
    gh, gw = 9, 16  # 144 patches, of which a root can be taken: 12
    tensor, _ = images.to_tensor(photo, model, fit="squash", size=(gh * patch, gw * patch))
    if lie == "padding":  # one pixel more than 5 × 9 patches: a sixth row and a tenth column
        gh, gw = 6, 10
        tensor = F.interpolate(tensor, (5 * patch + 1, 9 * patch + 1), mode="bicubic")

    def compute(picture):
        height, width = picture.shape[-2:]
        return _rows(model, F.pad(picture, (0, gw * patch - width, 0, gh * patch - height)))

    def lay_out(rows):
        return _on_grid(model, rows.mean(0), (12, 12) if lie == "square" else (gh, gw))

    return _case(lie, "wide", model, [photo], [photo], tensor, compute, lay_out)


def heads(model, names, lie):
    """All heads of one photo, on one scale or each on its own."""
    photos, tensor, seen, grid = _given(model, names[:1])
    scale = min_max if lie == "apart" else lambda m: m / m.max()
    compute, lay_out = partial(_rows, model), partial(_on_grid, model, grid=grid)
    return _case(lie, "heads", model, photos, seen, tensor, compute, lay_out, scale)


def one_head(model, names, lie):
    """Three photos and one head, or for each the head that fits it best by its mask."""
    (photos, tensor, seen, grid), taken = _given(model, names), []

    def lay_out(rows):  # (photos, heads, N)
        m = _on_grid(model, rows, grid)
        return m[:, 0] if lie != "picked" else m[range(len(m)), taken[: len(m)]]

    for name, one in zip(names, tensor.split(1)):  # the best, but not the first photo's again
        m = _on_grid(model, _rows(model, one), grid)
        truth = masks_on_grid(load_masks(name).any(0, keepdims=True), model)
        order = jaccard(mass_mask(m), truth).argsort(descending=True).tolist()
        taken.append(next(head for head in order if head not in taken[:1]))
    return _case(lie, "one head", model, photos, seen, tensor, partial(_rows, model), lay_out)


def rollout_map(model, names, lie):
    """Rollout (Abnar and Zuidema 2020, arXiv:2005.00928), with the identity or without.

    Parameters and what is returned: as ``attention``.
    """
    photos, tensor, seen, grid = _given(model, names[:1])
    everyone = range(model.num_prefix_tokens + math.prod(grid))

    def compute(picture):
        rows = encoding.attention_rows(model, picture, queries=everyone)[:, 0]
        if lie == "half":  # without the identity for the residual path
            return torch.linalg.multi_dot([*rows.mean(dim=1).flip(0)])
        return rollout(rows)

    def lay_out(matrix):
        return _on_grid(model, matrix[0], grid)

    return _case(lie, "rollout", model, photos, seen, tensor, compute, lay_out)


def component(model, names, lie):
    """Two photos on their common first principal component, or one of them turned over."""
    photos, tensor, seen, grid = _given(model, names[:2])
    tokens = encoding.encode(model, tensor).patch_tokens
    mean = tokens.flatten(0, 1).mean(0)
    axis = torch.linalg.svd(tokens.flatten(0, 1) - mean, full_matrices=False)[2][0]
    axis = axis * ((tokens - mean) @ axis).pow(3).sum().sign()  # the longer tail is bright

    def compute(picture):
        return encoding.encode(model, picture).patch_tokens[0]

    def lay_out(tokens):
        signs = torch.tensor([1, -1 if lie == "sign" else 1])[: len(tokens), None]
        return on_grid((tokens - mean) @ axis * signs, grid)

    return _case(lie, "component", model, photos, seen, tensor, compute, lay_out)


def _given(model, names):
    """Bundled photos by name, the tensor of all, what of each the model sees, and the grid."""
    photos = [images.load_photo(f"{name}.jpg") for name in names]
    tensors, seen = zip(*(images.to_tensor(photo, model) for photo in photos))
    return photos, torch.cat(tensors), seen, encoding.grid_of(model, tensors[0])


def _case(lie, claim, model, photos, seen, tensor, compute, lay_out, scale=min_max):
    """Make a figure: what was computed, laid out, scaled and laid over what was seen."""

    def numbers(pictures):
        each = [compute(picture) for picture in pictures.split(1)]
        return each[0] if len(photos) == 1 else torch.stack(each)

    found = numbers(tensor)
    m = lay_out(found)
    drawn = scale(m)
    tiles = [blend(p, d, 0.65) for p, d in zip(cycle(seen), drawn.view(-1, *m.shape[-2:]))]

    def again(pictures):
        return lay_out(numbers(pictures))

    return Case(claim, model, photos, tensor, found, m, drawn, _mosaic(tiles), lie, again)


def _rows(model, picture):
    """The CLS token's rows of the last block, (heads, N)."""
    return encoding.attention(model, picture)[0, :, 0]


def _on_grid(model, rows, grid):
    """Rows (..., N) without the prefix tokens, as maps."""
    return on_grid(rows[..., model.num_prefix_tokens :], grid)


def _clipped(m):
    """The lowest and the highest fifth each in one flat colour."""
    low, high = m.flatten().quantile(torch.tensor([0.2, 0.8]))
    return ((m - low) / (high - low)).clamp(0, 1)


def _mosaic(tiles):
    """Pictures of one shape in rows of three, on white."""
    size = 240, round(240 * tiles[0].height / tiles[0].width)
    # A gap left of each and above; the outer ones are cut off again.
    cells = (ImageOps.expand(tile.resize(size), (6, 6, 0, 0), "white") for tile in tiles)
    sheet = make_grid([*map(pil_to_tensor, cells)], nrow=3, padding=0, pad_value=255)
    return to_pil_image(sheet[:, 6:, 6:])
