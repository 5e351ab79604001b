"""Which weights a model holds, and the one line that says so under every figure."""

import re
from dataclasses import dataclass
from pathlib import Path

from bilingual import plain, say


@dataclass(frozen=True)
class Weights:
    """Which weights a model holds; ``str()`` of it is a one-line caption.

    Attributes
    ----------
    name : str, timm's name, "embedded", or the file that they came from
    source : {"hub", "cache", "embedded", "file", "untrained"}
        Downloaded, found here, part of this package, the reader's own, or random numbers.
    trained : bool
    """

    name: str
    source: str
    trained: bool

    def __str__(self):
        if self.source == "untrained":
            return f"{self.name}: {say('학습 안 됨', 'UNTRAINED (random weights)', ' · ')}"
        if self.source == "embedded":
            trained_on = "합성한 그림으로 학습한 내장 DINO", "embedded DINO, trained on composites"
            return f"{say(*trained_on, ' · ')} (112 px, patch 8)"
        if self.source == "file":
            return f"{plain(Path(*Path(self.name).parts[-2:]), 60)} (file)"
        return f"{_short(self.name)}{self.name} ({self.source})"


def caption(model):
    """One line that says which weights a model holds; also true of a model built by hand.

    Parameters
    ----------
    model : timm model, or str, which is the line itself

    Returns
    -------
    str, such as "DINO ViT-S/16 · vit_small_patch16_224.dino (hub)"
    """
    weights = getattr(model, "weights", None)
    if isinstance(model, str) or isinstance(weights, Weights):
        return str(weights or model)
    architecture = getattr(model, "pretrained_cfg", {}).get("architecture", type(model).__name__)
    return f"{say('가중치 알 수 없음', 'weights unknown', ' · ')}: {architecture}"


def made_by(model):
    """The line below a figure; instead of a model, its caption may be given."""
    return f"{say('가중치', 'weights')}: {caption(model)}"


def _short(name):
    """Of vit_base_patch16_224.dino "DINO ViT-B/16 · "; nothing of names of another pattern."""
    found = re.match(r"vit_(tiny|small|base|large|huge|giant)\w*?_patch(\d+)", name)
    family = re.search(r"\bdino$|dinov\d", name)
    if not found:
        return ""
    letter = "Ti" if found[1] == "tiny" else found[1][0].upper()
    return f"{family[0].replace('dino', 'DINO') + ' ' if family else ''}ViT-{letter}/{found[2]} · "
