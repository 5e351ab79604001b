"""Gradients without classes: where they lie, and what they add up to."""

import pytest
import torch

from helpers import images
from topics import gradients


@pytest.fixture
def looker(eye):
    """`eye`, with a CLS token of (1, twice the mean of the second patch, less that of the last)."""

    def forward_features(pictures):
        one = torch.ones(len(pictures))
        second, last = (
            pictures[:, :, :2, 2:4].mean((1, 2, 3)),
            pictures[:, :, 2:, 4:].mean((1, 2, 3)),
        )
        cls = torch.stack([one, 2 * second, -last], -1)
        return torch.cat([cls[:, None], torch.ones(len(pictures), 6, 3)], 1)

    eye.forward_features = forward_features
    return eye


def test_integrated_gradients_stay_where_the_cls_token_looks_and_add_up(looker):
    picture = torch.rand(1, 3, 4, 6, generator=torch.Generator().manual_seed(0)) + 0.5
    found = gradients.integrated_gradients(looker, picture, steps=200)
    assert found.shape == (2, 3) and not found.requires_grad
    assert set(found.flatten().nonzero().flatten().tolist()) == {1, 5}
    assert found[0, 1] > found[1, 2] > 0
    rise = 1 - gradients.self_similarity(looker, 0 * picture, picture).item()
    assert found.sum().item() == pytest.approx(rise, rel=1e-3)


def test_at_the_photo_itself_there_is_no_slope(embedded):
    tensor, _ = images.to_tensor(images.load_photo("cat.jpg"), embedded, size=32)
    for share, flat in ((1, True), (0.5, False)):
        picture = (share * tensor).requires_grad_()
        similar = gradients.self_similarity(embedded, picture, tensor)
        slope = torch.autograd.grad(similar, picture)[0].abs().max()
        assert (slope < 1e-5) == flat


def test_gradients_of_a_real_model_add_up(embedded):
    tensor, _ = images.to_tensor(images.load_photo("cat.jpg"), embedded, size=(24, 32))
    found = gradients.integrated_gradients(embedded, tensor, steps=32)
    rise = 1 - gradients.self_similarity(embedded, 0 * tensor, tensor).item()
    assert found.shape == (3, 4) and found.sum().item() == pytest.approx(rise, abs=0.02)
    with pytest.raises(ValueError):
        gradients.integrated_gradients(embedded, tensor.repeat(2, 1, 1, 1))
