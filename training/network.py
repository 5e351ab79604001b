"""What is trained: the embedded DINO's backbone with two heads, and its attention read along.

DINO's head answers for the CLS token, another for the **plain mean of the patch tokens** as they
leave the last norm. In a plain mean a long token speaks louder than a short one, so the second head
pays for long tokens on what tells pictures apart: that is what the token-norm map shows.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import nn

from training import dino


class Seen(NamedTuple):
    """What the network says of one crop of B pictures."""

    scores: torch.Tensor  # (B, K) of the CLS head
    cls: torch.Tensor  # (B, dim) the CLS token itself
    mean: torch.Tensor  # (B, 128) of the mean's head, of unit length
    tokens: torch.Tensor  # (B, kept, dim) patch tokens
    kept: torch.Tensor  # (B, kept) their places on the grid
    rows: torch.Tensor  # (B, heads, kept) last block's CLS attention over them


class Watched(nn.Dropout):
    """Dropout of an attention matrix that remembers the CLS token's row, before anything drops."""

    rows = None

    def forward(self, weights):
        self.rows = weights[:, :, 0, 1:]
        return super().forward(weights)


class Network(nn.Module):
    """Backbone, CLS head and mean head; called with a list of crops, each (B, 3, S, S).

    Returns a list of `Seen` in the order of the crops. Crops of one size go through together.

    Parameters
    ----------
    backbone : timm VisionTransformer
    answers : int
        K of DINO's head.
    hide : float
        Share of the patches that the student doesn't see in its largest crops (Assran et al. 2022,
        arXiv:2204.07141).
    fused : bool
        Fused attention where no attention is read. Its backward is slow on CPUs.
    half : bool
        The backbone computes in bfloat16. Heads, losses and the geometry of views never do.
    """

    def __init__(self, backbone, answers=1024, hide=0.0, fused=False, half=False):
        super().__init__()
        self.backbone, self.hide, self.half = backbone, hide, half
        self.head = dino.Head(out=answers)
        # No batch norm: it would blow up a small difference between means, and then no token would
        # have to be long for it.
        width = backbone.embed_dim
        self.mean_head = nn.Sequential(nn.Linear(width, 256), nn.GELU(), nn.Linear(256, 128))
        backbone.patch_drop = dino.Hide()
        for block in backbone.blocks:
            block.attn.fused_attn = fused
        last = backbone.blocks[-1].attn
        last.fused_attn, last.attn_drop = False, Watched(0.0)

    def tokens(self, crops, hide=0.0):
        """Return tokens (B, 1 + kept, dim), the kept places and the CLS row of one size of crop."""
        self.backbone.patch_drop.share = hide
        with torch.autocast(crops.device.type, torch.bfloat16, self.half):
            tokens = self.backbone.forward_features(crops).float()
        rows = self.backbone.blocks[-1].attn.attn_drop.rows.float()
        return tokens, self.backbone.patch_drop.kept, rows

    def forward(self, crops):
        found = [None] * len(crops)
        sizes = sorted({c.shape[-1] for c in crops}, reverse=True)
        for size in sizes:
            where = [i for i, c in enumerate(crops) if c.shape[-1] == size]
            together = torch.cat([crops[i] for i in where])
            tokens, kept, rows = self.tokens(together, self.hide if size == sizes[0] else 0.0)
            cls, patches = tokens[:, 0], tokens[:, 1:]
            scores, _ = self.head(cls)
            mean = F.normalize(self.mean_head(patches.mean(1)), dim=-1)
            answer = scores, cls, mean, patches, kept, rows
            for i, *parts in zip(where, *(a.chunk(len(where)) for a in answer), strict=True):
                found[i] = Seen(*parts)
        return found


def make_teacher(student):
    """Return a copy of `student` that learns by averaging only, never by gradient, and sees all."""
    teacher = dino.make_teacher(student)
    for block in teacher.backbone.blocks:
        block.attn.attn_drop.p = 0.0
    return teacher
