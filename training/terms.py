"""Terms on attention and token lengths, all without labels or masks.

Where a view's patches lie in another view is known, for we cut both; nothing here knows where the
object is.
"""

import math

import torch
import torch.nn.functional as F


def grid_centres(side, device=None):
    """Return the middles (side², 2), as (x, y) in [-1, 1]², of a square grid, row by row."""
    steps = (torch.arange(side, device=device) + 0.5) * 2 / side - 1
    return torch.cartesian_prod(steps, steps).flip(-1)


def agree(rows, kept, teacher_rows, move, above=1.5, smooth=0.3):
    """Let a map show the same things in two views of a picture, whatever else is in them.

    Parameters
    ----------
    rows : (B, maps, n)
        The student's maps over the patches of one view, each of sum 1: a head's CLS attention, say.
    kept : (B, n) int
        Their places on that view's square grid.
    teacher_rows : (B, maps, g * g)
        The teacher's in the other view.
    move : (B, 2, 3)
        Affine map from the first view's [-1, 1]² into the second's.
    above : float
        How many times its usual share a place of the goal must have in the teacher's map. Usual is
        the mean over the batch, or an even share if that is more: a map that shows the same place
        in every picture is no goal. Without this the heads drift to the middle and the rim.
    smooth : float
        Share of the goal that lies evenly on all patches (label smoothing, Szegedy et al. 2015,
        arXiv:1512.00567).

    Returns
    -------
    scalar tensor
        Cross-entropy of the student's maps against the goal, over the patches that both views show:
        evenly on the places where the teacher's map is high, and `smooth` of it anywhere. These
        are DINO's two brakes, centring and sharpening, put on a map.
    """
    side = math.isqrt(teacher_rows.shape[-1])
    centres = grid_centres(side, rows.device)
    there = torch.einsum("bij,bnj->bni", move[:, :, :2], centres[kept]) + move[:, None, :, 2]
    both = (there.abs().amax(-1) < 1)[:, None].float()  # (B, 1, n)
    usual = teacher_rows.mean(0, keepdim=True).clamp(min=1 / teacher_rows.shape[-1])
    high = teacher_rows > above * usual  # centred and sharpened
    field = high.float().unflatten(-1, (side, side))
    goal = F.grid_sample(field, there[:, :, None], padding_mode="border", align_corners=False)
    goal = goal[..., 0] * both
    goal = goal / goal.sum(-1, keepdim=True).clamp(min=1e-6)
    goal = (1 - smooth) * goal + smooth * both / both.sum(-1, keepdim=True).clamp(min=1e-6)
    found = rows * both
    found = found / found.sum(-1, keepdim=True).clamp(min=1e-6)
    return -(goal * found.clamp(min=1e-6).log()).sum(-1).mean()


def length_rows(patches):
    """Return the lengths of patch tokens (B, n, dim) as a map of sum 1: (B, 1, n).

    Lengths in standard deviations, through a softmax, so that `agree` takes them as it does a head.
    """
    lengths = patches.norm(dim=-1)
    away = lengths - lengths.mean(1, keepdim=True)
    return (away / lengths.std(1, keepdim=True).clamp(min=1e-6)).softmax(-1)[:, None]


def likeness(rows):
    """Return the mean correlation (B,) between the maps of every two heads, rows (B, heads, n)."""
    away = F.normalize(rows - rows.mean(-1, keepdim=True), dim=-1)
    heads = rows.shape[1]
    return ((away @ away.mT).sum((1, 2)) - heads) / (heads * (heads - 1))


def spread(patches):
    """Return how much the lengths of patch tokens (B, n, dim) differ: deviation over mean, (B,)."""
    lengths = patches.norm(dim=-1)
    return lengths.std(1) / lengths.mean(1)


def blank(count, size, generator):
    """Draw pictures with nothing on them, (count, 3, size, size) in 0..1.

    Each is of one colour, half of them with a little light from one side or a little noise.
    """
    device = generator.device

    def chance(*shape):
        return torch.rand(*shape, generator=generator, device=device)

    colour, grey = chance(count, 3, 1, 1), chance(count, 1, 1, 1)
    colour = torch.where(chance(count, 1, 1, 1) < 0.5, grey, colour)  # half of them grey
    line = torch.linspace(-0.5, 0.5, size, device=device)
    slope = chance(count, 1, 1, 2) - 0.5
    light = slope[..., :1] * line[:, None] + slope[..., 1:] * line
    noise = chance(count, 3, size, size) - 0.5
    kind = chance(count, 1, 1, 1)
    extra = 0.2 * light * (kind < 0.25) + 0.1 * noise * (kind > 0.75)
    return (colour + extra).clamp(0, 1)
