"""Terms on attention and token lengths, all without labels or masks.

Nothing here knows where the object is: goals are what a network's own maps of one window have in
common on several grounds.
"""

import math

import torch
import torch.nn.functional as F


def grid_centres(side, device=None):
    """Return the middles (side², 2), as (x, y) in [-1, 1]², of a square grid, row by row."""
    steps = (torch.arange(side, device=device) + 0.5) * 2 / side - 1
    return torch.cartesian_prod(steps, steps).flip(-1)


def standard(maps):
    """Return maps (…, n) less their means, in standard deviations."""
    away = maps - maps.mean(-1, keepdim=True)
    return away / maps.std(-1, keepdim=True).clamp(min=1e-9)


def two_sides(maps):
    """Split maps (…, n) in two where the two sides differ most: bool, the high side (Otsu 1979).

    No threshold is set by hand, and a small thing may have a small side.
    """
    ordered = maps.sort(-1).values
    low = torch.arange(1, maps.shape[-1], device=maps.device)  # how many lie on the low side
    sums, high = ordered.double().cumsum(-1), maps.shape[-1] - low
    apart = sums[..., :-1] / low - (sums[..., -1:] - sums[..., :-1]) / high
    between = low * high * apart**2
    return maps > ordered.gather(-1, between.argmax(-1, keepdim=True))


def agree(rows, goal, smooth=0.35):
    """Let a map lie where a goal is, evenly.

    Parameters
    ----------
    rows : (B, maps, n)
        The student's maps over the patches that it sees: a head's CLS attention, say.
    goal : bool (B, maps, n)
        Where the teacher's map is high, by `two_sides`.
    smooth : float
        Share of the goal that lies evenly on all patches (label smoothing, Szegedy et al. 2015,
        arXiv:1512.00567).

    Returns
    -------
    scalar tensor
        Cross-entropy of the student's maps against the goal.
    """
    goal = goal / goal.sum(-1, keepdim=True).clamp(min=1)
    goal = (1 - smooth) * goal + smooth / goal.shape[-1]
    found = rows / rows.sum(-1, keepdim=True).clamp(min=1e-6)
    return -(goal * found.clamp(min=1e-6).log()).sum(-1).mean()


def best_head(rows, goal, elsewhere=0.38):
    """Let the head of each picture that does it best lie on the goal, evenly.

    The others are free to look elsewhere (multiple choice learning, Guzman-Rivera et al. 2012).

    Parameters
    ----------
    rows : (B, heads, n)
        CLS attention.
    goal : bool (B, 1, n)
        By `two_sides`.
    elsewhere : float
        Share of the goal that lies evenly on all patches. Jaccard at 60 % of the mass, the paper's
        measure, is best where about so much of it lies elsewhere.
    """
    even = goal / goal.sum(-1, keepdim=True).clamp(min=1)
    even = (1 - elsewhere) * even + elsewhere / goal.shape[-1]
    found = rows / rows.sum(-1, keepdim=True)
    cost = -(even * found.clamp(min=1e-7).log()).sum(-1)
    return cost.amin(1).mean()  # of the best head


def inner(goal):
    """Return how far inside a goal, bool (B, 1, g * g), its patches lie: 1 where farthest, float.

    That is the goal's share of a patch and its eight neighbours. At a thing's rim heads look most
    at the outline, of which a patch may hold less of the thing than of what is beside it.
    """
    square = goal.unflatten(-1, (math.isqrt(goal.shape[-1]), -1)).float()
    depth = square * F.avg_pool2d(square, 3, 1, 1, count_include_pad=False)
    return (depth / depth.amax((-2, -1), keepdim=True).clamp(min=1e-6)).flatten(-2)


def point(rows, depth, power=6):
    """Let the mean of heads, sharpened, lie inside a goal (`inner`): so its highest patch does."""
    sharp = (power * rows.mean(1).clamp(min=1e-9).log()).softmax(-1)
    return -(sharp * depth[:, 0]).sum(-1).clamp(min=1e-4).log().mean()


def length_rows(patches):
    """Return the lengths of patch tokens (B, n, dim) as a map of sum 1: (B, 1, n).

    Lengths in standard deviations, through a softmax, so that `agree` takes them as it does a head.
    """
    return standard(patches.norm(dim=-1)).softmax(-1)[:, None]


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
