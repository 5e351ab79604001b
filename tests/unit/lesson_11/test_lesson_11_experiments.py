"""Lesson 11's recorded experiments: the store is what the code runs, and shows what it should."""

import math
from dataclasses import asdict

import numpy as np
import pytest
from by_hand import CURVES

from training import experiments, lesson


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


def test_the_mystery_runs_are_the_exercise_s(stored):
    assert experiments.mystery() == {
        "A": stored["bare, no centring"],
        "B": stored["bare, no sharpening"],
    }
