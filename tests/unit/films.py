"""A film for tests: pictures, and masks of what moves in them."""

import numpy as np
from PIL import Image


def dots(frames=6):
    """A red block that walks right over noise: pictures (80, 40), and its masks."""
    noise = np.random.default_rng(0).integers(60, 120, (40, 80, 3), dtype=np.uint8)
    for n in range(frames):
        pixels, mask = noise.copy(), np.zeros((40, 80), dtype=bool)
        mask[16:32, 8 * n : 8 * n + 16] = True
        pixels[mask] = 255, 0, 0
        yield Image.fromarray(pixels), mask
