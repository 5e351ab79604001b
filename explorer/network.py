"""A model as the engine in the page takes it (``engine/``): weights, sizes, compiled kernels."""

import hashlib
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save
from timm.data import resolve_model_data_config
from timm.layers import Mlp
from timm.models.vision_transformer import Block, VisionTransformer
from torch import nn

from .bundle import bundle
from .data import png
from .interventions import forward

ENGINE = Path(__file__).with_name("engine")
LIMIT = 7_000_000  # bytes of weights that a page takes; it is sent, and kept in memory, once


def in_page(model):
    """What the page must know of a network that it can compute itself.

    ``key``, which tells networks apart, and ``config``, as of timm's config.json. Empty where the
    network is none of timm's plain kind, or larger than ``LIMIT``: then the kernel computes.
    """
    if not _plain(model) or sum(2 * p.numel() for p in model.parameters()) > LIMIT:
        return {}
    settings = resolve_model_data_config(model)
    config = {
        "model_args": {"num_heads": model.blocks[0].attn.num_heads},
        "eps": model.norm.eps,
        "pretrained_cfg": {
            "input_size": list(settings["input_size"]),
            **{name: settings[name] for name in ("crop_pct", "interpolation", "mean", "std")},
        },
    }
    return {"key": hashlib.sha256(weights(model)).hexdigest()[:16], "config": config}


def weights(model):
    """The model's own parameters, changed or not, as bytes of a safetensors file.

    In half precision where that changes no number, as for weights that came so.
    """
    state = {name: t.detach().cpu().float() for name, t in model.state_dict().items()}
    halves = {name: t.half() for name, t in state.items()}
    exact = all(torch.equal(halves[name].float(), t) for name, t in state.items())
    return save({n: t.contiguous() for n, t in (halves if exact else state).items()})


def engine_files():
    """{"relaxed", "simd": bytes, "worker": str}, what computes in the page."""
    files = {name: (ENGINE / f"{name}.wasm").read_bytes() for name in ("relaxed", "simd")}
    return {**files, "worker": bundle(ENGINE / "worker.js")}


def levels(model, tensor):
    """PNG bytes of the picture that became a tensor (1, 3, H, W): the very levels that it holds."""
    settings = resolve_model_data_config(model)
    mean, std = (torch.tensor(settings[name])[:, None, None] for name in ("mean", "std"))
    pixels = ((tensor[0].cpu().float() * std + mean) * 255).round().clamp(0, 255)
    return png(Image.fromarray(pixels.permute(1, 2, 0).numpy().astype(np.uint8)))


def tokens(model, tensor, budget=2_600_000):
    """Tokens, queries and keys of one picture after every block, in half precision.

    From these a page works out every map: ``grid``, ``prefix``, ``heads``, ``n``, and ``blocks``, a
    list of {"tokens" (n, D), "q" (with the scale), "k" (heads, n, d): bytes of float16}. Empty if
    they are more bytes than `budget`.
    """
    if not _plain(model):
        return {}
    grid = model.patch_embed.dynamic_feat_size(tensor.shape[-2:])
    n = grid[0] * grid[1] + model.num_prefix_tokens
    if n * model.embed_dim * 3 * 2 * len(model.blocks) > budget:
        return {}
    half = lambda t: t[0].cpu().half().contiguous().numpy().tobytes()  # noqa: E731
    blocks = [{k: half(v) for k, v in b._asdict().items()} for b in forward(model, tensor)]
    heads = model.blocks[0].attn.num_heads
    known = {"grid": list(grid), "n": n, "prefix": model.num_prefix_tokens, "heads": heads}
    return {**known, "blocks": blocks}


def _plain(model):
    """Whether ``engine/forward.js`` does what the model does; its worker looks at the tensors."""
    if type(model) is not VisionTransformer or model.pos_embed is None or model.cls_token is None:
        return False
    own = (model.norm_pre, model.patch_drop, model.fc_norm, model.patch_embed.norm)
    return (
        all(isinstance(part, nn.Identity) for part in own)
        and isinstance(model.norm, nn.LayerNorm)
        and all(
            type(block) is Block
            and type(block.mlp) is Mlp
            and isinstance(block.mlp.act, nn.GELU)
            and block.mlp.act.approximate == "none"
            and isinstance(block.norm1, nn.LayerNorm)
            and block.norm1.eps == model.norm.eps
            and isinstance(block.attn.q_norm, nn.Identity)
            for block in model.blocks
        )
    )
