"""A small picture for tests of photo files, and what is said of a broken one."""

import io

import numpy as np
import pytest
from PIL import Image

from helpers.images import load_photo
from sources.kinds import PhotoError


def scene():
    """64 × 48, colourful down to the last row, with some noise so that no file of it is tiny."""
    y, x = np.mgrid[0:48, 0:64]
    colour = np.stack([x * 3 + 20, 230 - y * 3, 60 + (x + y)], axis=-1)
    noise = np.random.default_rng(0).integers(-12, 12, colour.shape)
    return Image.fromarray((colour + noise).clip(0, 255).astype(np.uint8))


SCENE = scene()


def saved(picture, kind, **options):
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def far(a, b):
    """The mean difference of two pictures, 0 to 255; far if their sizes differ."""
    if a.size != b.size:
        return 255
    return float(np.abs(np.asarray(a, dtype=int) - np.asarray(b, dtype=int)).mean())


def refusal(data, name="내 사진.jpg"):
    """The error that an upload gets, which names the file in both languages."""
    with pytest.raises(PhotoError) as caught:
        load_photo(({"name": name, "content": memoryview(data)},))
    assert name in caught.value.ko and name in caught.value.en
    return caught.value
