"""A small model of every family that the lessons name: timm's name, and a size in pixels."""

SMALL = {
    "ViT": ("vit_tiny_patch16_224", 64),
    "DINOv2": ("vit_small_patch14_dinov2", 56),
    "DINOv2 with registers": ("vit_small_patch14_reg4_dinov2", 56),
    "DINOv3": ("vit_small_patch16_dinov3", 64),
}
