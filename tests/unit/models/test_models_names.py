"""Names of models: those that people use, misspelt ones, and ones that are no use here."""

import pytest
import timm
from timm.models import get_deprecated_models

from helpers.models import load_model
from sources.names import DEFAULT, ModelError, full_name

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
