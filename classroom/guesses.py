"""What a class guessed, question by question, beside what it was."""

import numpy as np


def digits(values):
    """Numbers in 0..1 as a hexadecimal digit each; see ``answers``."""
    return "".join(f"{round(float(v) * 15):x}" for v in np.asarray(values).flat)


def overlap(picked, values):
    """Share of the picked patches that are among the largest, of which as many are taken.

    Parameters
    ----------
    picked : sequence of int
    values : numpy.ndarray
        Of any shape, a number a patch. Where several are equal and not all of them have room among
        the largest, as in a mask, each counts in part.

    Returns
    -------
    float
        0..1; of patches picked at random it is about their share of all.
    """
    values, k = np.ravel(values), len(picked)
    line = np.sort(values)[-k]
    above, level = values > line, values == line
    return float((above + level * (k - above.sum()) / level.sum())[list(picked)].mean())
