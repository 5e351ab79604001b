"""Bundled photos cut out by their masks and laid over other photos: pictures whose answer is known.

Nothing is stored. A cut-out has the photo's own edge and light, so these are easier than true
photographs, and they are **what the embedded DINO learnt from** (with other cut-outs and photos).
"""

import functools
import math

import numpy as np
import torch
from PIL import Image
from sklearn.datasets import load_digits

from helpers.images import load_photo, sample_photos
from topics.masks import load_masks

THINGS = "ball bat cat crab harrier heron kingfisher koala macaque toucan".split()  # one in each


@functools.cache
def cut_out(name):
    """The first object of a bundled photo, as RGBA with nothing around it."""
    mask = Image.fromarray(load_masks(name)[0].astype(np.uint8) * 255)
    photo = load_photo(f"{name}.jpg").copy()
    photo.putalpha(mask)
    return photo.crop(mask.getbbox())


def lay(name, background, centre, longest, turn=0.0, mirror=False):
    """Lay the first object of a bundled photo over a picture.

    Parameters
    ----------
    name : str, a bundled photo's that masks were drawn for, without ".jpg"
    background : PIL.Image.Image, or anything that ``images.load_photo`` reads
    centre : tuple of float (x, y) in shares of the background's width and height
    longest : float, the object's longer side as a share of the background's height
    turn : float, degrees, to the left
    mirror : bool, left and right exchanged, before it is turned

    Returns
    -------
    picture : PIL.Image.Image, RGB, of the background's size
    mask : numpy.ndarray, bool (H, W), where the object is

    Raises
    ------
    PhotoError
        No such photo, or none with masks.
    """
    background = load_photo(background, max_side=None)
    cut, (width, height) = cut_out(name), background.size
    cut = cut.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if mirror else cut
    scale = longest * height / max(cut.size)
    small = cut.resize([max(1, round(s * scale)) for s in cut.size], Image.Resampling.LANCZOS)
    small = small.rotate(turn, Image.Resampling.BICUBIC, expand=True)
    layer = Image.new("RGBA", background.size)
    corner = (centre[0] * width - small.width / 2, centre[1] * height - small.height / 2)
    layer.paste(small, [round(c) for c in corner])
    picture = Image.alpha_composite(background.convert("RGBA"), layer).convert("RGB")
    return picture, np.asarray(layer)[..., 3] > 127


def clip(name, background, frames=12, height=180):
    """A film in which one bundled photo's object crosses another one, turns and grows.

    The camera moves, too.

    Parameters
    ----------
    name, background : str, bundled photos, without ".jpg"; the first has masks, else PhotoError
    frames : int, how many pictures
    height : int, pixels; the width is 3/2 of it

    Yields
    ------
    picture, mask : see ``lay``
    """
    width = height * 3 // 2
    wide = load_photo(f"{background}.jpg")
    scale = 1.25 * max(width / wide.width, height / wide.height)
    wide = wide.resize([math.ceil(side * scale) for side in wide.size], Image.Resampling.LANCZOS)
    for frame in range(frames):
        now = frame / max(frames - 1, 1)
        swing = math.sin(2 * math.pi * now)
        left, top = round(now * (wide.width - width)), round(now * (wide.height - height))
        behind = wide.crop((left, top, left + width, top + height))
        place = 0.28 + 0.44 * now, 0.5 - 0.14 * swing
        yield lay(name, behind, place, 0.45 + 0.25 * now, 25 * swing)


def class_pictures(each=10, size=112):
    """Pictures of the ten `THINGS`, each on a part of one of the other bundled photos.

    Place, size, angle and background are drawn at random, the same in every run.

    Parameters
    ----------
    each : int, pictures of each thing
    size : int, pixels, height and width

    Returns
    -------
    pictures : list of PIL.Image.Image
    labels : torch.Tensor, int64, the place in ``THINGS`` of what each shows
    """
    rng = np.random.default_rng(0)
    behind = [load_photo(path) for path in sample_photos() if path.stem not in THINGS]
    labels, pictures = torch.arange(len(THINGS)).repeat_interleave(each), []
    for label in labels:
        photo = behind[rng.integers(len(behind))]
        side = min(photo.size) * rng.uniform(0.5, 1)
        left, top = (rng.uniform(0, length - side) for length in photo.size)
        background = photo.resize((size, size), box=(left, top, left + side, top + side))
        centre, turn = rng.uniform(0.35, 0.65, 2), rng.uniform(-25, 25)
        longest, mirror = rng.uniform(0.5, 0.9), rng.random() < 0.5
        pictures.append(lay(THINGS[label], background, centre, longest, turn, mirror)[0])
    return pictures, labels


def digit_pictures(each=10):
    """scikit-learn's handwritten digits (``sklearn.datasets.load_digits``), 8 × 8 pixels.

    Parameters
    ----------
    each : int, how many of each digit, the first in the set

    Returns
    -------
    pictures : list of PIL.Image.Image
    labels : torch.Tensor, int64, 0 to 9
    """
    digits = load_digits()
    chosen = np.concatenate([np.flatnonzero(digits.target == n)[:each] for n in range(10)])
    labels = torch.as_tensor(digits.target[chosen])
    return [load_photo(digits.images[i] / 16) for i in chosen], labels
