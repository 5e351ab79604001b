"""Lesson 11: the shapes, the small training, its experiments and figures, and the checks."""

import math
from dataclasses import asdict

import numpy as np
import pytest
import torch
from verdicts import all_different_hints, passes, unanswered

from bilingual import named
from classroom.checks import lesson_11 as checks
from training import dino, experiments, figures, lesson, shapes, snapshots, told
from training.scenes import Scenes

CURVES = ("loss", "entropy", "batch_entropy")


@pytest.fixture(scope="module")
def pool():
    return shapes.draw_pool()


@pytest.fixture(scope="module")
def stored():
    return experiments.load()["runs"]


# --- pictures ---


@pytest.mark.parametrize("shape", shapes.SHAPES)
def test_a_shape_lies_within_its_square(shape):
    mask = shape(*shapes.plane(64))
    assert mask.dtype == torch.bool and 0.1 < mask.float().mean() < 0.9
    corners = mask[[0, 0, -1, -1], [0, -1, 0, -1]]
    assert not corners.any()
    assert torch.equal(mask, mask.flip(1))  # all of them are the same in a mirror


def test_a_star_has_five_points_and_one_of_them_is_up():
    x, y = (0.8 * f(torch.arange(3600) / 3600 * 2 * math.pi) for f in (torch.sin, torch.cos))
    inside = shapes.star(x, y)
    assert (inside & ~inside.roll(1)).sum() == 5
    assert shapes.star(torch.tensor(0.0), torch.tensor(-0.8))
    assert not shapes.star(torch.tensor(0.0), torch.tensor(0.8))


def test_a_pool_is_the_same_for_the_same_seed_and_has_every_shape(pool):
    again, other = shapes.draw_pool(), shapes.draw_pool(seed=1)
    assert all(torch.equal(pool[name], again[name]) for name in pool)
    assert not torch.equal(pool["cutouts"], other["cutouts"])
    assert len(torch.unique(pool["cutouts"][:, 3].flatten(1), dim=0)) == len(shapes.SHAPES)
    assert 0.15 < pool["cutout_held"].float().mean() < 0.35


def test_my_own_shape_is_drawn():
    pool = shapes.draw_pool(count=4, size=16, shapes=[lambda x, y: x > 0])
    alpha = pool["cutouts"][:, 3]
    assert (alpha[:, :, :8] == 0).all() and (alpha[:, :, 8:] == 255).all()


def test_textures_differ_and_fill_their_range():
    textures = shapes.draw_textures(64, 32, torch.Generator().manual_seed(0))
    assert textures.shape == (64, 3, 32, 32) and textures.dtype == torch.uint8
    textures = textures / 255
    flat = textures.flatten(2).std(2).amax(1) < 0.01  # one colour all over
    assert 0 < flat.sum() < 32


def test_views_are_two_large_crops_and_some_small_ones_of_the_same_scene(pool):
    crops = shapes.draw_views(Scenes(pool), 3, local_crops=2)
    sides = [shapes.SIZE] * 2 + [shapes.LOCAL_SIZE] * 2
    assert [tuple(c.shape) for c in crops] == [(3, 3, side, side) for side in sides]
    again = shapes.draw_views(Scenes(pool), 3, local_crops=2)
    assert all(torch.equal(a, b) for a, b in zip(crops, again))


@pytest.fixture
def plain(pool):
    """White shapes on black grounds: the mask is where the picture is bright."""
    cutouts = torch.cat([torch.full_like(pool["cutouts"][:, :3], 255), pool["cutouts"][:, 3:]], 1)
    return pool | {"cutouts": cutouts, "grounds": torch.zeros_like(pool["grounds"])}


def test_held_out_masks_lie_on_the_shapes_and_none_is_empty(plain):
    pictures, masks = shapes.held_out(plain)
    bright = torch.nn.functional.avg_pool2d(pictures[:, :1], shapes.PATCH)[:, 0]
    assert masks.shape == (128, *shapes.GRID) and masks.flatten(1).any(1).all()
    assert torch.equal(masks & (bright > 0.51), bright > 0.51)
    assert (bright[masks] > 0.49).float().mean() > 0.95


def test_a_shape_too_small_for_half_a_patch_still_has_its_mask(plain, monkeypatch):
    monkeypatch.setattr(shapes, "HELD_OUT_SCALE", (0.05, 0.08))
    pictures, masks = shapes.held_out(plain)
    covered, seen = masks.flatten(1).sum(1), pictures.flatten(1).amax(1) > 0
    assert seen.float().mean() > 0.5  # so small a shape may also stand beside the picture
    assert torch.equal(covered > 0, seen) and covered.max() <= 4


# --- training ---


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


