"""Lengths of tokens, block by block, of one photo and of many."""

import pytest
import timm
import torch
from families import SMALL
from PIL import Image

from helpers import images
from topics import norms, zoo


@pytest.mark.parametrize("family", SMALL)
def test_block_norms_are_those_of_what_leaves_each_block(family, randomised):
    name, side = SMALL[family]
    plain = timm.create_model(name, img_size=side, depth=3, num_classes=0, dynamic_img_size=True)
    model = randomised(plain)
    x = torch.rand(2, 3, side, 2 * side, generator=torch.Generator().manual_seed(0))
    left = []
    hooks = [
        b.register_forward_hook(lambda m, i, output: left.append(output)) for b in model.blocks
    ]
    with torch.no_grad():
        model.forward_features(x)
    for hook in hooks:
        hook.remove()
    lengths = norms.block_norms(model, x)
    assert lengths.shape == (3, 2, 4 * 8) and not lengths.requires_grad
    for block, tokens in enumerate(left):
        expected = (tokens[:, model.num_prefix_tokens :] ** 2).sum(dim=-1).sqrt()
        assert torch.allclose(lengths[block], expected, rtol=1e-4)


def test_norms_of_many_photos_are_those_of_each(embedded, photo):
    other = photo.transpose(Image.Transpose.ROTATE_90)
    both = norms.photos_norms(embedded, [photo, other])
    assert both.shape == (6, 1, 2 * 196)
    for i, one in enumerate((photo, other)):
        alone = norms.block_norms(embedded, images.to_tensor(one, embedded)[0])
        assert torch.equal(both[..., i * 196 : (i + 1) * 196], alone)


def test_untrained_norms_follow_the_pixels(embedded, photo):
    blank = zoo.load(zoo.LINE_UP[0])
    assert norms.like_pixels(blank, photo) > 0.9 > norms.like_pixels(embedded, photo)


def test_share_above_counts_in_medians_of_each_block():
    lengths = torch.tensor([[[1.0, 1, 1, 1, 30]], [[10.0, 10, 10, 25, 40]]])
    for times, expected in ((2, [0.2, 0.4]), (3, [0.2, 0.2]), (5, [0.2, 0]), (30, [0, 0])):
        assert norms.share_above(lengths, times).tolist() == pytest.approx(expected)
