"""A tensor in, tokens and attention out.

Notation, here and wherever shapes are given:

B   pictures in a batch          N   tokens of a picture: prefix tokens, then patch tokens
D   numbers in a token           d   numbers in one head's query or key, D / heads
gh, gw   rows and columns of the patch grid

*Prefix tokens* stand before the patch tokens: CLS, then registers where a model has any.

Whatever a model's device and precision, under autocast, too, what comes out is float32 on the CPU.
"""

import copy
from typing import NamedTuple

import torch

from bilingual import BadInput

from .images import fitting


class Encoded(NamedTuple):
    """What a ViT makes of B pictures.

    Attributes
    ----------
    tokens : torch.Tensor (B, N, D), float32 on the CPU; patch tokens row by row
    grid : tuple of int (gh, gw)
    num_prefix_tokens : int, how many tokens stand before the patch tokens
    """

    tokens: torch.Tensor
    grid: tuple[int, int]
    num_prefix_tokens: int

    @property
    def cls_token(self):
        """(B, D), the token that stands for the whole picture."""
        return self.tokens[:, 0]

    @property
    def patch_tokens(self):
        """(B, gh * gw, D), one token a patch."""
        return self.tokens[:, self.num_prefix_tokens :]


def encode(model, tensor, block=-1):
    """Encode pictures, as ``model.forward_features`` does.

    Parameters
    ----------
    model : timm model
    tensor : torch.Tensor (B, 3, H, W), H and W multiples of the patch
    block : int, after which block; -1 is the last
        Earlier tokens get the model's last norm, too: ``forward_intermediates(norm=True)``.

    Returns
    -------
    Encoded

    Raises
    ------
    BadInput : no such tensor, or NaN or infinity in it; no such block; no ViT
    """
    tensor, (block,) = fitting(model, tensor), blocks_of(model, (block,))
    tokens = _through(model, tensor, block).float().cpu()
    return Encoded(tokens, grid_of(model, tensor), model.num_prefix_tokens)


def attention(model, tensor, block=-1, queries=(0,)):
    """Self-attention of one block; the rest as ``attention_rows``, also what it raises.

    Parameters
    ----------
    block : int, -1 is the last

    Returns
    -------
    torch.Tensor (B, heads, len(queries), N), each row sums to 1
    """
    return attention_rows(model, tensor, (block,), queries)[0]


def attention_rows(model, tensor, blocks=None, queries=(0,)):
    """Self-attention of several blocks, from one forward pass.

    softmax(q kᵀ · scale), Vaswani et al. 2017 (arXiv:1706.03762), section 3.2.1; the same numbers
    as ``timm.utils.AttentionExtract``. Only the asked rows are computed, when timm has just made a
    block's queries and keys: no N × N matrix is stored, and no block after the last asked is run.

    Parameters
    ----------
    model : timm model, a ``VisionTransformer`` or an ``Eva`` (DINOv3)
    tensor : torch.Tensor (B, 3, H, W)
    blocks : sequence of int, optional
        Which blocks, in this order; -1 is the last. All of them if not given.
    queries : sequence of int
        Which tokens ask; 0 is the CLS token. Asking all N needs memory that grows with N².

    Returns
    -------
    torch.Tensor (blocks, B, heads, len(queries), N), each row sums to 1

    Raises
    ------
    BadInput : as ``encode``, or the model's attention is of a kind that is not read here
    IndexError : there is no such token
    """
    asked = [queries] if isinstance(queries, int) else list(queries)
    return torch.stack(
        _read(model, tensor, blocks, lambda q, k: (q[:, :, asked] @ k.mT).softmax(dim=-1).cpu())
    )


def queries_keys(model, tensor, blocks=None):
    """What attention is made of, so that it is ``(q @ k.mT).softmax(-1)``: q is scaled already.

    Takes and raises what ``attention_rows`` does; returns a list of pairs (q, k), one a block, each
    torch.Tensor (B, heads, N, d).
    """
    return _read(model, tensor, blocks, lambda q, k: (q.cpu(), k.contiguous().cpu()))


