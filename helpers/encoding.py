"""A tensor in, tokens (and attention) out."""

import contextlib
from typing import NamedTuple

import torch
from timm.layers import apply_rot_embed_cat

from .twins import twin


class Encoded(NamedTuple):
    """What a ViT makes of a batch of B pictures: N tokens of D numbers each.

    Attributes
    ----------
    tokens : torch.Tensor
        (B, N, D): first the prefix tokens (CLS, then registers if the model has any), then the
        gh × gw patch tokens, row by row.
    grid : tuple of int
        (gh, gw), rows and columns of patches.
    num_prefix_tokens : int
        How many tokens stand before the patch tokens.
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
    """Encode a batch of pictures, as ``model.forward_features`` does.

    Parameters
    ----------
    model : timm model
    tensor : torch.Tensor
        (B, 3, H, W). H and W may be any size if the model was built with ``dynamic_img_size`` and
        ``dynamic_img_pad``, as ``models.load_model`` does.
    block : int
        After which block; -1 is the last. Earlier tokens get the model's last norm, too, as in
        timm's ``forward_intermediates(norm=True)``.

    Returns
    -------
    Encoded
    """
    _check_picture(tensor)
    last = len(model.blocks) - 1
    if block != -1:
        block = range(last + 1)[block]
    with torch.no_grad():
        if block in (-1, last):
            tokens = model.forward_features(tensor)
        else:
            ((patches, prefix),) = model.forward_intermediates(
                tensor,
                indices=[block],
                return_prefix_tokens=True,
                norm=True,
                stop_early=True,
                output_fmt="NLC",
                intermediates_only=True,
            )
            tokens = torch.cat([prefix, patches], dim=1)
    grid = model.patch_embed.dynamic_feat_size(tensor.shape[-2:])
    return Encoded(tokens, grid, model.num_prefix_tokens)


def attention(model, tensor, block=-1, queries=(0,)):
    """Self-attention of one block: how much each asked token looks at every token.

    As ``attention_rows``, for a single block: (B, heads, len(queries), N).
    """
    return attention_rows(model, tensor, (block,), queries)[0]


def attention_rows(model, tensor, blocks=None, queries=(0,)):
    """Self-attention of several blocks, from one forward pass.

    softmax(q kᵀ · scale), "Attention Is All You Need" §3.2.1. Only the asked rows are computed, in
    the moment when timm has just made a block's queries and keys; nothing else is kept, no N × N
    matrix is stored and fused attention stays on. What comes after the last asked block is not
    computed at all. The same numbers as ``timm.utils.AttentionExtract``.

    Parameters
    ----------
    model : timm model
        A ``VisionTransformer`` or an ``Eva`` (DINOv3).
    tensor : torch.Tensor
        (B, 3, H, W).
    blocks : sequence of int, optional
        Which blocks, in this order; -1 is the last. All of them if not given.
    queries : sequence of int
        Which tokens ask; 0 is the CLS token. Asking all N needs memory that grows with N².

    Returns
    -------
    torch.Tensor
        (blocks, B, heads, len(queries), N), each row sums to 1.
    """
    asked = list(queries)

    def rows(q, k):
        return (q[:, :, asked] @ k.mT).softmax(dim=-1)

    return torch.stack(_read(model, tensor, blocks, rows))


def queries_keys(model, tensor, blocks=None):
    """What attention is made of: a list of (q, k), each (B, heads, N, d), a pair a block.

    For the parameters see ``attention_rows``. q has been multiplied by the scale already, so
    ``(q @ k.mT).softmax(-1)`` is the block's attention.
    """
    return _read(model, tensor, blocks, lambda q, k: (q, k.contiguous()))


class _Enough(Exception):
    """Ends a forward pass when all that was asked for has been read."""


def _read(model, tensor, blocks, take):
    """List of ``take(q · scale, k)`` of the asked blocks, called amid one forward pass."""
    _check_picture(tensor)
    count = len(model.blocks)
    wanted = [range(count)[block] for block in (range(count) if blocks is None else blocks)]
    taken, model = {}, twin(model)

    def watch(index, attn):
        caught = {}

        def take_it(module, args, k):
            q, k = (_rotated(x, caught["rope"], attn) for x in (caught.pop("q"), k))
            taken[index] = take(q * attn.scale, k)
            if index == max(wanted):
                raise _Enough

        # q_norm and k_norm are Identity where a model has no such norm, but always called, q first.
        attn.register_forward_pre_hook(
            lambda module, args, kwargs: caught.update(rope=kwargs.get("rope")), with_kwargs=True
        )
        attn.q_norm.register_forward_hook(lambda module, args, q: caught.update(q=q))
        attn.k_norm.register_forward_hook(take_it)

    for index in set(wanted):
        watch(index, _attention_of(model.blocks[index]))
    with torch.no_grad(), contextlib.suppress(_Enough):
        model.forward_features(tensor)
    return [taken[index] for index in wanted]


def _attention_of(block):
    attn = getattr(block, "attn", None)
    if not hasattr(attn, "q_norm"):
        raise ValueError(
            f"이 모델의 셀프 어텐션은 읽을 수 없습니다: {type(block).__name__}\n"
            f"The self-attention of this model cannot be read: {type(block).__name__}"
        )
    return attn


def _rotated(x, rope, attn):
    """Queries or keys (B, heads, N, d) with DINOv3's rotary position put in, as EvaAttention does.

    Prefix tokens have no place in the picture, so they are not rotated.
    """
    if rope is None:
        return x
    prefix, patches = x.split([attn.num_prefix_tokens, x.shape[2] - attn.num_prefix_tokens], dim=2)
    patches = apply_rot_embed_cat(patches, rope, half=attn.rotate_half)
    return torch.cat([prefix, patches], dim=2)


def _check_picture(tensor):
    if tensor.ndim != 4:
        raise ValueError(
            f"텐서 모양은 (B, 3, H, W)여야 합니다: {tuple(tensor.shape)}. "
            f"사진 한 장이면 unsqueeze(0)을 쓰세요.\n"
            f"The tensor must be (B, 3, H, W): {tuple(tensor.shape)}. "
            f"For a single picture use unsqueeze(0)."
        )
