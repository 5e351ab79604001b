"""Small grids of patches for tests: a mask drawn with signs, and an object on a 4 × 6 grid."""

import torch

GRID = (4, 6)


def mask(*rows):
    return torch.tensor([[c == "#" for c in row] for row in rows])


OBJECT = mask("......", "...##.", "...##.", "#.....")  # one object, and one like patch far off
ANSWER = mask("......", "...##.", "...##.", "......")
