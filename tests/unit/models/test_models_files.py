"""Models whose numbers are in a file: as timm reads it, the reader's own, and broken ones."""

import argparse
import pickle
from pathlib import Path

import pytest
import timm
import torch
from families import SMALL
from safetensors.torch import save_file
from timm.models._hub import save_for_hf

from helpers import models
from helpers.models import load_model
from helpers.weights import Weights
from sources.names import ModelError

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
