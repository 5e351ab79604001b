"""What the trainer's loss has beside DINO's: contrast, and the terms on lengths and maps."""

import math

import pytest
import torch

from training import contrast, terms


def test_contrast_is_the_cross_entropy_of_finding_ones_own_picture():
    students = torch.nn.functional.normalize(torch.randn(3, 4, 8), dim=-1)
    teachers = torch.nn.functional.normalize(torch.randn(2, 4, 8), dim=-1)
    expected = []
    for t in range(2):
        for s in range(3):
            if s != t:
                for own in range(4):
                    likeness = torch.stack([students[s, own] @ teachers[t, j] for j in range(4)])
                    expected.append(-torch.log((likeness / 0.15).softmax(0)[own]))
    value = contrast.contrast(list(students), list(teachers))
    assert value.item() == pytest.approx(torch.stack(expected).mean().item(), rel=1e-4)


def test_a_mirrored_view_finds_its_patches_at_the_mirrored_places():
    keys = torch.eye(16)[None]  # every patch unlike every other
    mirror = torch.tensor([[[-1.0, 0, 0], [0, 1, 0]]])
    grid = torch.arange(16).view(4, 4)
    kept = grid[:, [0, 3]].reshape(1, -1)  # half of the patches, as a student sees them
    mirrored = grid.flip(1)[:, [0, 3]].flatten()
    there, elsewhere = keys[:, mirrored], keys[:, kept[0]]
    # All of these stand on the rim of the other view, which is still in it.
    right = contrast.patch_contrast(there, kept, keys, mirror)
    assert right.item() < 1e-3 < 5 < contrast.patch_contrast(elsewhere, kept, keys, mirror).item()


def test_patches_that_the_other_view_does_not_show_cost_nothing():
    away = torch.tensor([[[1.0, 0, 3], [0, 1, 0]]])
    tokens, kept = torch.randn(1, 16, 8), torch.arange(16)[None]
    assert contrast.patch_contrast(tokens, kept, tokens, away).item() == 0


def test_a_map_falls_in_two_where_its_sides_differ_most():
    small, large = torch.full((2, 16), 0.1), torch.rand(16) * 0.1
    small[0, 3] = 0.9
    small[1, :12] = 0.9
    assert terms.two_sides(small).sum(-1).tolist() == [1, 12]  # as large as the thing is
    large[5:9] += 1
    steps = torch.tensor([0.0] * 8 + [0.3] * 6 + [1.0] * 2)  # the mean lies below the second
    assert terms.two_sides(steps).nonzero()[:, 0].tolist() == [14, 15]
    for scale in (1, 1000):
        assert terms.two_sides(scale * large).nonzero()[:, 0].tolist() == [5, 6, 7, 8]


def test_lengths_agree_with_a_goal():
    goal = torch.tensor([[[False, True, False]]])
    there, elsewhere = torch.full((2, 1, 1, 3), 0.05)
    there[..., 1] = elsewhere[..., 2] = 0.9
    assert terms.agree(there, goal, 0.0) < 0.2 < 2 < terms.agree(elsewhere, goal, 0.0)
    # Smoothing asks for a little everywhere, so what is all in one place costs.
    assert terms.agree(there, goal, 0.3) > 0.3 + terms.agree(there, goal, 0.0)


def test_the_middle_of_a_goal_lies_deepest_and_its_outline_less():
    goal = torch.zeros(1, 1, 7, 7, dtype=torch.bool)
    goal[..., 1:6, 0:5] = True  # touches the picture's left rim, which is no outline
    depth = terms.inner(goal.flatten(-2)).view(7, 7)
    assert (depth[2:5, 0:4] == 1).all() and (depth[goal[0, 0].logical_not()] == 0).all()
    assert depth[1, 2] == pytest.approx(6 / 9) and depth[1, 4] == pytest.approx(4 / 9)
    thin = torch.arange(49)[None, None] // 7 == 3
    assert terms.inner(thin).max() == 1  # however thin, somewhere is its middle
    assert (terms.inner(torch.zeros(1, 1, 49, dtype=torch.bool)) == 0).all()


def test_lengths_as_a_map_are_highest_at_the_longest_token_whatever_their_unit():
    patches = torch.nn.functional.normalize(torch.randn(2, 9, 8), dim=-1)
    patches[:, 4] *= 3
    rows = terms.length_rows(patches)
    assert rows.shape == (2, 1, 9)
    assert torch.allclose(rows.sum(-1), torch.ones(2, 1))
    assert (rows.argmax(-1) == 4).all()
    assert torch.allclose(rows, terms.length_rows(100 * patches), atol=1e-5)


def test_only_the_best_head_of_a_picture_is_taught_and_the_highest_patch_of_their_mean():
    goal = torch.tensor([0, 0, 0, 0, 1, 1, 0, 0, 0], dtype=torch.bool)[None, None]
    near = (goal + 0.1).float() / 2.9
    far = (~goal + 0.1).float() / 7.9
    rows = torch.cat([near, far], 1).requires_grad_()
    terms.best_head(rows, goal).backward()
    assert rows.grad[0, 0].abs().sum() > 0 and rows.grad[0, 1].abs().sum() == 0
    assert terms.point(near, goal) < 0.1 < terms.point(far, goal)
    assert terms.point(torch.cat([near, far], 1), goal) < terms.point(far, goal)


def test_heads_that_are_one_map_are_alike_and_opposite_ones_are_not():
    one = torch.rand(1, 1, 9)
    assert terms.likeness(one.expand(1, 3, 9)).item() == pytest.approx(1, abs=1e-5)
    assert terms.likeness(torch.cat([one, 1 - one], 1)).item() == pytest.approx(-1, abs=1e-5)


def test_spread_is_of_lengths_and_blank_pictures_are_nearly_flat():
    even = torch.nn.functional.normalize(torch.randn(2, 5, 8), dim=-1)
    assert terms.spread(even).abs().max() < 1e-5
    longer = even * torch.tensor([1.0, 2, 3, 4, 5])[:, None]
    assert terms.spread(longer)[0].item() == pytest.approx(math.sqrt(2.5) / 3, rel=1e-4)
    blank = terms.blank(64, 16, torch.Generator().manual_seed(0))
    assert blank.flatten(2).std(-1).max() < 0.1 and 0 <= blank.min() and blank.max() <= 1
    assert blank.mean((2, 3)).std() > 0.2  # of all colours
    grey = (blank.mean((2, 3)).std(1) < 0.02).float().mean()
    assert 0.3 < grey < 0.7
