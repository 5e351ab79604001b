"""One batch of scenes and the crops that are cut from it."""

import math

import torch
import torch.nn.functional as F

from training.scenes import Scenes
from training.shapes import blob, draw_pool
from training.terms import grid_centres

CUTOUT_SIDE = 128
MEAN, STD = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])


def normalise(images):
    """Return images (B, 3, H, W) in 0..1 less ImageNet's mean, in units of its deviation."""
    mean, std = (part.to(images.device)[:, None, None] for part in (MEAN, STD))
    return (images - mean) / std


class Batch:
    """Scenes of a batch: what stands in them, and on which grounds their crops are drawn.

    Attributes
    ----------
    swapped : (B,) bool
        Where every crop stands on a ground of its own, so that only the objects are the same.
    """

    def __init__(self, scenes, options):
        self.scenes, self.options, self.count = scenes, options, options.batch
        few = options.few_grounds
        self.among = scenes.few_grounds(few) if few else None
        look = {"dressed": options.dressed, "recoloured": 0.5, "among": self.among}
        self.objects = [
            scenes.place(self.count, options.scale, **look),
            scenes.place(self.count, options.scale, shown=options.second, **look),
        ]
        self.ground = scenes.grounds_for(self.count, self.among)
        draw = scenes.generator
        chance = torch.rand(self.count, generator=draw, device=draw.device)
        self.swapped = chance < options.swap

    def crop(self, window, size, swap=False):
        """Return what `window` (B, 2, 3) shows, recoloured and normalised: (B, 3, size, size).

        With `swap` all scenes stand on grounds of their own, not `swapped` ones alone.
        """
        other = self.scenes.grounds_for(self.count, self.among)
        here = tuple(
            torch.where((self.swapped | swap).view(-1, *[1] * (a.ndim - 1)), b, a)
            for a, b in zip(self.ground, other, strict=True)
        )
        images, _ = self.scenes.render(here, self.objects, window, size)
        return normalise(self.scenes.one_camera(self.scenes.jitter(images, self.options.jitter)))

    def large_windows(self):
        """Return the windows of the two global crops."""
        o = self.options
        return [self.scenes.windows(self.count, o.global_area, o.turn) for _ in range(2)]

    def small_windows(self, rows, window):
        """Return windows of local crops near where the teacher looks.

        Parameters
        ----------
        rows : (B, heads, g * g)
            The teacher's CLS attention in a global crop; a patch is drawn by the heads' mean.
        window : (B, 2, 3)
            That crop's window.
        """
        o, generator = self.options, self.scenes.generator
        chances = rows.mean(1).to(generator.device)
        windows = []
        for _ in range(o.local_crops):
            patch = torch.multinomial(chances, 1, generator=generator)[:, 0]
            at = grid_centres(math.isqrt(rows.shape[-1]), chances.device)[patch]
            at = (window[:, :, :2] @ at[..., None])[..., 0] + window[:, :, 2]
            windows.append(self.scenes.windows(self.count, o.local_area, o.turn, around=at))
        return windows


def make_scenes(pool, options):
    """Return the training `Scenes` of some options, sources halved where crops are small."""
    if options.drawn:
        drawn = draw_pool(options.drawn, CUTOUT_SIDE, [blob(i) for i in range(options.drawn)])
        pool = pool | {
            "cutouts": torch.cat([pool["cutouts"], drawn["cutouts"]]),
            "cutout_held": F.pad(pool["cutout_held"], (0, options.drawn)),
            "cutout_drawn": F.pad(pool["cutout_drawn"], (0, options.drawn), value=True),
            "grounds": torch.cat([pool["grounds"], drawn["grounds"]]),
            "ground_held": F.pad(pool["ground_held"], (0, options.drawn)),
        }
    shrink = 2 if options.global_size <= 80 else 1
    repeat, turn = options.photographs, options.turn_grounds
    return Scenes(pool, False, options.seed, shrink, options.device, repeat, turn)
