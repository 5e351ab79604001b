"""Pictures that a class can draw itself: textured shapes on textured grounds, and their crops.

`draw_pool` gives the same kind of pool as ``training.collect``, so ``training.scenes`` makes views
of these pictures and of cut-out photographs by the same code. A shape is a function of x and y;
pass your own.
"""

import math

import torch
import torch.nn.functional as F

from training.scenes import Scenes, uniform

TEXTURES = 5  # stripes, checks, dots, clouds, plain
SIZE, LOCAL_SIZE, PATCH = 40, 20, 5  # pixels: a global crop has 8 × 8 patches, a local one 4 × 4
GRID = (SIZE // PATCH, SIZE // PATCH)
SWAP = 0.5  # share of pairs whose two views stand on different grounds
JITTER = 0.3  # of the colours, 1 as in the paper
SCALE = (0.4, 1.0)  # longer side of the shape, as a share of the scene's
HELD_OUT_SCALE = (0.3, 0.8)  # smaller, as whole pictures are looked at


def disc(x, y):
    return x**2 + y**2 < 0.9


def ring(x, y):
    return ((x**2 + y**2) < 0.95) & (x**2 + y**2 > 0.25)


def square(x, y):
    return (x.abs() < 0.8) & (y.abs() < 0.8)


def triangle(x, y):
    return (y < 0.8) & (y > 2 * x.abs() - 0.95)


def cross(x, y):
    return torch.minimum(x.abs(), y.abs()) < 0.33


def star(x, y):
    """Five points: how far the edge is out depends on how near the angle is to a point's."""
    turn = (torch.atan2(x, -y) / (2 * math.pi) * 5 + 0.5) % 1 - 0.5
    return torch.hypot(x, y) < 0.95 / (1 + 2.6 * turn.abs())


def blob(seed, waves=5):
    """Return a shape of its own for every `seed`: how far its edge is out is a few waves' sum."""
    generator = torch.Generator().manual_seed(seed)
    high, phase = torch.rand(2, waves, generator=generator)
    number = torch.arange(1, waves + 1)

    def shape(x, y):
        angle = number * torch.atan2(y, x)[..., None] + 2 * math.pi * phase
        out = (high / number * angle.cos()).sum(-1)
        squeeze = 0.4 + 0.6 * high[0]
        return torch.hypot(x, y / squeeze) < 0.45 * (1 + 0.7 * out)

    return shape


SHAPES = (disc, ring, square, triangle, cross, star)


def plane(size):
    """Return x (right) and y (down) of the pixels of a square picture, (size, size) in -1..1."""
    line = (torch.arange(size) + 0.5) / size * 2 - 1
    y, x = torch.meshgrid(line, line, indexing="ij")
    return x, y


def draw_textures(count, size, generator):
    """Return `count` textures of two random colours each, (count, 3, size, size), uint8."""

    def draw(low, high):
        return uniform(low, high, count, 1, 1, generator=generator)

    angle, waves, phase = draw(0, math.pi), draw(6, 16), draw(0, 2 * math.pi)
    knots = uniform(-1, 1, count, 1, 7, 7, generator=generator)
    kind = torch.randint(TEXTURES, (count,), generator=generator)
    first, second = uniform(0, 1, 2, count, 3, 1, 1, generator=generator)
    choices = first, second, angle, waves, phase, knots, kind
    some = zip(*(choice.split(32) for choice in choices), strict=True)  # at a time: spares memory
    return torch.cat([_texture(size, *each) for each in some])


def _texture(size, first, second, angle, waves, phase, knots, kind):
    x, y = plane(size)
    u = waves * (x * angle.cos() + y * angle.sin()) + phase
    v = waves * (y * angle.cos() - x * angle.sin())
    clouds = F.interpolate(knots, (size, size), mode="bicubic")[:, 0]
    stripes, checks, dots = u.sin(), u.sin() * v.sin() * 2, u.cos() + v.cos() - 0.7
    kinds = torch.stack([stripes, checks, dots, clouds * 1.5, -torch.ones_like(u)], 1)
    mix = (4 * kinds[torch.arange(len(kind)), kind]).sigmoid()[:, None]
    return to_bytes(first + (second - first) * mix)


def to_bytes(pictures):
    """Return pictures in 0..1 as uint8."""
    return (pictures * 255).round().byte()


def draw_pool(count=256, size=48, shapes=SHAPES, held=0.25, seed=0):
    """Draw a pool of cut-outs and grounds, of which a share is kept out of training.

    Parameters
    ----------
    count : int
        Cut-outs; as many grounds.
    size : int
        Side of a cut-out; a ground is twice as wide.
    shapes : sequence of functions
        Each takes x and y (size, size) in -1..1, y downwards, and returns where the shape is, bool.
    held : float
        Share that only ``Scenes(pool, held_out=True)`` draws from.
    seed : int

    Returns
    -------
    dict
        ``cutouts`` (count, 4, size, size) and ``grounds`` (count, 3, 2 size, 2 size), uint8;
        ``cutout_held`` and ``ground_held``, bool.
    """
    generator = torch.Generator().manual_seed(seed)
    x, y = plane(4 * size)  # four times as fine, for smooth edges
    masks = torch.stack([F.avg_pool2d(shape(x, y).float()[None], 4) for shape in shapes])
    alpha = masks[torch.arange(count) % len(shapes)]
    cutouts = torch.cat([draw_textures(count, size, generator), to_bytes(alpha)], 1)
    grounds = draw_textures(count, 2 * size, generator)
    chosen = [torch.rand(count, generator=generator) < held for _ in range(2)]
    return {
        "cutouts": cutouts,
        "grounds": grounds,
        "cutout_held": chosen[0],
        "ground_held": chosen[1],
    }


def normalise(pictures):
    """Return pictures in 0..1 as the networks take them, about -2..2."""
    return (pictures - 0.5) / 0.25


def draw_views(scenes, count, local_crops=4):
    """Draw `count` scenes, each seen through two large windows and some small ones.

    Returns
    -------
    list of torch.Tensor
        Two global crops (count, 3, 40, 40) in 0..1, then the local ones (count, 3, 20, 20).
    """
    shape = scenes.place(count, SCALE)
    first, second = scenes.grounds_for(count), scenes.grounds_for(count)
    swap = torch.rand(count, generator=scenes.generator) < SWAP
    second = tuple(
        torch.where(swap.view(-1, *[1] * (a.ndim - 1)), b, a)
        for a, b in zip(first, second, strict=True)
    )
    crops = []
    for i in range(2 + local_crops):
        if i < 2:
            window, size = scenes.windows(count, (0.45, 1.0)), SIZE
        else:
            window, size = scenes.windows(count, (0.12, 0.45), around=shape.centre), LOCAL_SIZE
        picture, _ = scenes.render((first, second)[i % 2], [shape], window, size)
        crops.append(scenes.jitter(picture, JITTER))
    return crops


def held_out(pool, count=128, seed=1):
    """Return pictures (count, 3, 40, 40) in 0..1 and masks (count, 8, 8), never trained on."""
    scenes = Scenes(pool, held_out=True, seed=seed)
    ground, shape = scenes.grounds_for(count), scenes.place(count, HELD_OUT_SCALE)
    window = torch.eye(2, 3).expand(count, 2, 3)
    pictures, mask = scenes.render(ground, [shape], window, SIZE, oversample=2)
    masks = F.avg_pool2d(mask, PATCH)[:, 0]
    # A sliver that covers no patch by half still has its fullest patch: every shape can be found.
    fullest = masks.amax((1, 2), keepdim=True)
    return pictures, (masks >= fullest.clamp(max=0.5)) & (masks > 0)
