"""Pictures for training: cut-outs on grounds, drawn in batches straight from the pool.

A *scene* says what stands where; it holds no pixels. `View`s of it (a window, a ground, a size)
are rendered by sampling the sources through one affine map each, so a crop costs the same as its
own pixels and is never resampled twice. Scene coordinates run from -1 to 1 in x (right) and y
(down). Nothing here knows what an object is.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F

GREY = torch.tensor([0.299, 0.587, 0.114])


@dataclass
class Objects:
    """Where one cut-out stands in each of B scenes: all tensors have length B."""

    index: torch.Tensor  # which cut-out
    centre: torch.Tensor  # (B, 2) in scene coordinates
    half: torch.Tensor  # half the longer side, 1 = half the scene
    angle: torch.Tensor  # radians
    flip: torch.Tensor  # -1 or 1
    shown: torch.Tensor  # bool: is it in the scene at all
    cloth: torch.Tensor  # which ground's texture it wears instead of its own pixels; -1: none
    colour: torch.Tensor  # (B, 3, 4) colour change shared by all views


def uniform(low, high, *shape, generator):
    """Return uniform random numbers in [low, high) of the given shape, where the generator is."""
    return low + (high - low) * torch.rand(*shape, generator=generator, device=generator.device)


def affine(centre, half, angle=None, flip=None):
    """Return (B, 2, 3) maps from scene coordinates into a placed square's own [-1, 1]².

    The square has its middle at `centre` (B, 2), half side `half` (B,), is turned by `angle`
    and mirrored where `flip` is -1.
    """
    angle = torch.zeros_like(half) if angle is None else angle
    flip = torch.ones_like(half) if flip is None else flip
    cos, sin = angle.cos() / half, angle.sin() / half
    linear = torch.stack(
        [torch.stack([flip * cos, flip * sin], -1), torch.stack([-sin, cos], -1)], 1
    )
    return torch.cat([linear, -linear @ centre[..., None]], -1)


def inverse(transform):
    """Return the (B, 2, 3) maps that undo `transform`."""
    linear = torch.linalg.inv(transform[:, :, :2])
    return torch.cat([linear, -linear @ transform[:, :, 2:]], -1)


def compose(outer, inner):
    """Return the (B, 2, 3) map that applies `inner` first, then `outer`."""
    linear = outer[:, :, :2] @ inner[:, :, :2]
    return torch.cat([linear, outer[:, :, :2] @ inner[:, :, 2:] + outer[:, :, 2:]], -1)


def colour_change(count, strength, generator, grey=0.0):
    """Return (B, 3, 4) random colour maps: hue, saturation, contrast and brightness at once.

    `strength` 1 is DINO's jitter (brightness and contrast ±0.4, saturation ±0.2, hue ±0.1);
    `grey` is the share of pictures that lose all colour.
    """
    hue = uniform(-0.1, 0.1, count, generator=generator) * strength * 2 * math.pi
    saturation = 1 + uniform(-0.4, 0.4, count, generator=generator) * strength
    saturation = saturation * (uniform(0, 1, count, generator=generator) >= grey)
    contrast = 1 + uniform(-0.4, 0.4, count, generator=generator) * strength
    shift = uniform(-0.3, 0.3, count, generator=generator) * strength
    # A turn about the grey axis (Rodrigues) is a hue shift that needs no colour space.
    cross = torch.tensor([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]], device=hue.device) / math.sqrt(3)
    eye, third = torch.eye(3, device=hue.device), torch.full((3, 3), 1 / 3, device=hue.device)
    grey_of = GREY.to(hue.device).expand(3, 3)
    cos, sin = hue.cos()[:, None, None], hue.sin()[:, None, None]
    turn = cos * eye + sin * cross + (1 - cos) * third
    keep = saturation[:, None, None]
    linear = contrast[:, None, None] * (keep * eye + (1 - keep) * grey_of) @ turn
    middle = (0.5 * (1 - contrast) + shift)[:, None, None].expand(-1, 3, 1)
    return torch.cat([linear, middle], -1)


def recolour(images, change):
    """Apply (B, 3, 4) colour maps to images (B, 3, H, W) in 0..1."""
    flat = torch.baddbmm(change[:, :, 3:], change[:, :, :3], images.flatten(2))
    return flat.view_as(images).clamp_(0, 1)


class Scenes:
    """Random scenes from one side of the pool.

    Parameters
    ----------
    pool : dict
        As written by ``training.collect``.
    held_out : bool, draw from the pictures that are kept out of training
    seed : int, of every random choice made here
    repeat : int
        Photographs come up so many times as often as a drawn cut-out.
    shrink : int
        Reduce the sources by this factor first: small views need no more, and cost less.
    device : str or torch.device
        Where the sources lie and all is drawn; a GPU's random numbers are not a CPU's.
    turn : float, degrees by which grounds are turned at most: so there seem to be more of them
    """

    def __init__(self, pool, held_out=False, seed=0, shrink=1, device="cpu", repeat=1, turn=0.0):
        chosen = pool["cutout_held"] == held_out
        cutouts = pool["cutouts"][chosen]
        if repeat > 1:
            cutouts = torch.cat([cutouts, *[cutouts[~pool["cutout_drawn"][chosen]]] * (repeat - 1)])
        grounds = pool["grounds"][pool["ground_held"] == held_out]
        self.cutouts = _shrink(cutouts.to(device), shrink)
        self.grounds = _shrink(grounds.to(device), shrink)
        self.generator, self.turn = torch.Generator(device).manual_seed(seed), math.radians(turn)

    def _uniform(self, low, high, *shape):
        return uniform(low, high, *shape, generator=self.generator)

    def _chance(self, share, count):
        return self._uniform(0, 1, count) < share

    def _shuffled(self, count):
        return torch.randperm(count, generator=self.generator, device=self.generator.device)

    def place(self, count, scale=(0.35, 1.1), shown=1.0, dressed=0.0, recoloured=0.0, among=None):
        """Return `Objects` for `count` scenes; `scale` is the longer side over the scene's side.

        A share `dressed` wears the texture of a ground, of `among` (N,) or any.
        """
        half = self._uniform(*scale, count)
        room = (1.15 - half).clamp(min=0.05)  # a big object stays near the middle
        strength = self._chance(recoloured, count)[:, None, None]
        keep = torch.eye(3, 4, device=half.device).expand(count, 3, 4)
        rounds = -(-count // len(self.cutouts))  # no cut-out twice until all have had their turn
        index = [self._shuffled(len(self.cutouts)) for _ in range(rounds)]
        things = Objects(
            index=torch.cat(index)[:count],
            centre=self._uniform(-1, 1, count, 2) * room[:, None],
            half=half,
            angle=self._uniform(-1, 1, count) * math.radians(25),
            flip=self._chance(0.5, count).float() * 2 - 1,
            shown=self._chance(shown, count),
            cloth=self._chance(dressed, count).long() - 1,
            colour=torch.where(strength, colour_change(count, 2.0, self.generator), keep),
        )
        if dressed:
            things.cloth = things.cloth.where(things.cloth < 0, self._grounds(count, among))
        return things

    def few_grounds(self, count):
        """Return `count` different grounds (their indices) to draw a batch from."""
        return self._shuffled(len(self.grounds))[:count]

    def grounds_for(self, count, among=None):
        """Return (B,) ground indices and (B, 2, 3) maps from the scene into the ground's tile.

        `among` (N,) are the indices to choose from; by default all.
        """
        zoom = self._uniform(0.25, 1.0, count)  # the share of the tile that the scene shows
        shift = self._uniform(-1, 1, count, 2) * (1 - zoom)[:, None]
        flip = self._chance(0.5, count).float() * 2 - 1
        angle = self._uniform(-1, 1, count) * self.turn if self.turn else None
        tile = affine(torch.zeros_like(shift), 1 / zoom, angle, flip)
        tile[:, :, 2] += shift
        return self._grounds(count, among), tile

    def _grounds(self, count, among):
        device = self.generator.device
        among = torch.arange(len(self.grounds), device=device) if among is None else among
        return among[torch.randint(len(among), (count,), generator=self.generator, device=device)]

    def windows(self, count, area, turn=0.0, around=None):
        """Return (B, 2, 3) maps from a view's [-1, 1]² into the scene, half of them mirrored.

        `area` is the range of the window's share of the scene, `turn` the largest angle in degrees;
        `around` (B, 2) draws it near those points (Mishra et al. 2021) instead of anywhere.
        """
        half = self._uniform(*area, count).sqrt()
        anywhere = self._uniform(-1, 1, count, 2) * (1 - half)[:, None]
        if around is not None:
            near = around + self._uniform(-0.5, 0.5, count, 2) * half[:, None]
            anywhere = torch.minimum(torch.maximum(near, half[:, None] - 1), 1 - half[:, None])
        flip = self._chance(0.5, count).float() * 2 - 1
        angle = self._uniform(-1, 1, count) * math.radians(turn)
        cos, sin = half * angle.cos(), half * angle.sin()
        rows = torch.stack([flip * cos, -sin], -1), torch.stack([flip * sin, cos], -1)
        linear = torch.stack(rows, 1)
        return torch.cat([linear, anywhere[..., None]], -1)

    def render(self, ground, objects, window, size, oversample=1):
        """Draw views: images (B, 3, size, size) in 0..1 and object masks (B, 1, size, size).

        `ground` is what `grounds_for` returns, `objects` a list of `Objects` drawn in order.
        """
        fine = (len(window), 3, size * oversample, size * oversample)
        images = _sample(self.grounds[ground[0]], compose(ground[1], window), fine, "reflection")
        mask = torch.zeros_like(images[:, :1])
        for thing in objects:
            source = self.cutouts[thing.index].float()
            rgb, dressed = source[:, :3] / 255, thing.cloth >= 0
            rgb[dressed] = self.grounds[thing.cloth[dressed]][:, :, ::2, ::2].float() / 255
            alpha = source[:, 3:] / 255 * thing.shown[:, None, None, None]
            layer = torch.cat([recolour(rgb, thing.colour) * alpha, alpha], 1)
            place = affine(thing.centre, thing.half, thing.angle, thing.flip)
            layer = _sample(layer, compose(place, window), fine, "zeros")
            images = images * (1 - layer[:, 3:]) + layer[:, :3]
            mask = mask * (1 - layer[:, 3:]) + layer[:, 3:]
        if oversample > 1:
            images, mask = F.avg_pool2d(images, oversample), F.avg_pool2d(mask, oversample)
        return images, mask

    def jitter(self, images, strength=1.0):
        """DINO's colour jitter, greyscale, blur and solarisation, one draw an image."""
        count = len(images)
        change = colour_change(count, strength, self.generator, grey=0.1)
        images = recolour(images, change)
        soft = F.avg_pool2d(F.pad(images, (1, 1, 1, 1), mode="replicate"), 3, 1)
        images = torch.where(self._chance(0.2, count)[:, None, None, None], soft, images)
        solar = self._chance(0.1, count)[:, None, None, None] & (images > 0.5)
        return torch.where(solar, 1 - images, images)

    def one_camera(self, images):
        """Blur and grain over object and ground alike: a seam tells less of what was pasted."""
        count = len(images)
        soft = F.avg_pool2d(F.pad(images, (1, 1, 1, 1), mode="replicate"), 3, 1)
        images = images.lerp(soft, self._uniform(0, 1, count)[:, None, None, None])
        grain = torch.randn(images.shape, generator=self.generator, device=images.device)
        strength = self._uniform(-0.05, 0.05, count).clamp(min=0)  # none on half of them
        return images.add_(grain.mul_(strength[:, None, None, None])).clamp_(0, 1)


def _shrink(images, factor):
    """Return uint8 images reduced by a whole factor (area mean)."""
    if factor == 1:
        return images
    return torch.cat(
        [F.avg_pool2d(part.float(), factor).round().byte() for part in images.split(64)]
    )


def _sample(source, transform, shape, padding):
    """Sample uint8 or float `source` through (B, 2, 3) maps; uint8 becomes 0..1."""
    scale = 255.0 if source.dtype == torch.uint8 else 1.0
    grid = F.affine_grid(transform, shape, align_corners=False)
    return F.grid_sample(source.float() / scale, grid, padding_mode=padding, align_corners=False)
