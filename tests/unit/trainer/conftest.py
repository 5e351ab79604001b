"""A small pool for the tests of the trainer."""

import pytest
import torch


@pytest.fixture(scope="module")
def pool():
    """A pool as `training.collect` writes it, of plain discs on noise."""
    generator = torch.Generator().manual_seed(0)
    y, x = torch.meshgrid(torch.linspace(-1, 1, 128), torch.linspace(-1, 1, 128), indexing="ij")
    disc = ((x**2 + y**2) < 0.8).to(torch.uint8) * 255
    colour = torch.randint(0, 256, (8, 3, 1, 1), generator=generator, dtype=torch.uint8)
    cutouts = torch.cat([colour.expand(8, 3, 128, 128), disc.expand(8, 1, 128, 128)], 1)
    grounds = torch.randint(0, 256, (8, 3, 256, 256), generator=generator, dtype=torch.uint8)
    held = torch.arange(8) % 4 == 0
    drawn = torch.arange(8) == 7
    return {
        "cutouts": cutouts,
        "grounds": grounds,
        "cutout_held": held,
        "cutout_drawn": drawn,
        "ground_held": held,
    }
