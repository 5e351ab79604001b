"""What a training exports, and the shipped weights against their sum."""

import hashlib
import re

import torch

from helpers.models import EMBEDDED_DIR
from training import dino, export


def test_export_writes_half_precision_weights_and_their_sum(tmp_path):
    backbone = dino.build_backbone(depth=1)
    torch.save({"backbone": backbone.state_dict(), "step": 7}, tmp_path / "checkpoint.pt")
    weights = export.export(tmp_path / "checkpoint.pt", tmp_path)
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    assert (tmp_path / "model.safetensors.sha256").read_text().split()[0] == digest
    assert weights.stat().st_size < 2.3 * sum(p.numel() for p in backbone.parameters())


def test_an_export_can_be_part_of_what_the_training_began_with(tmp_path):
    backbone = dino.build_backbone(depth=1)
    torch.save({"backbone": backbone.state_dict(), "step": 7}, tmp_path / "checkpoint.pt")
    zero = {name: torch.zeros_like(value) for name, value in backbone.state_dict().items()}
    export.write_weights(zero, tmp_path / "zero.safetensors")
    path = export.export(tmp_path / "checkpoint.pt", tmp_path, tmp_path / "zero.safetensors", 0.75)
    mixed = export.load_file(path)["norm.weight"]
    assert torch.allclose(mixed.float(), 0.75 * backbone.norm.weight, atol=1e-3)


def test_shipped_weights_match_their_sum_and_the_model_card():
    weights = EMBEDDED_DIR / "model.safetensors"
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    assert weights.stat().st_size <= 12e6
    assert (EMBEDDED_DIR / "model.safetensors.sha256").read_text().split() == [digest, weights.name]
    assert re.findall(r"\b[0-9a-f]{64}\b", (EMBEDDED_DIR / "README.md").read_text()) == [digest]
