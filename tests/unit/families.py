"""A small model of every family that the lessons name: timm's name, a size in pixels; pictures."""

import torch

SMALL = {
    "ViT": ("vit_tiny_patch16_224", 64),
    "DINOv2": ("vit_small_patch14_dinov2", 56),
    "DINOv2 with registers": ("vit_small_patch14_reg4_dinov2", 56),
    "DINOv3": ("vit_small_patch16_dinov3", 64),
}


def picture(model, batch=2, wider=0):
    height, width = model.patch_embed.img_size
    generator = torch.Generator().manual_seed(0)
    return torch.rand(batch, 3, height, width + wider, generator=generator)
