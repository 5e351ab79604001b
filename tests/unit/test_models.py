"""Names, weights and captions; the hub itself is in test_hub.py."""

import copy
import hashlib
import json
import warnings

import pytest
import timm
import torch
from families import SMALL
from safetensors.torch import load_file
from timm.models import get_deprecated_models

from helpers import models
from helpers.models import EMBEDDED_DIR, ModelError, Weights, caption, load_model


@pytest.fixture(autouse=True)
def no_warnings():
    """A learner should never see a warning that nobody explains."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


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
    expected = f"내장 DINO · embedded DINO ({args['img_size']} px, patch {args['patch_size']})"
    assert str(Weights("embedded", "embedded", True)) == expected


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


def test_untrained_says_so(capsys):
    model = load_model("test_vit", pretrained=False)
    assert model.weights == Weights("test_vit.r160_in1k", "untrained", False)
    said = capsys.readouterr().out
    assert said == "학습 안 됨 · UNTRAINED test_vit.r160_in1k (random weights)\n"


def test_untrained_embedded_is_not_the_trained_one(embedded):
    model = load_model("embedded", pretrained=False)
    assert not model.weights.trained and model.patch_embed.patch_size == (8, 8)
    assert not torch.equal(model.patch_embed.proj.weight, embedded.patch_embed.proj.weight)


def test_old_name_is_explained_in_one_line(capsys):
    model = load_model("vit_small_patch16_224_dino", pretrained=False)
    assert model.weights.name == "vit_small_patch16_224.dino"
    first = capsys.readouterr().out.splitlines()[0]
    expected = "옛 이름 · old name: vit_small_patch16_224_dino → vit_small_patch16_224.dino"
    assert first == expected


def test_every_dino_name_of_the_post_is_known_to_timm():
    assert get_deprecated_models()["vit_base_patch16_224_dino"] == models.DEFAULT
    assert models.DEFAULT in timm.list_pretrained()


@pytest.mark.parametrize(
    "name, nearest",
    [
        ("vit_bse_patch16_224.dino", "vit_base_patch16_224.dino"),
        ("vit_base_patch16_224.dinoo", "vit_base_patch16_224.dino"),
        ("VIT_SMALL_PATCH16_244.DINO", "vit_small_patch16_224.dino"),
        ("dino", "vit_base_patch16_224.dino"),
    ],
)
def test_wrong_name_lists_the_nearest_real_ones(name, nearest):
    with pytest.raises(ModelError) as error:
        load_model(name)
    korean, english = str(error.value).splitlines()
    assert korean.startswith(f"timm에 그런 모델이 없습니다: {name}.")
    assert f"timm has no such model: {name}." in english and nearest in english
    for known in english.partition("Nearest names: ")[2].split(", "):
        assert timm.is_model(known)


@pytest.mark.parametrize("name", ["resnet50", "swin_tiny_patch4_window7_224", "convnext_tiny"])
def test_not_a_vit(name):
    with pytest.raises(ModelError, match=f"Not a ViT: {name}"):
        load_model(name)


def test_vit_without_cls_token(capsys):
    with pytest.raises(ModelError, match="no CLS token: vit_medium_patch16_gap_240"):
        load_model("vit_medium_patch16_gap_240", pretrained=False)


def test_vit_without_weights():
    with pytest.raises(ModelError, match="no pretrained weights for vit_small_patch16_36x1_224"):
        load_model("vit_small_patch16_36x1_224")


# --- what the flags change: nothing, at the model's own size ---


@pytest.mark.parametrize("family", SMALL)
def test_dynamic_size_gives_the_same_tokens_at_the_native_size(family, randomised):
    name, side = SMALL[family]
    plain = randomised(timm.create_model(name, img_size=side, depth=2)).eval()
    weights = Weights(name, "untrained", False)
    ours = models._build(name, weights, pretrained=False, img_size=side, depth=2)
    missing, _ = ours.load_state_dict(plain.state_dict(), strict=False)
    assert not missing
    x = torch.rand(1, 3, side, side)
    with torch.no_grad():
        assert torch.equal(ours.forward_features(x), plain.forward_features(x))
        assert ours.forward_features(torch.rand(1, 3, side + 3, 2 * side)).isfinite().all()


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
