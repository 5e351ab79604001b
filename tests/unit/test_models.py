"""Names, weights and captions; the hub itself is in test_hub.py."""

import argparse
import copy
import hashlib
import json
import pickle
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import timm
import torch
from families import SMALL
from safetensors.torch import load_file, save_file
from timm.models import get_deprecated_models
from timm.models._hub import save_for_hf

from helpers import models
from helpers.models import EMBEDDED_DIR, load_model
from helpers.weights import Weights, caption
from sources.names import DEFAULT, ModelError, full_name

ROOT = Path(__file__).resolve().parents[2]


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
    expected = f"({args['img_size']} px, patch {args['patch_size']})"
    assert str(Weights("embedded", "embedded", True)).endswith(expected)


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


NAMES = {
    "vit_small_patch16_224_dino": "vit_small_patch16_224.dino",  # timm's own of former days
    "dino_vits16": "vit_small_patch16_224.dino",
    "dino_vitb8": "vit_base_patch8_224.dino",
    "facebook/dino-vits8": "vit_small_patch8_224.dino",
    "dinov2_vitb14": "vit_base_patch14_dinov2.lvd142m",
    "dinov2_vitb14_reg": "vit_base_patch14_reg4_dinov2.lvd142m",
    "facebook/dinov2-giant": "vit_giant_patch14_dinov2.lvd142m",
    "facebook/dinov2-with-registers-large": "vit_large_patch14_reg4_dinov2.lvd142m",
    "dinov3_vith16plus": "vit_huge_plus_patch16_dinov3.lvd1689m",
    "facebook/dinov3-vits16-pretrain-lvd1689m": "vit_small_patch16_dinov3.lvd1689m",
    "facebook/dinov3-vit7b16-pretrain-sat493m": "vit_7b_patch16_dinov3.sat493m",
    "timm/vit_base_patch16_224.dino": "vit_base_patch16_224.dino",
    " VIT_Base_patch16_224.DINO\n": "vit_base_patch16_224.dino",
    "DINO_ViTS16 ": "vit_small_patch16_224.dino",
    "DINO ViT-S/8": "vit_small_patch8_224.dino",  # in papers, and in our captions
}


@pytest.mark.parametrize("asked", NAMES)
def test_a_name_that_people_use_is_explained_in_one_line(asked, capsys):
    assert full_name(asked) == NAMES[asked]
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("timm의 이름 · name in timm: ") and line.endswith(f" → {NAMES[asked]}")
    assert NAMES[asked] in timm.list_pretrained()


@pytest.mark.parametrize("name", ["vit_base_patch16_224.dino", "vit_base_patch16_224"])
def test_timms_own_name_needs_no_explanation(name, capsys):
    assert full_name(name).startswith(name) and capsys.readouterr().out == ""


def test_embedded_by_any_spelling(embedded):
    assert load_model(" Embedded ").weights == embedded.weights


def test_every_dino_name_of_the_post_is_known_to_timm():
    assert get_deprecated_models()["vit_base_patch16_224_dino"] == DEFAULT
    assert DEFAULT in timm.list_pretrained()


