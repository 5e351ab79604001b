"""A small model with random weights of every family that the lessons name."""

import pytest
import timm

DYNAMIC = {"dynamic_img_size": True, "dynamic_img_pad": True, "num_classes": 0}
FAMILIES = {
    "ViT": ("vit_tiny_patch16_224", {"img_size": 64}),
    "ViT with q and k norm": ("vit_tiny_patch16_224", {"img_size": 64, "qk_norm": True}),
    "DINOv2": ("vit_small_patch14_dinov2", {"img_size": 56}),
    "DINOv2 with registers": ("vit_small_patch14_reg4_dinov2", {"img_size": 56}),
    "DeiT distilled": ("deit_tiny_distilled_patch16_224", {"img_size": 64}),
    "EVA-02 (separate q, k, v)": ("eva02_tiny_patch14_224", {"img_size": 56}),
    "DINOv3": ("vit_small_patch16_dinov3", {"img_size": 64}),
    "DINOv3 with q, k, v biases": ("vit_small_patch16_dinov3_qkvb", {"img_size": 64}),
}


@pytest.fixture(params=FAMILIES)
def model(request, randomised):
    name, kwargs = FAMILIES[request.param]
    return randomised(timm.create_model(name, depth=2, **kwargs, **DYNAMIC))
