"""What goes into an engine's page and comes out of it: pictures, files and numbers as base64."""

import base64
import json
from pathlib import Path

import numpy as np
import torch

ROOT = Path(__file__).resolve().parents[3]
ENGINE = ROOT / "explorer" / "engine"
EMBEDDED = ROOT / "helpers" / "embedded"
PHOTOS = ("astronaut", "cat", "koala")  # square, wide, tall
EMPTY_PAGE = "<!DOCTYPE html><meta charset='utf-8'><title>engine</title>"


def text(data):
    return base64.b64encode(data).decode()


def floats(packed):
    return np.frombuffer(base64.b64decode(packed["base64"]), np.float32)


def files(weights=None, config=None, **changes):
    """What an engine is started with: the embedded network, if no other is given."""
    return {
        "weights": text(weights or (EMBEDDED / "model.safetensors").read_bytes()),
        "config": config or json.loads((EMBEDDED / "config.json").read_text()),
        "relaxed": text((ENGINE / "relaxed.wasm").read_bytes()),
        "simd": text((ENGINE / "simd.wasm").read_bytes()),
        **changes,
    }


def picture(tensor):
    """A tensor (1, 3, H, W) as the engine takes it."""
    _, _, height, width = tensor.shape
    data = np.ascontiguousarray(tensor[0].numpy(), dtype=np.float32)
    return {"tensor": text(data.tobytes()), "height": height, "width": width}


def pixels(photo):
    """A photo as a canvas gives it."""
    return {
        "data": text(photo.convert("RGBA").tobytes()),
        "width": photo.width,
        "height": photo.height,
    }


def difference(answer, index, block, heads):
    """How far the engine's block is from ``interventions.Block``: tokens, attention."""
    got = answer["blocks"][str(index)]
    tokens = floats(got["tokens"]).reshape(block.tokens.shape[1:])
    off = [np.abs(tokens - block.tokens[0].numpy()).max()]
    if block.q is None:
        assert got["q"] is None and got["k"] is None
        return [*off, 0]
    q, k = (torch.tensor(floats(got[name])).reshape(heads, answer["n"], -1) for name in ("q", "k"))
    rows = ((x @ y.mT).softmax(-1) for x, y in ((q, k), (block.q[0], block.k[0])))
    return [*off, float((next(rows) - next(rows)).abs().max())]
