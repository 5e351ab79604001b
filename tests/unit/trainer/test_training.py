"""A training: its schedule and goals, how it is resumed, and that it ends in time."""

import json

import pytest
import torch
from small_run import options

from training import dino, network, terms, train
from training.pool import load_pool, pack


def test_schedule_warms_up_then_falls():
    values = [dino.cosine(step, 100, 1.0, 0.1, warmup=10) for step in range(101)]
    assert values[10] == 1.0
    assert values[0] == pytest.approx(0.1) and values[100] == pytest.approx(0.1)
    assert values[55] == pytest.approx(0.55)  # half-way down


def test_shares_of_a_training_are_scheduled_as_its_steps():
    for step in (0, 5, 10, 40, 100):
        assert dino.share(step / 100, 1.0, 0.1) == pytest.approx(dino.cosine(step, 100, 1.0, 0.1))
    assert dino.share(0.05, 1.0, 0.1, warmup=0.1) == pytest.approx(0.5)
    assert dino.share(0.1, 1.0, 0.1, warmup=0.1) == 1.0


def test_what_one_ground_alone_makes_long_is_no_goal():
    def view(*places):
        rows, tokens = torch.full((1, 2, 16), 0.01), torch.ones(1, 16, 4)
        rows[..., list(places)] = 0.2
        tokens[:, list(places)] = 2.0
        return network.Seen(None, None, None, tokens, None, rows)

    views = [view(5, 6, 1), view(5, 6, 14), view(5, 6, 11)]
    assert train.Run.goal(views)[0, 0].nonzero()[:, 0].tolist() == [5, 6]
    assert train.Run.goal(views[:1])[0, 0].nonzero()[:, 0].tolist() == [1, 5, 6]


def test_every_large_view_has_the_goal_of_its_own_window(pool, tmp_path, monkeypatch):
    met = []
    monkeypatch.setattr(terms, "point", lambda rows, goal: met.append(goal) or rows.sum() * 0)
    windows = [torch.arange(9) < 3, torch.arange(9) >= 5]
    goals = iter([window.expand(4, 1, 9) for window in windows])
    monkeypatch.setattr(train.Run, "goal", staticmethod(lambda views: next(goals)))
    run = train.Run(options(tmp_path, "--on-grounds", 2, "--hide", 0), pool)
    run.costs()
    assert [goal[0, 0].nonzero()[:, 0].tolist() for goal in met] == [[0, 1, 2], [5, 6, 7, 8]] * 2
    goals = iter([window.expand(4, 1, 9) for window in windows])
    run.student.hide, met[:] = 0.5, []
    run.costs()
    assert [goal.shape[-1] for goal in met] == [5] * 4  # of the patches that are seen


def test_a_resumed_run_ends_with_the_same_weights(pool, tmp_path, monkeypatch):
    straight = train.train(options(tmp_path / "straight", "--steps", 4), pool)
    # The first half of the same schedule, as if the run of 4 steps had been cut at 2.
    share = train.Run.done
    cut = property(lambda run: 1 if run.step == 2 else run.step / 4)
    monkeypatch.setattr(train.Run, "done", cut)
    train.train(options(tmp_path / "cut", "--steps", 4), pool)
    monkeypatch.setattr(train.Run, "done", share)
    resumed = train.train(options(tmp_path / "cut", "--steps", 4), pool)
    assert resumed.step == straight.step == 4
    for a, b in zip(straight.teacher.parameters(), resumed.teacher.parameters(), strict=True):
        assert torch.equal(a, b)


def test_a_training_by_the_minute_ends_in_time_and_leaves_weights_on_the_way(
    pool, tmp_path, monkeypatch
):
    ticks = iter(range(0, 10**6, 6))  # every step takes six seconds of this clock
    monkeypatch.setattr(train.time, "perf_counter", lambda: next(ticks))
    pack(pool, tmp_path / "pool.zip")
    chosen = options(tmp_path, "--minutes", 0.3, "--save-minutes", 0.2)
    run = train.train(chosen, load_pool(tmp_path / "pool.zip"))
    assert run.step == 3 and run.minutes == pytest.approx(0.3)
    rows = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == [2, 3] and "norm_auc" in rows[-1]
    names = sorted(path.name for path in tmp_path.glob("step_*"))
    assert names == ["step_000002.safetensors", "step_000003.safetensors"]
    # Weights that a run left, half as precise, are what another one begins with.
    begun = train.Run(options(tmp_path, "--start-from", tmp_path / names[-1]), pool)
    for a, b in zip(begun.student.backbone.parameters(), run.teacher.backbone.parameters()):
        assert torch.allclose(a, b, atol=2e-3)
