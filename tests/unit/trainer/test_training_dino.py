"""The trainer's DINO against plain torch: teacher, centre, loss and network."""

import math

import pytest
import torch

from training import dino, network


def test_teacher_moves_by_the_moving_average():
    student, teacher = torch.nn.Linear(3, 2), torch.nn.Linear(3, 2)
    expected = 0.9 * teacher.weight + 0.1 * student.weight
    dino.update_teacher(teacher, student, 0.9)
    assert torch.allclose(teacher.weight, expected)


def test_centre_is_the_running_mean_of_the_teachers_scores():
    loss = dino.Loss(out=4, centre_momentum=0.9)
    scores = torch.randn(6, 4)
    loss.update_centre(scores)
    loss.update_centre(scores)
    assert torch.allclose(loss.centre, 0.1 * scores.mean(0) * (1 + 0.9))
    still = dino.Loss(out=4, centring=False)
    still.update_centre(scores)
    assert still.centre.abs().sum() == 0


def test_loss_is_the_cross_entropy_of_every_other_pair_of_crops():
    loss = dino.Loss(out=5, student_temp=0.1, teacher_temp=0.04)
    loss.centre = centre = torch.randn(5)
    student, teacher = torch.randn(3, 2, 5), torch.randn(2, 2, 5)  # two global, one local
    expected = []
    for t in range(2):
        for s in range(3):
            if t != s:
                answer = ((teacher[t] - centre) / 0.04).softmax(-1)
                log = torch.log((student[s] / 0.1).softmax(-1))
                expected.append(-(answer * log).sum() / 2)
    value, watch = loss(list(student), list(teacher))
    assert value == pytest.approx(sum(expected).item() / 4, rel=1e-4)
    assert 0 <= watch["entropy"] <= watch["batch_entropy"] <= math.log(5) + 1e-6


def test_koleo_is_lower_for_a_batch_that_is_spread_out():
    spread = torch.eye(4)
    close = torch.nn.functional.normalize(1 + 0.1 * spread)
    assert dino.koleo(spread).item() == pytest.approx(-math.log(math.sqrt(2)))
    assert dino.koleo(close) > dino.koleo(spread) + 1


def test_crops_of_mixed_sizes_come_back_in_order():
    network = dino.Network(dino.build_backbone(depth=1), dino.Head(out=8)).eval()
    crops = [torch.randn(2, 3, size, size) for size in (32, 16, 32)]
    scores, *_ = network(crops)
    alone = [network([crop])[0][0] for crop in crops]
    assert all(torch.allclose(a, b, atol=1e-5) for a, b in zip(scores, alone))


def test_the_student_sees_a_share_of_the_patches_and_says_which():
    network = dino.Network(dino.build_backbone(depth=1), dino.Head(out=8), hide=0.5)
    seen, caught = torch.randn(2, 3, 32, 32), []
    network.backbone.blocks[0].register_forward_pre_hook(lambda m, a: caught.append(a[0]))
    _, _, tokens, kept = network([seen])
    assert tokens[0].shape == (2, 8, 192) and kept[0].shape == (2, 8)
    everything = network.backbone.eval()._pos_embed(network.backbone.patch_embed(seen))
    for picture in range(2):
        stayed = everything[picture, [0, *(kept[0][picture] + 1).tolist()]]
        assert torch.allclose(caught[0][picture], stayed, atol=1e-6)
    _, _, tokens, kept = dino.make_teacher(network)([seen])
    assert kept[0].tolist() == [list(range(16))] * 2


def test_a_network_answers_for_its_mean_token_and_tells_where_its_cls_token_looks():
    whole = network.Network(dino.build_backbone(depth=2), answers=8, hide=0.5).eval()
    first, local = torch.randn(2, 3, 32, 32), torch.randn(2, 3, 16, 16)
    large, small = whole([first, local])
    tokens = whole.backbone.forward_features(local)
    assert torch.allclose(small.tokens, tokens[:, 1:], atol=1e-5)
    expected = whole.mean_head(tokens[:, 1:].mean(1))
    assert torch.allclose(small.mean, expected / expected.norm(dim=1)[:, None], atol=1e-5)
    assert large.rows.shape == (2, 6, 16) and (large.rows.sum(-1) < 1).all()
    weights = torch.rand(2, 6, 5, 5)
    recorder = network.Watched(0.5)
    recorder(weights)
    assert torch.equal(recorder.rows, weights[:, :, 0, 1:])
