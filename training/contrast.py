"""Terms beside DINO's own loss, for a training that is a thousand times shorter than the paper's.

DINO's loss alone tells little of which picture a crop is from while the teacher still changes its
mind; these say it outright. No labels: a picture, or a patch, is only told from the others.
"""

import math

import torch
import torch.nn.functional as F


def contrast(students, teachers, temperature=0.15):
    """Tell one's own picture from the others of the batch (InfoNCE, as in MoCo v3).

    Parameters
    ----------
    students, teachers : list of (B, dim)
        Places of the crops, of unit length; the global crops first, in the teachers' order.

    Returns
    -------
    scalar tensor
        Mean of −log softmax(student · teacher / temperature) at one's own picture.
    """
    own = torch.arange(len(teachers[0]), device=teachers[0].device)
    terms = [
        F.cross_entropy(student @ teacher.T / temperature, own)
        for i, teacher in enumerate(teachers)
        for j, student in enumerate(students)
        if i != j
    ]
    return torch.stack(terms).mean()


def patch_contrast(queries, kept, keys, move, temperature=0.1):
    """Find each patch of one view again in another view of the same picture (after DenseCL).

    Parameters
    ----------
    queries : (B, n, dim)
        The student's patch tokens of one view.
    kept : (B, n) int
        Their places on that view's square grid, row by row.
    keys : (B, g * g, dim)
        The teacher's patch tokens of the other view, of a grid of the same side.
    move : (B, 2, 3)
        Affine map from the first view's [-1, 1]² into the second's.

    Returns
    -------
    scalar tensor
        Mean over the patches that both views show of −log softmax(cosine / temperature) at the
        right place, against all keys more than one patch away from it.
    """
    side = math.isqrt(keys.shape[1])
    steps = (torch.arange(side, device=keys.device) + 0.5) * 2 / side - 1
    centres = torch.cartesian_prod(steps, steps).flip(-1)  # (g², 2) as (x, y)
    there = torch.einsum("bij,bnj->bni", move[:, :, :2], centres[kept]) + move[:, None, :, 2]
    both = there.abs().amax(-1) < 1 - 0.99 / side  # the rim itself, but for rounding, counts
    keys = F.normalize(keys, dim=-1)
    field = keys.transpose(1, 2).unflatten(-1, (side, side))
    right = F.grid_sample(field, there[:, :, None], padding_mode="border", align_corners=False)
    right = F.normalize(right[..., 0].transpose(1, 2), dim=-1)
    queries = F.normalize(queries, dim=-1)
    far = (there[:, :, None] - centres).abs().amax(-1) > 2 / side
    wrong = (queries @ keys.mT / temperature).masked_fill(~far, -math.inf)
    good = (queries * right).sum(-1, keepdim=True) / temperature
    loss = torch.cat([good, wrong], -1).logsumexp(-1) - good[..., 0]
    return (loss * both).sum() / both.sum().clamp(min=1)