def test_bars_show_an_answer_and_how_unsure_it_is():
    fig = figures.bars(torch.tensor([0.5, 0.5, 0.0, 0.0]))
    assert [bar.get_height() for bar in fig.axes[0].patches] == [0.5, 0.5, 0, 0]
    assert "0.69, ln K = 1.39" in fig.axes[0].get_title()


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


# --- the recorded experiments ---


def test_stored_settings_are_what_the_code_would_run(stored):
    assert list(stored) == list(experiments.RUNS)
    for name, run in stored.items():
        assert run["settings"] == asdict(experiments.settings(name))
        assert all(len(run[curve]) == experiments.STEPS for curve in CURVES)
        assert list(run["jaccard"])[-1] == str(experiments.STEPS)


def test_stored_runs_say_where_they_were_made():
    assert set(experiments.load()["machine"]) >= {"processor", "threads", "torch", "date"}


def end(run):
    """Mean of the last ten steps of the three curves."""
    return [np.mean(run[curve][-10:]) for curve in CURVES]


def test_stored_curves_show_both_collapses_and_that_both_brakes_prevent_them(stored):
    limit = math.log(lesson.Settings().answers)
    loss, entropy, batch_entropy = end(stored["bare, no centring"])
    assert max(loss, entropy, batch_entropy) < 0.2  # one answer for every picture
    loss, entropy, batch_entropy = end(stored["bare, no sharpening"])
    assert abs(loss - limit) < 0.1 and entropy > 0.97 * limit and batch_entropy > 0.97 * limit
    _, entropy, batch_entropy = end(stored["bare"])
    assert entropy < 0.8 * limit and batch_entropy > 3
    _, entropy, batch_entropy = end(stored["DINO"])
    assert entropy < 0.5 * limit and batch_entropy > 3


@pytest.mark.parametrize("name", ["bare, no centring", "bare, no sharpening"])
def test_the_first_steps_of_a_collapse_come_out_again(pool, stored, name):
    """The store was made by this code: other processors differ, but only a little so early."""
    training = lesson.Training(pool, **asdict(experiments.settings(name)))
    training.run(5)
    for curve in CURVES:
        assert np.allclose(training.curves[curve], stored[name][curve][:5], atol=0.05)


def test_experiments_writes_the_runs_that_are_asked_for(tmp_path, monkeypatch):
    monkeypatch.setattr(experiments, "FILE", tmp_path / "experiments.json")
    monkeypatch.setattr(experiments, "STEPS", 2)
    monkeypatch.setitem(experiments.RUNS, "bare", {"batch": 4, "local_crops": 0})
    experiments.main(["bare"])
    runs = experiments.load()["runs"]
    assert list(runs) == ["bare"] and len(runs["bare"]["loss"]) == 2
    assert list(runs["bare"]["jaccard"]) == ["0", "2"]


# --- figures ---


def test_curves_show_ln_k_and_keep_their_size():
    short = {name: [5.0, 4.0] for name in CURVES}
    long = {name: [4.0] * 90 for name in CURVES}
    drawn = [figures.curves({"a": run}, 128, steps=100, weights="w") for run in (short, long)]
    sizes = {tuple(fig.get_size_inches()) for fig in drawn}
    assert len(sizes) == 1 and len(drawn[0].axes) == 3
    for fig in drawn:
        for ax in fig.axes:
            assert ax.get_xlim() == (0, 100)
            dashed = ax.lines[-1].get_ydata()
            assert dashed[0] == pytest.approx(math.log(128)) and ax.get_ylim()[1] > dashed[0]
    assert drawn[0].get_supxlabel() == "가중치 weights: w"


def test_no_curve_leaves_its_axes_and_one_that_bursts_is_drawn():
    runs = {"a": {n: [4.0, 4.0] for n in CURVES}}
    runs["b"] = runs["a"] | {"loss": [11.0, math.inf, math.nan]}
    fig = figures.curves(runs, 128, weights="w")
    assert all(11 < ax.get_ylim()[1] < 13 for ax in fig.axes)  # one scale for all three


def test_curves_are_smoothed_by_the_steps_before():
    fig = figures.curves({"a": {n: [*range(20)] for n in CURVES}}, 8, weights="w")
    smooth = fig.axes[0].lines[1].get_ydata()
    assert smooth[0] == 0 and smooth[1] == 0.5 and smooth[19] == np.mean(range(10, 20))


def test_rows_draw_pictures_and_maps_under_their_labels():
    pictures, maps = torch.rand(3, 3, 8, 8), torch.rand(3, 4, 4)
    fig = figures.rows({"위 top": pictures, "아래 below": maps}, weights="w")
    drawn = [np.asarray(ax.images[0].get_array()) for ax in fig.axes]
    assert np.allclose(drawn[1], pictures[1].permute(1, 2, 0)) and np.allclose(drawn[5], maps[2])
    assert [fig.axes[i].get_title(loc="left") for i in (0, 3)] == ["위 top", "아래 below"]
    assert fig.get_supxlabel() == "가중치 weights: w"


