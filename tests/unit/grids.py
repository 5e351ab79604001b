"""Small grids of patches for tests: a mask drawn with signs, and an object on a 4 × 6 grid."""

import torch


def mask(*rows):
    return torch.tensor([[c == "#" for c in row] for row in rows])


OBJECT = mask("......", "...##.", "...##.", "#.....")  # one object, and one like patch far off
ANSWER = mask("......", "...##.", "...##.", "......")