def twin(module):
    """The module again, of the same weights but with hooks of its own.

    Hooks on the reader's own model would be seen by other threads, and would stay if the cell is
    interrupted. A twin is thrown away with them; its parameters and buffers are the same tensors.
    """
    again = copy.copy(module)
    for name, value in list(vars(again).items()):
        if isinstance(value, dict):  # of hooks, parameters, buffers and parts
            vars(again)[name] = value.copy()
    for name, part in again._modules.items():
        again._modules[name] = None if part is None else twin(part)
    return again


def grid_of(model, tensor):
    """The patch grid that a model lays over pictures, as timm's ``dynamic_feat_size`` counts it.

    Parameters
    ----------
    model : timm model
    tensor : torch.Tensor (..., H, W), in pixels

    Returns
    -------
    tuple of int (gh, gw)
    """
    return model.patch_embed.dynamic_feat_size(tensor.shape[-2:])


def one_photo(tensor):
    """The tensor, if it holds a single picture: ``BadInput`` rather than the first of several."""
    if getattr(tensor, "ndim", 0) == 4 and len(tensor) > 1:
        raise BadInput(
            f"사진을 한 장만 받습니다: {len(tensor)}장. 한 장씩 넣으세요(예: tensor[:1]).",
            f"One picture at a time, not {len(tensor)}: for example tensor[:1].",
        )
    return tensor


def blocks_of(model, blocks):
    """Blocks (int or several) as list of int, counted from the first; else ``BadInput``."""
    count, blocks = len(model.blocks), [blocks] if isinstance(blocks, int) else blocks
    try:
        return [range(count)[block] for block in blocks]
    except (IndexError, TypeError):
        raise BadInput(
            f"블록 번호는 0~{count - 1}, 또는 뒤에서부터 -1~-{count}입니다: {blocks!r}",
            f"Blocks are 0 to {count - 1}, or from the end -1 to -{count}: {blocks!r}",
        ) from None


def _through(model, tensor, block):
    """Tokens (B, N, D) after a block, with the model's last norm; no later block is computed."""
    how = dict(norm=True, stop_early=True, output_fmt="NLC", intermediates_only=True)
    with torch.no_grad():
        (found,) = model.forward_intermediates(tensor, [block], return_prefix_tokens=True, **how)
    # A pair, patch tokens first, but for a model without prefix tokens.
    return torch.cat(found[::-1], dim=1) if isinstance(found, tuple) else found


def _read(model, tensor, blocks, take):
    """List of ``take(q · scale, k)`` of the asked blocks, in float32, amid one forward pass."""
    tensor, count = fitting(model, tensor), len(model.blocks)
    wanted = blocks_of(model, range(count) if blocks is None else blocks)
    taken, model = {}, twin(model)

    def watch(index, attn):
        caught = {}

        def take_it(module, args, k):
            q, k = (_rotated(x, caught["rope"], attn).float() for x in (caught.pop("q"), k))
            with torch.autocast(q.device.type, enabled=False):
                taken[index] = take(q * attn.scale, k)

        # q_norm and k_norm are Identity where a model has no such norm, but always called, q first.
        attn.register_forward_pre_hook(
            lambda module, args, kwargs: caught.update(rope=kwargs.get("rope")), with_kwargs=True
        )
        attn.q_norm.register_forward_hook(lambda module, args, q: caught.update(q=q))
        attn.k_norm.register_forward_hook(take_it)

    for index in set(wanted):
        attn = getattr(model.blocks[index], "attn", None)
        if not hasattr(attn, "q_norm"):
            kind = type(model.blocks[index]).__name__
            raise BadInput(
                f"이 모델의 셀프 어텐션은 읽을 수 없습니다: {kind}",
                f"The self-attention of this model cannot be read: {kind}",
            )
        watch(index, attn)
    _through(model, tensor, max(wanted))
    return [taken[index] for index in wanted]


def _rotated(x, rope, attn):
    """Queries or keys (B, heads, N, d) with DINOv3's rotary position put in, as EvaAttention does.

    Prefix tokens have no place in the picture, so they are not rotated.
    """
    if rope is None:
        return x
    from timm.layers import apply_rot_embed_cat  # here, so that figures do without timm

    prefix, patches = x.split([attn.num_prefix_tokens, x.shape[2] - attn.num_prefix_tokens], dim=2)
    return torch.cat([prefix, apply_rot_embed_cat(patches, rope, half=attn.rotate_half)], dim=2)