def test_live_curves_are_shown_once_and_then_replaced(pool, monkeypatch):
    calls = []

    class Handle:
        def update(self, figure):
            calls.append(("update", figure))

    def display(figure, display_id):
        calls.append(("display", figure))
        return Handle()

    monkeypatch.setattr(figures, "display", display)
    training = lesson.Training(pool, steps=3, batch=4, local_crops=0, answers=16)
    training.run(3, figures.live_curves(), every=1)
    assert [kind for kind, _ in calls] == ["display", "update", "update"]
    for step, (_, figure) in enumerate(calls, start=1):
        loss = figure.axes[0]
        assert loss.lines[0].get_ydata().tolist() == training.curves["loss"][:step]
        assert loss.get_xlim() == (0, 3) and f"({step} " in figure.get_supxlabel()
        assert loss.lines[-1].get_ydata()[0] == pytest.approx(math.log(16))


def test_stages_are_drawn_under_their_names_and_the_line_is_at_the_step():
    stored = snapshots.load()
    strip = told.draw_stages(stored)
    titles = [ax.get_title() for ax in strip.axes]
    assert titles[: len(stored.names)] == [named(name) for name in stored.names]
    fig = told.draw_stage(stored, 3)
    assert fig.axes[2].get_title() == named(stored.names[3])
    assert fig.axes[2].lines[-1].get_xdata()[0] == stored.steps[3]
    upright = [len(told.draw_stage(stored, i).axes[2].lines) - 3 for i in range(len(stored.names))]
    assert upright == [name.startswith("step") for name in stored.names]
    first, last = (
        np.asarray(told.draw_stage(stored, i).axes[0].images[0].get_array()) for i in (0, 3)
    )
    assert (first != last).any()


def test_the_diagram_says_who_teaches_whom_and_where_gradients_stop():
    words = " ".join(t.get_text() for t in told.draw_dino().axes[0].texts)
    for word in ("student", "teacher", "EMA", "centre", "temperature", "gradients stop"):
        assert word in words, word


# --- checks ---


def dino_loss(student, teacher, centre):
    p = ((teacher - centre) / 0.02).softmax(-1).detach()
    return -(p * (student / 0.06).log_softmax(-1)).sum(-1).mean()


def test_check_loss(said):
    """The mistakes that test_exercises doesn't have as a student would type them."""
    assert passes(said(checks.check_loss, dino_loss))
    assert unanswered(said(checks.check_loss, ...))

    def scaled(by):
        return lambda s, t, c: by * dino_loss(s, t, c)

    def off(student=0.0, teacher=0.0):  # what is added to the centre that each has taken off
        return lambda s, t, c: dino_loss(s - student * c, t - teacher * c, c)

    all_different_hints(
        said(checks.check_loss, wrong)
        for wrong in (
            "softmax",
            lambda s: s,
            lambda s, t, c: None,
            lambda s, t, c: s,
            lambda s, t, c: s.sum(),
            scaled(-1),
            scaled(4),
            scaled(1 / 8),
            off(student=1),
            off(teacher=-1),
            off(teacher=0.02 - 1),
            lambda s, t, c: dino_loss(0.06 * s, 0.02 * (t - c) + c, c),
            lambda s, t, c: (
                -((((t - c) / 0.02).softmax(-1)) * (s / 0.06).softmax(-1)).sum(-1).mean()
            ),
        )
    )


def test_check_average(said):
    assert passes(said(checks.check_average, lambda old, new, m: old + (1 - m) * (new - old)))
    assert unanswered(said(checks.check_average, ...))
    all_different_hints(
        said(checks.check_average, wrong)
        for wrong in (
            0.98,
            lambda old: old,
            lambda old, new, m: None,
            lambda old, new, m: (1 - m) * old + m * new,
            lambda old, new, m: new,
            lambda old, new, m: old,
            lambda old, new, m: m * old + new,
            lambda old, new, m: m * (old + new),
            lambda old, new, m: (old + new) / 2,
        )
    )


def test_check_collapse(said):
    assert passes(said(checks.check_collapse, ("centring", "sharpening")))
    assert passes(said(checks.check_collapse, ["centring", "sharpening"]))
    assert unanswered(said(checks.check_collapse, ...))
    all_different_hints(
        said(checks.check_collapse, wrong)
        for wrong in (
            ("sharpening", "centring"),
            ("centring", "centring"),
            ("EMA", "multi-crop"),
            7,
        )
    )


def test_the_mystery_runs_are_the_exercise_s(stored):
    assert experiments.mystery() == {
        "A": stored["bare, no centring"],
        "B": stored["bare, no sharpening"],
    }
