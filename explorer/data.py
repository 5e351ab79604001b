"""What the explorer sends to the browser, packed small; no widgets here."""

import io

import matplotlib
import numpy as np
import torch
from PIL import Image

from helpers.encoding import attention, blocks_of, encode
from helpers.maps import cls_attention, on_grid, token_norm

SIDE = 384  # pixels of the photo's longer side; each canvas is about 300 wide
FULL_SIDE = 1600  # of the picture that a reader saves
BUDGET = 1_100_000  # bytes of tables for hovering, so that a page with all of it is below 2 MB


def shrink(seen, side=SIDE):
    """The photo as the explorer shows it: at most ``side`` pixels long."""
    small = seen.convert("RGB")
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    return small


def png(picture):
    """A picture as PNG bytes: no pixel changes on the way."""
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    return file.getvalue()


def jpeg(picture, quality=75):
    """A picture as JPEG bytes."""
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality, optimize=True)
    return file.getvalue()


def full(seen):
    """JPEG bytes of the photo for a picture to keep; none if it is no larger than what is shown."""
    return jpeg(shrink(seen, FULL_SIDE), 90) if max(seen.size) > SIDE else b""


def colour_table(name):
    """256 × RGB bytes of one of matplotlib's colormaps."""
    return matplotlib.colormaps[name](np.arange(256), bytes=True)[:, :3].tobytes()


def block_data(model, tensor, block, budget=BUDGET):
    """All maps of one picture after one block.

    Token norms and CLS attention always go along. The maps of every single patch are sent as long
    as they fit into the budget (bytes): first similarity, then attention (mean of heads), then its
    heads. Errors are those of ``encoding.attention``.

    Returns
    -------
    dict
        ``norm`` float32 (gh * gw), ``cls`` float32 (1 + heads, gh * gw) whose first row is the mean
        of heads, ``similarity`` and ``query`` tables of ``eight_bits`` or None, and what the
        browser needs to read them. ``left_out`` is (Korean, English) words for what the budget did
        not allow, or empty.
    """
    (block,) = blocks_of(model, (block,))
    encoded = encode(model, tensor, block)
    grid, prefix = encoded.grid, encoded.num_prefix_tokens
    patches = encoded.patch_tokens.shape[1]
    heads = model.blocks[block].attn.num_heads
    similarity = query = None
    left_out = "유사도와 어텐션", "similarity and attention"
    if patches**2 <= budget:
        unit = unit_tokens(encoded)
        similarity = eight_bits(_flat(unit @ unit.mT, grid)[None])
        left_out = "어텐션", "attention"
    queries = [0]
    if 2 * patches**2 <= budget:
        queries += range(prefix, prefix + patches)
    rows = attention(model, tensor, block, queries)
    cls = _with_mean(cls_attention(rows, grid, prefix)[0].flatten(-2))
    if len(queries) > 1:
        query = _with_mean(_flat(rows[0, :, 1:, prefix:], grid))
        fits = (heads + 2) * patches**2 <= budget
        query = eight_bits(query if fits else query[:1])
        left_out = () if fits else ("헤드별 어텐션", "attention of single heads")
    norm = token_norm(encoded.patch_tokens, grid)[0]
    sizes = {"block": block, "blocks": len(model.blocks), "heads": heads, "grid": list(grid)}
    tables = {"similarity": similarity, "query": query, "left_out": list(left_out)}
    return sizes | tables | {"norm": norm.numpy().tobytes(), "cls": cls.numpy().tobytes()}


def patch_map(model, tensor, block, kind, patch):
    """One map, "query" or "similarity", that was too large to send for every patch.

    Returns
    -------
    torch.Tensor (1 + heads, gh * gw), the mean of heads first; for similarity (1, gh * gw)
    """
    encoded = encode(model, tensor, block)
    if kind == "query":
        prefix = encoded.num_prefix_tokens
        rows = attention(model, tensor, block, [prefix + patch])[0, :, 0, prefix:]
        return _with_mean(_flat(rows, encoded.grid))
    unit = unit_tokens(encoded)
    return _flat(unit @ unit[patch], encoded.grid)[None]


def unit_tokens(encoded):
    """(gh * gw, D), patch tokens of length 1; their products are cosine similarities."""
    return torch.nn.functional.normalize(encoded.patch_tokens[0].float(), dim=-1)


def eight_bits(values):
    """Numbers (rows, N, N) in a byte each, every line from its own lowest (0) to its highest (255).

    ``rows``, ``bytes`` (rows * N * N) and ``ranges``, float32 (rows, N, 2): lowest, highest.
    """
    low, high = values.amin(-1, keepdim=True), values.amax(-1, keepdim=True)
    span = torch.where(high > low, high - low, 1)
    steps = ((values - low) / span * 255).round().to(torch.uint8)
    found = {"bytes": steps, "ranges": torch.cat([low, high], dim=-1)}
    return {"rows": len(values)} | {name: t.numpy().tobytes() for name, t in found.items()}


def _flat(values, grid):
    """Numbers (..., gh * gw) out of the model's world: float32 on the CPU."""
    return on_grid(values, grid).flatten(-2)


def _with_mean(heads):
    return torch.cat([heads.mean(dim=0, keepdim=True), heads])
