"""What several unit tests share: small models of every family, and what a check says."""

import pytest
import timm
from families import SMALL

DYNAMIC = {"dynamic_img_size": True, "dynamic_img_pad": True, "num_classes": 0}
FAMILIES = {name: (model, {"img_size": side}) for name, (model, side) in SMALL.items()} | {
    "ViT with q and k norm": ("vit_tiny_patch16_224", {"img_size": 64, "qk_norm": True}),
    "DeiT distilled": ("deit_tiny_distilled_patch16_224", {"img_size": 64}),
    "EVA-02 (separate q, k, v)": ("eva02_tiny_patch14_224", {"img_size": 56}),
    "DINOv3 with q, k, v biases": ("vit_small_patch16_dinov3_qkvb", {"img_size": 64}),
}


@pytest.fixture(params=FAMILIES)
def model(request, randomised):
    name, kwargs = FAMILIES[request.param]
    return randomised(timm.create_model(name, depth=2, **kwargs, **DYNAMIC))


@pytest.fixture(autouse=True)
def outputs(tmp_path, monkeypatch):
    """A folder of each test's own: its checks leave no answers to the lessons' tests."""
    monkeypatch.setenv("DINO_OUTPUTS", str(tmp_path / "outputs"))
    return tmp_path / "outputs"


@pytest.fixture
def said(capsys):
    """Run a check and return what it printed."""

    def run(check, *args, **kwargs):
        assert check(*args, **kwargs) is None
        return capsys.readouterr().out

    return run