@pytest.mark.parametrize(
    "name, nearest",
    [
        ("vit_bse_patch16_224.dino", "vit_base_patch16_224.dino"),
        ("vit_base_patch16_224.dinoo", "vit_base_patch16_224.dino"),
        ("VIT_SMALL_PATCH16_244.DINO", "vit_small_patch16_224.dino"),
        ("dino", "vit_base_patch16_224.dino"),
        ("dinov2", "Nearest names: vit_base_patch14_dinov2"),
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


@pytest.mark.parametrize("name", [3, 3.5, ["embedded"], b"embedded", "sam", "dino v2"])
def test_whatever_is_asked_for_names_that_are_read_are_told(name):
    with pytest.raises(ModelError, match="no such model") as error:
        load_model(name)
    for known in error.value.en.partition("Nearest names: ")[2].split(", "):
        assert full_name(known)


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


# --- numbers from a file ---


@pytest.mark.parametrize("family", SMALL)
def test_tokens_are_those_of_timm_bit_for_bit(family, randomised, tmp_path, monkeypatch):
    """Ours is built without numbers and takes the file's; what no file holds must be right, too."""
    name, side = SMALL[family]
    small = {"img_size": side, "depth": 2}
    file = tmp_path / "model.safetensors"
    save_file(randomised(timm.create_model(name, **small)).state_dict(), file)
    overlay = {"file": str(file), "custom_load": False}
    plain = timm.create_model(name, pretrained=True, pretrained_cfg_overlay=overlay, **small).eval()
    build = models._build
    monkeypatch.setattr(models, "_build", lambda *args, **more: build(*args, **more, **small))
    ours = models._loaded(name, file, Weights(name, "file", True))
    assert not ours.training and not any(p.requires_grad for p in ours.parameters())
    x = torch.rand(1, 3, side, side)
    with torch.no_grad():
        assert torch.equal(ours.forward_features(x), plain.forward_features(x))
        assert ours.forward_features(torch.rand(1, 3, side + 3, 2 * side)).isfinite().all()


def test_half_the_bytes_are_as_good(randomised, tmp_path):
    """float16 in the file, float32 in the model."""
    model = randomised(timm.create_model("test_vit")).half()
    torch.save(model.state_dict(), tmp_path / "half.pth")
    ours = load_model(tmp_path / "half.pth", architecture="test_vit")
    assert {p.dtype for p in ours.parameters()} == {torch.float32}
    assert torch.equal(ours.cls_token, model.cls_token.float())


# --- weights of the reader's own ---


@pytest.fixture
def tuned(randomised):
    """A small ViT that somebody trained with timm, for seven classes."""
    return randomised(timm.create_model("test_vit", img_size=96, num_classes=7))


def same(ours, theirs):
    x = torch.rand(1, 3, 96, 96)
    with torch.no_grad():
        return torch.equal(ours.forward_features(x), theirs.forward_features(x))


@pytest.mark.parametrize("kind", [str, Path])
def test_a_folder_as_timm_saves_it(tuned, tmp_path, kind, capsys):
    save_for_hf(tuned, tmp_path / "my vit", safe_serialization=True, model_args={"img_size": 96})
    model = load_model(kind(tmp_path / "my vit"))
    assert same(model, tuned) and model.weights.source == "file" and model.weights.trained
    assert str(model.weights).endswith("/my vit (file)") and capsys.readouterr().out == ""
    blank = load_model(model.weights.name, pretrained=False)  # as lessons 05 and 06 make it
    assert not same(blank, tuned) and "UNTRAINED" in str(blank.weights)


@pytest.mark.parametrize("name", ["mine", "last.ckpt"])
def test_a_name_that_lies_here(tuned, tmp_path, monkeypatch, name):
    """A folder without any sign of a path in its name, a file that ends as others' do."""
    monkeypatch.chdir(tmp_path)
    if name == "mine":
        save_for_hf(tuned, "mine", safe_serialization=True)
    else:
        torch.save({"state_dict": tuned.state_dict()}, name)
    assert load_model(name, architecture="test_vit").weights.source == "file"


def test_a_file_of_weights_only(tuned, tmp_path):
    """The model that it is of must be named; that its photos were of 96 px is seen by timm."""
    save_file(tuned.state_dict(), tmp_path / "a.safetensors")
    torch.save({"state_dict": tuned.state_dict(), "epoch": 3}, tmp_path / "b.pth")
    for name in ("a.safetensors", "b.pth"):
        model = load_model(str(tmp_path / name), architecture="test_vit")
        assert torch.equal(model.blocks[0].attn.qkv.weight, tuned.blocks[0].attn.qkv.weight)
        assert str(model.weights).endswith(f"/{name} (file)")


@pytest.mark.parametrize("wrap", ["DINO", "DINOv2", "flat", "backbone alone", "in parallel"])
def test_a_checkpoint_of_dinos_own_training_gives_the_teacher(tuned, tmp_path, wrap):
    """The student, whose numbers are others, stands first; heads and options are left out."""
    teacher = {f"backbone.{key}": value for key, value in tuned.state_dict().items()}
    student = {f"module.{key}": torch.zeros_like(value) for key, value in teacher.items()}
    teacher["head.mlp.0.weight"] = torch.ones(2, 2)
    options = argparse.Namespace(arch="vit_small")
    checkpoint = {
        "DINO": {"student": student, "teacher": teacher, "args": options, "epoch": 3},
        "DINOv2": {"teacher": teacher},
        "flat": {f"student.{key}": value * 0 for key, value in teacher.items()}
        | {f"teacher.{key}": value for key, value in teacher.items()},
        "backbone alone": teacher,
        "in parallel": {"teacher": {f"module.{key}": value for key, value in teacher.items()}},
    }[wrap]
    torch.save(checkpoint, tmp_path / "checkpoint.pth")
    model = load_model(tmp_path / "checkpoint.pth", architecture="test_vit")
    assert torch.equal(model.blocks[1].attn.qkv.weight, tuned.blocks[1].attn.qkv.weight)


class Malicious:
    def __reduce__(self):
        return print, ("it ran",)


WRONG = {
    "not there": ("no.pth", "No weights .*: .*no.pth"),
    "an empty folder": (".", "No weights"),
    "of what": ("a.pth", "Say which model's weights these are"),
    "empty": ("empty.safetensors", r"damaged, or holds no weights \(empty.safetensors\)"),
    "code": ("code.pth", r"damaged, or holds no weights \(code.pth\)"),
    "another model's": ("other.pth", r"not this model's weights \(other.pth\).*: cls_token, "),
    "NaN": ("nan.pth", "not finite: norm.weight$"),
    "LoRA beside": ("lora.pth", "left over .*LoRA.*not finite: blocks.0.attn.qkv.lora_A.weight$"),
    "a prefix": ("a.pth", "a prefix.* finite: student.blocks.*, cls_token, pos_embed, …$"),
    "8 bits": ("int8.pth", "not finite: cls_token, "),
    "sparse": ("sparse.pth", r"holds no weights \(sparse.pth\), a state_dict"),
    "no numbers": ("meta.pth", r"holds no weights \(meta.pth\), a state_dict"),
    "the model": ("model.pth", r"holds no weights \(model.pth\), a state_dict"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_file_that_cannot_be_used_is_named(what, tuned, tmp_path, capsys):
    name, expected = WRONG[what]
    path = tmp_path / name
    contents = {
        "code": pickle.dumps(Malicious()),
        "empty": b"",
    }
    states = {
        "another model's": {"head.weight": tuned.head.weight.data},
        "NaN": {**tuned.state_dict(), "norm.weight": torch.full((64,), torch.nan)},
        "of what": tuned.state_dict(),
        "LoRA beside": tuned.state_dict() | {"blocks.0.attn.qkv.lora_A.weight": torch.ones(2, 64)},
        "a prefix": {f"student.{key}": value for key, value in tuned.state_dict().items()},
        "8 bits": {key: value.char() for key, value in tuned.state_dict().items()},
        "sparse": tuned.state_dict() | {"cls_token": tuned.cls_token.data.to_sparse()},
        "no numbers": {key: value.to("meta") for key, value in tuned.state_dict().items()},
        "the model": tuned,
    }
    if what in contents:
        path.write_bytes(contents[what])
    elif what in states:
        torch.save(states[what], path)
    architecture = {} if what == "of what" else {"architecture": "test_vit"}
    with pytest.raises(ModelError, match=expected) as error:
        load_model(path, **architecture)
    assert error.value.ko != error.value.en and "it ran" not in capsys.readouterr().out
    assert path.exists() == (what != "not there")  # it is the reader's, and stays


def test_a_folder_of_another_library(tmp_path, tuned):
    """Transformers, too, calls its file config.json."""
    (tmp_path / "config.json").write_text('{"architectures": ["Dinov2Model"]}')
    save_file(tuned.state_dict(), tmp_path / "model.safetensors")
    with pytest.raises(ModelError, match="timm cannot build this model.*architecture="):
        load_model(tmp_path)


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
