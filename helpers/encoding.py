"""A tensor in, tokens (and attention) out."""

from typing import NamedTuple

import torch
from timm.layers import apply_rot_embed_cat


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

    softmax(q kᵀ · scale), "Attention Is All You Need" §3.2.1. Queries and keys are caught where
    timm itself has just made them, in one ordinary forward pass; only the asked rows are then
    computed, so the N × N matrix is never stored and fused attention stays on. The same numbers as
    ``timm.utils.AttentionExtract``.

    Parameters
    ----------
    model : timm model
        A ``VisionTransformer`` or an ``Eva`` (DINOv3).
    tensor : torch.Tensor
        (B, 3, H, W).
    block : int
        Which block; -1 is the last.
    queries : sequence of int
        Which tokens ask; 0 is the CLS token.

    Returns
    -------
    torch.Tensor
        (B, heads, len(queries), N), each row sums to 1.
    """
    _check_picture(tensor)
    attn = getattr(model.blocks[block], "attn", None)
    if not hasattr(attn, "q_norm"):
        raise ValueError(
            f"이 모델의 셀프 어텐션은 읽을 수 없습니다: {type(model.blocks[block]).__name__}\n"
            f"The self-attention of this model cannot be read: {type(model.blocks[block]).__name__}"
        )
    caught = {}
    hooks = [
        attn.register_forward_pre_hook(
            lambda module, args, kwargs: caught.update(rope=kwargs.get("rope")), with_kwargs=True
        ),
        # q_norm and k_norm are Identity where a model has no such norm, but always called.
        attn.q_norm.register_forward_hook(lambda module, args, output: caught.update(q=output)),
        attn.k_norm.register_forward_hook(lambda module, args, output: caught.update(k=output)),
    ]
    try:
        with torch.no_grad():
            model.forward_features(tensor)
    finally:
        for hook in hooks:
            hook.remove()
    q, k = (_rotated(caught[name], caught["rope"], attn) for name in ("q", "k"))
    return (q[:, :, list(queries)] * attn.scale @ k.transpose(-2, -1)).softmax(dim=-1)


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
