"""Folders of small photos for tests of the photo index, and what is asked of it."""

import numpy as np
from PIL import Image

from helpers import images
from topics import search


def fill(folder, count, seed=0):
    rng = np.random.default_rng(seed)
    folder.mkdir(exist_ok=True, parents=True)
    for i in range(count):
        small = rng.integers(0, 256, (4, 5, 3), dtype=np.uint8)
        Image.fromarray(small).resize((50, 40)).save(folder / f"{i:03}.jpg")
    return sorted(folder.iterdir())


def query(path, model):
    return search.describe(model, images.to_tensor(images.load_photo(path), model)[0])
