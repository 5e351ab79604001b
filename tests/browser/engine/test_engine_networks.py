"""Other networks than the embedded one: of timm's plain ViTs the engine takes each, others none."""

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import save

from explorer.interventions import forward
from tests.browser.engine.packed import difference, picture
from tools import lab

pytestmark = pytest.mark.skipif(lab.CHROMIUM is None, reason="no Chromium on this machine")

OTHERS = {  # timm's name, its settings, a picture's size
    "four registers, LayerScale, no position for CLS": (
        "vit_small_patch14_reg4_dinov2",
        {"img_size": 56, "depth": 2, "embed_dim": 64, "num_heads": 4},
        (98, 70),
    ),
    "patch 16, a picture of another shape": (
        "vit_tiny_patch16_224",
        {"img_size": 64, "depth": 2},
        (80, 128),
    ),
    "wide heads, no bias": (
        "vit_tiny_patch16_224",
        {"img_size": 32, "depth": 2, "num_heads": 2, "qkv_bias": False, "patch_size": 8},
        (32, 48),
    ),
}


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("half", (False, True), ids=("float32", "half"))
def test_other_networks(start, ask, page, other, half):
    name, settings, size = OTHERS[other]
    torch.manual_seed(0)
    model = timm.create_model(
        name, num_classes=0, dynamic_img_size=True, dynamic_img_pad=True, **settings
    ).eval()
    with torch.no_grad():  # biases are 0 and norms 1 in a new network, LayerScale next to nothing
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.05)
            if half:
                parameter.copy_(parameter.half())
    state = {n: (t.half() if half else t).contiguous() for n, t in model.state_dict().items()}
    heads = model.blocks[0].attn.num_heads
    start("other", weights=save(state), config={"model_args": {"num_heads": heads}})
    tensor = torch.randn(1, 3, *size)
    answer = ask("other", picture=picture(tensor))
    expected = model.forward_features(tensor).detach()[0].numpy()
    last = forward(model, tensor)[-1]
    assert np.abs(last.tokens[0].numpy() - expected).max() <= 1e-5
    tokens, attention = difference(answer, len(model.blocks) - 1, last, heads)
    assert tokens <= 2e-5 and attention <= 5e-6, (tokens, attention)
    page.evaluate("dino.stop('other')")


@pytest.mark.parametrize(
    "name, settings",
    [("vit_small_patch16_dinov3", {}), ("vit_tiny_patch16_224", {"qk_norm": True})],
)
def test_other_architectures_are_refused(start, name, settings):
    """A tensor that the engine would leave out is no small difference."""
    state = timm.create_model(name, num_classes=0, depth=1, **settings).state_dict()
    with pytest.raises(Exception, match="plain ViT"):
        start("refused", weights=save(state))
