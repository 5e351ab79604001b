"""What if? A plain timm ViT with a part of it switched off or a part of its picture changed.

The same changes, and the same numbers, as ``engine/forward.js`` gives in the browser.
"""

import copy
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from helpers.encoding import fitting, grid_of, twin
from helpers.weights import Weights


@dataclass(frozen=True)
class WhatIf:
    """What is changed; nothing by default."""

    heads_off: Sequence[tuple[int, int]] = ()  # (block, head): zeros go into ``attn.proj``
    blocks_off: Sequence[int] = ()  # passed by: tokens leave them as they came
    order: Sequence[int] | None = None  # patch order[i] lies in place i, and gets its position
    masked: Sequence[int] = ()  # places, after the shuffle, in the mean colour, 0 in the tensor
    removed: Sequence[int] = ()  # places whose tokens are taken away before the first block
    cls: bool = True  # False: there are only patches (and registers, if any)
    position: bool = True  # False: no token is told where it is


class Block(NamedTuple):
    """After one block: tokens (B, n, D) with the network's last norm; q (scaled) and k.

    Both (B, heads, n, d), or None where the block is off.
    """

    tokens: torch.Tensor
    q: torch.Tensor | None
    k: torch.Tensor | None


def forward(model, tensor, what_if=WhatIf()):  # noqa: B008  frozen
    """Encode pictures with something changed.

    Parameters
    ----------
    model : timm ViT of the plain kind, with ``dynamic_img_size``; it is left as it is
    tensor : torch.Tensor (B, 3, H, W), as ``images.to_tensor`` gives
    what_if : WhatIf

    Returns
    -------
    list of Block
        Their tokens are CLS (if any), registers, then the patches that were not removed, in order.

    Raises
    ------
    BadInput
        See ``encoding.fitting``.
    """
    tensor = _changed_picture(model, fitting(model, tensor), what_if)
    model, read, blocks = twin(model), [], []
    prefix, (gh, gw) = model.num_prefix_tokens, grid_of(model, tensor)
    gone = {prefix + place for place in what_if.removed} | {*range(0 if what_if.cls else 1)}
    kept = [token for token in range(prefix + gh * gw) if token not in gone]
    model.patch_drop.register_forward_hook(lambda part, given, x: x[:, kept])
    if not what_if.position:
        model.pos_embed = nn.Parameter(torch.zeros_like(model.pos_embed))

    def note(part, given, x):
        blocks.append(Block(model.norm(x), *(read.pop() if read else (None, None))))

    for index in range(len(model.blocks)):
        if index in what_if.blocks_off:
            model.blocks[index] = nn.Identity()
        else:
            heads = [head for at, head in what_if.heads_off if at == index]
            _watch(model.blocks[index].attn, heads, read)
        model.blocks[index].register_forward_hook(note)
    with torch.no_grad():
        model.forward_features(tensor)
    return blocks


def _watch(attn, heads_off, read):
    """Have an attention layer tell its q (times the scale) and k, and take heads from it."""

    def tell(part, given, qkv):
        q, k, _ = qkv.unflatten(-1, (3, attn.num_heads, -1)).permute(2, 0, 3, 1, 4)
        read.append((q * attn.scale, k))

    def silence(part, given):
        heads = given[0].unflatten(-1, (attn.num_heads, -1)).clone()
        heads[:, :, heads_off] = 0
        return heads.flatten(-2)

    attn.qkv.register_forward_hook(tell)
    attn.proj.register_forward_pre_hook(silence)


def _changed_picture(model, tensor, what_if):
    """The tensor with its patches shuffled and masked."""
    p = model.patch_embed.patch_size
    patches = F.unfold(tensor, p, stride=p)  # (B, 3 · p · p, gh · gw)
    if what_if.order is not None:
        patches = patches[..., list(what_if.order)]
    patches[..., list(what_if.masked)] = 0
    return F.fold(patches, tensor.shape[-2:], p, stride=p)


def untrained(model):
    """A copy of a model before it learnt anything, with the numbers that the page takes.

    As timm begins a ViT: layers and position embedding normal with deviation 0.02, the patch
    embedding uniform, norms 1, biases 0. Each number comes from its place among the parameters
    (``engine/untrained.js``), not from torch's generator.

    Parameters
    ----------
    model : timm ViT of the plain kind, trained or not

    Returns
    -------
    timm model, whose caption says that it is untrained
    """
    model, at = copy.deepcopy(model), 0
    with torch.no_grad():
        for name, parameter in sorted(model.state_dict().items()):
            count = parameter.numel()
            places = np.arange(at, at + count, dtype=np.uint32)
            if re.search(r"norm\d?\.weight$|gamma$", name):
                numbers = np.ones(count)
            elif name == "patch_embed.proj.weight":
                numbers = (2 * _uniform(2 * places) - 1) / np.sqrt(count / len(parameter))
            elif name.endswith("bias"):
                numbers = np.zeros(count)
            else:
                angle = 2 * np.pi * _uniform(2 * places + 1)
                normal = np.sqrt(-2 * np.log(_uniform(2 * places))) * np.cos(angle)
                numbers = (1e-6 if name in ("cls_token", "reg_token") else 0.02) * normal
            parameter.copy_(torch.tensor(numbers, dtype=torch.float32).reshape(parameter.shape))
            at += count
    name = getattr(getattr(model, "weights", None), "name", type(model).__name__)
    model.weights = Weights(name, "untrained", False)
    return model


def _uniform(x):
    """A number in 0..1 of each whole one (uint32): its bits well mixed (Wellons' lowbias32)."""
    x = (x ^ (x >> 16)) * np.uint32(0x7FEB352D)
    x = (x ^ (x >> 15)) * np.uint32(0x846CA68B)
    return ((x ^ (x >> 16)) + 0.5) / 2**32
