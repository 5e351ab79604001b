"""Lesson 11's small training: its runs, its switches, and the reader's own loss and average."""

import numpy as np
import pytest
import torch
from by_hand import CURVES, dino_loss

from training import dino, lesson, shapes


def test_a_run_in_two_parts_equals_a_run_in_one(pool):
    small = {"steps": 4, "batch": 8, "local_crops": 1}
    straight = lesson.Training(pool, **small)
    straight.run(4)
    parted = lesson.Training(pool, **small)
    seen = []
    parted.run(2, lambda t: seen.append(t.step), every=1)
    parted.run(2)
    assert seen == [1, 2] and parted.curves == straight.curves
    for a, b in zip(straight.teacher.parameters(), parted.teacher.parameters()):
        assert torch.equal(a, b)


def test_a_run_uses_one_thread_and_gives_the_others_back(pool):
    torch.set_num_threads(2)
    training, seen = lesson.Training(pool, batch=4, local_crops=0), []
    training.run(1, lambda t: seen.append(torch.get_num_threads()))
    assert seen == [1] and torch.get_num_threads() == 2
    with pytest.raises(ZeroDivisionError):
        training.run(1, lambda t: 1 / 0)  # a run that is stopped gives them back, too
    assert torch.get_num_threads() == 2


def test_another_seed_starts_elsewhere_and_sees_other_pictures(pool):
    first, other = (lesson.Training(pool, seed=seed, batch=4) for seed in (0, 1))
    tokens = [t.student.backbone.pos_embed for t in (first, other)]
    assert not torch.equal(*tokens)
    assert not torch.equal(first.draw_crops()[0], other.draw_crops()[0])


def test_looking_does_not_change_the_training(pool):
    small = {"steps": 2, "batch": 8, "local_crops": 0}
    pictures, masks = shapes.held_out(pool, 8)
    looked, left_alone = lesson.Training(pool, **small), lesson.Training(pool, **small)
    torch.manual_seed(0)  # what the second one's making left behind
    left_alone.run(2)
    torch.manual_seed(0)
    looked.run(2, lambda t: t.jaccard(pictures, masks), every=1)
    assert looked.curves == left_alone.curves


def test_a_short_run_learns_to_look_at_the_shapes(pool):
    training = lesson.Training(pool, steps=100)
    pictures, masks = shapes.held_out(pool)
    untrained = training.jaccard(pictures, masks)
    training.run(100)
    assert training.jaccard(pictures, masks) > untrained + 0.05
    entropy, batch_entropy = (np.mean(training.curves[n][-10:]) for n in CURVES[1:])
    assert entropy < 2.5 < batch_entropy  # no collapse of either kind


def test_best_head_is_chosen_for_each_picture_with_the_answer_in_hand():
    masks = torch.zeros(2, 4, 4, dtype=torch.bool)
    masks[:, :2, :2] = True
    right, wrong = masks[0] / 4.0, (~masks[0]) / 12.0
    attention = torch.stack([torch.stack([right, wrong]), torch.stack([wrong, right])])
    best, found = lesson.best_head(attention, masks, mass=0.99)
    assert torch.equal(best, torch.stack([right, right])) and found.tolist() == [1, 1]


def test_baselines_are_the_middle_and_networks_of_other_seeds():
    masks = torch.zeros(1, *shapes.GRID, dtype=torch.bool)
    masks[:, 2:6, 2:6] = True
    pictures = torch.rand(1, 3, shapes.SIZE, shapes.SIZE)
    found = [*lesson.baselines(pictures, masks).values()]
    corner = [*lesson.baselines(pictures, masks.roll((-2, -2), (1, 2))).values()]
    assert len(found) == 4 and found[0] > 0.5 > corner[0]
    assert len(set(found[1:])) > 1


def test_the_switches_reach_the_parts(pool):
    training = lesson.Training(
        pool, centring=False, sharpening=False, norm=False, free_prototypes=True, answers=16
    )
    assert not training.loss.centring
    assert training.loss.teacher_temp == training.loss.student_temp
    assert not any(isinstance(m, torch.nn.BatchNorm1d) for m in training.student.modules())
    assert training.student.head.prototypes.requires_grad
    assert any(
        training.student.head.prototypes is p for p in training.optimizer.param_groups[0]["params"]
    )
    assert training.student.head.prototypes.shape[0] == 16
    assert len(lesson.Training(pool, local_crops=0).draw_crops()) == 2


def test_without_ema_the_teacher_is_the_student(pool):
    training = lesson.Training(pool, momentum=0.0, batch=8, local_crops=0)
    training.run(1)
    for a, b in zip(training.teacher.parameters(), training.student.parameters()):
        assert torch.allclose(a, b)


def test_the_reader_s_own_loss_and_average_train_as_ours_do(pool):
    small = {"batch": 4, "local_crops": 1}
    runs = []
    for own in ((..., ...), (dino_loss, lambda a, b, m: m * a + (1 - m) * b)):
        runs.append(lesson.Training(pool, *own, **small))  # sows the seed of what is hidden
        runs[-1].loss.centre += torch.linspace(-0.5, 0.5, 128)  # one that matters
        runs[-1].run(1)
    ours, yours = runs
    for a, b in zip(ours.student.parameters(), yours.student.parameters()):
        assert a.grad is None or torch.allclose(a.grad, b.grad, atol=1e-4)
    for a, b in zip(ours.teacher.parameters(), yours.teacher.parameters()):
        assert torch.allclose(a, b, atol=1e-5)
    assert "yours" not in ours.parts and "ours | EMA" in ours.parts
    assert yours.parts.count("yours") == 2


def test_a_wrong_loss_and_average_of_the_reader_s_are_used_too(pool):
    still = lesson.Training(pool, lambda s, t, c: 0 * s.sum(), koleo=0.0, batch=4, local_crops=0)
    still.run(1)
    moved = lesson.Training(pool, average=lambda a, b, m: a + 1, batch=4, local_crops=0)
    before = next(moved.teacher.parameters()).clone()
    moved.run(1)
    assert torch.equal(next(moved.teacher.parameters()), before + 1)
    gradients = [p.grad for p in still.student.parameters() if p.grad is not None]
    assert gradients and not any(g.any() for g in gradients)


def test_koleo_counts_as_much_as_it_is_told(pool, monkeypatch):
    def weights(koleo):
        training = lesson.Training(pool, batch=8, local_crops=0, koleo=koleo)
        training.run(1)
        return torch.nn.utils.parameters_to_vector(training.student.head.parameters())

    with_it, without = weights(0.3), weights(0.0)
    monkeypatch.setattr(dino, "koleo", lambda place: -place.sum())
    assert torch.equal(weights(0.0), without)
    assert not torch.equal(weights(0.3), with_it)
