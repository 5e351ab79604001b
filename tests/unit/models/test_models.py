"""Which model is loaded, the embedded DINO above all, and its caption (the hub: test_hub*.py)."""

import copy
import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import load_file

from helpers.models import EMBEDDED_DIR, load_model
from helpers.weights import Weights, caption

ROOT = Path(__file__).resolve().parents[3]


# --- the embedded DINO ---


def test_embedded_is_silent_and_ready(capsys):
    model = load_model("embedded")
    assert capsys.readouterr().out == ""
    assert not model.training and not any(p.requires_grad for p in model.parameters())
    assert {p.dtype for p in model.parameters()} == {torch.float32}
    assert model.weights == Weights("embedded", "embedded", True)
    assert model.forward_features(torch.zeros(1, 3, 112, 112)).shape == (1, 197, 192)


def test_embedded_holds_the_weights_of_the_file(embedded):
    stored = load_file(EMBEDDED_DIR / "model.safetensors")
    loaded = embedded.state_dict()
    assert stored.keys() == loaded.keys()
    assert all(torch.equal(loaded[name], value.float()) for name, value in stored.items())
    assert {value.dtype for value in stored.values()} == {torch.float16}


def test_embedded_works_in_plain_timm_too(embedded):
    plain = timm.create_model(f"local-dir:{EMBEDDED_DIR}", pretrained=True).eval()
    x = torch.rand(1, 3, 112, 112)
    assert torch.equal(plain.forward_features(x), embedded.forward_features(x))


def test_embedded_file_is_the_one_with_the_published_hash():
    data = (EMBEDDED_DIR / "model.safetensors").read_bytes()
    digest = (EMBEDDED_DIR / "model.safetensors.sha256").read_text().split()[0]
    assert hashlib.sha256(data).hexdigest() == digest
    assert len(data) <= 12e6


def test_embedded_caption_says_the_sizes_of_its_config():
    args = json.loads((EMBEDDED_DIR / "config.json").read_text())["model_args"]
    expected = f"({args['img_size']} px, patch {args['patch_size']})"
    assert str(Weights("embedded", "embedded", True)).endswith(expected)


def test_embedded_by_any_spelling(embedded):
    assert load_model(" Embedded ").weights == embedded.weights


# --- which model ---


def test_environment_chooses_the_model(monkeypatch, capsys):
    monkeypatch.setenv("DINO_MODEL", "embedded")
    assert load_model().weights.source == "embedded"
    assert capsys.readouterr().out == ""


def test_default_without_a_hub_is_the_embedded_dino_with_one_notice(monkeypatch, capsys):
    """The whole suite runs with the hub switched off (conftest.py beside the Makefile)."""
    monkeypatch.delenv("DINO_MODEL", raising=False)
    assert load_model().weights.source == "embedded"
    korean, *_, english, _, _ = said = capsys.readouterr().out.splitlines()
    assert len(said) == 6
    assert korean.startswith("vit_base_patch16_224.dino 대신 내장 DINO를 씁니다")
    assert english.startswith("Using the embedded DINO instead of vit_base_patch16_224.dino")


def test_untrained_says_so_in_its_caption_and_not_at_every_loading(capsys):
    model = load_model("test_vit", pretrained=False)
    assert model.weights == Weights("test_vit.r160_in1k", "untrained", False)
    assert str(model.weights) == "test_vit.r160_in1k: 학습 안 됨 · UNTRAINED (random weights)"
    assert capsys.readouterr().out == ""


def test_untrained_embedded_is_not_the_trained_one(embedded):
    model = load_model("embedded", pretrained=False)
    assert not model.weights.trained and model.patch_embed.patch_size == (8, 8)
    assert not torch.equal(model.patch_embed.proj.weight, embedded.patch_embed.proj.weight)


# --- what is imported, and what is not ---


@pytest.mark.parametrize(
    "module, without",
    [
        ("plots", ("timm", "huggingface_hub", "ipywidgets")),
        ("models", ("ipywidgets", "matplotlib")),
    ],
)
def test_import_brings_no_more_than_it_needs(module, without):
    code = f"import sys; from helpers import {module}; print(*{without} & sys.modules.keys())"
    code = code.replace(str(without), repr(set(without)))
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []


# --- captions ---


@pytest.mark.parametrize(
    "name, expected",
    [
        ("vit_base_patch16_224.dino", "DINO ViT-B/16 · vit_base_patch16_224.dino (hub)"),
        (
            "vit_small_patch14_reg4_dinov2.lvd142m",
            "DINOv2 ViT-S/14 · vit_small_patch14_reg4_dinov2.lvd142m (hub)",
        ),
        (
            "vit_tiny_patch16_dinov3_qkvb.eupe_lvd1689m",
            "DINOv3 ViT-Ti/16 · vit_tiny_patch16_dinov3_qkvb.eupe_lvd1689m (hub)",
        ),
        (
            "vit_base_patch16_224.augreg_in1k",
            "ViT-B/16 · vit_base_patch16_224.augreg_in1k (hub)",
        ),
        ("deit_tiny_patch16_224.fb_in1k", "deit_tiny_patch16_224.fb_in1k (hub)"),
    ],
)
def test_caption_of_downloaded_weights(name, expected):
    assert str(Weights(name, "hub", True)) == expected


def test_caption_of_a_model(embedded):
    assert caption(embedded) == str(embedded.weights)
    assert caption(copy.deepcopy(embedded)) == str(embedded.weights)
    by_hand = caption(timm.create_model("test_vit"))
    assert by_hand == "가중치 알 수 없음 · weights unknown: test_vit"
    stranger = torch.nn.Identity()
    stranger.weights = "something else"
    assert caption(stranger) == "가중치 알 수 없음 · weights unknown: Identity"
