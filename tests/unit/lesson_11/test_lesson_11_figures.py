"""Lesson 11's figures: bars, curves, rows, stages and the diagram."""

import math

import numpy as np
import pytest
import torch
from by_hand import CURVES

from bilingual import named
from training import figures, lesson, snapshots, told


def test_bars_show_an_answer_and_how_unsure_it_is():
    fig = figures.bars(torch.tensor([0.5, 0.5, 0.0, 0.0]))
    assert [bar.get_height() for bar in fig.axes[0].patches] == [0.5, 0.5, 0, 0]
    assert "0.69, ln K = 1.39" in fig.axes[0].get_title()


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
