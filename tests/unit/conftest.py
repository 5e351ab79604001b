"""What several unit tests share: small models of every family, folders, and what a check says."""

from types import SimpleNamespace

import pytest
import timm
import torch
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


@pytest.fixture
def tokens():
    """Patch tokens of a 4 × 6 grid (``grids.GRID``)."""
    return torch.randn(24, 16, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def tiny():
    """A very small ViT with random weights."""
    torch.manual_seed(0)
    model = timm.create_model(
        "vit_tiny_patch16_224", img_size=32, depth=2, num_classes=0, dynamic_img_size=True
    )
    return model.eval().requires_grad_(False)


@pytest.fixture
def folder(tmp_path):
    from photo_folders import fill

    fill(tmp_path / "사진 photos", 7)
    return tmp_path / "사진 photos"


@pytest.fixture
def index(tmp_path, tiny):
    """Call ``index_photos`` with a small batch and an index file of this test."""
    from topics import search

    def run(photos, model=tiny, file=tmp_path / "out" / "i.sqlite", **kwargs):
        return search.index_photos(
            photos, model, batch_size=3, index=file, progress=False, **kwargs
        )

    return run


@pytest.fixture
def eye():
    """A model whose CLS token is (1, the mean of the picture's second patch, top middle)."""

    def forward_intermediates(pictures, *args, **kwargs):
        tokens = torch.ones(len(pictures), 7, 2)
        tokens[:, 0, 1] = pictures[:, :, :2, 2:4].mean((1, 2, 3))
        return [tokens]

    return SimpleNamespace(
        blocks=[None],
        num_prefix_tokens=1,
        forward_intermediates=forward_intermediates,
        parameters=lambda: iter([torch.zeros(1)]),
        patch_embed=SimpleNamespace(
            patch_size=(2, 2), dynamic_feat_size=lambda size: (-(-size[0] // 2), -(-size[1] // 2))
        ),
    )


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Work in a folder of our own; what is handed in lies in class/."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "class").mkdir()
    return tmp_path
