"""Lesson 12: figures that lie, the number that gives each away, and what the checks say."""

import itertools

import pytest
import torch
from verdicts import all_different_hints, passes, unanswered

from bilingual import BadInput
from classroom.checks import lesson_12 as checks
from helpers import models
from helpers.plots import DPI
from topics import lies

# What the number is where a figure is right; where it is no whole number, a bound.
TRUE = {"axis": 1, "shift": 1, "input": 0, "square": 1, "padding": 1, "apart": 1, "picked": 1}


@pytest.fixture(scope="module")
def model():
    return models.load_model("embedded")


@pytest.fixture(scope="module")
def hand(model):
    return lies.deal(12, model)


@pytest.mark.parametrize("kind", lies.KINDS)
def test_the_number_tells_the_right_figure_from_the_one_that_lies(model, kind):
    right, lying = lies.pair(kind, model, seed=5)
    assert (right.lie, lying.lie) == (lies.RIGHT, kind) and right.claim == lying.claim
    good, bad = (lies.number(case, kind) for case in (right, lying))
    assert not checks._near(bad, good)
    if kind in TRUE:
        assert good == pytest.approx(TRUE[kind], abs=1e-4)
    own = {"untrained": 0, "stale": 0, "sign": -1, "square": 12 / 9, "padding": 48 / 41, "shift": 0}
    if kind in own:
        assert bad == pytest.approx(own[kind], abs=1e-4)
    if kind == "half":  # half of a token stays its own in each of six blocks
        assert bad < 0.5**6 < good
    if kind == "clipped":
        assert good < 0.02 and bad == pytest.approx(0.4, abs=0.03)


@pytest.mark.parametrize("kind", lies.KINDS)
def test_a_lie_leaves_all_other_numbers_as_they_should_be(model, kind):
    """So a figure has one name only; √N and padding share a number, columns tell them apart."""
    _, lying = lies.pair(kind, model, seed=5)
    for other in set(lies.suspicions(lying)) - {kind, "square", "padding"}:
        found = lies.number(lying, other)
        if other in TRUE:
            assert found == pytest.approx(TRUE[other], abs=1e-4), other
        else:
            assert found > 1e-4 and (other != "clipped" or found < 0.02), other


def test_a_picture_shows_what_its_numbers_say(model):
    right, lying = lies.pair("axis", model)
    assert torch.equal(right.map.flatten(), right.numbers.mean(0)[1:])
    assert right.picture.tobytes() != lying.picture.tobytes()
    assert torch.equal(right.again(right.tensor), right.map)


def test_a_number_deals_the_same_hand_again_and_another_number_another(model, hand):
    again, other = lies.deal("12", model), lies.deal(13, model)
    assert [c.picture.tobytes() for c in again] == [c.picture.tobytes() for c in hand]
    assert [c.lie for c in other] != [c.lie for c in hand]
    for cases in (hand, other):
        assert len(cases) == 12 and 6 <= sum(c.lie != lies.RIGHT for c in cases) <= 8
        assert sum(c.claim == "attention" for c in cases) == 6


def test_a_student_s_model_stays_as_it_was(model):
    before = model.norm.weight.clone()
    lies.pair("untrained", model)
    assert torch.equal(model.norm.weight, before)


def test_no_such_lie_is_said(model):
    with pytest.raises(BadInput, match="axis, shift, "):
        lies.pair("typo", model)


def test_a_hand_is_drawn_with_its_claims_and_never_its_lies(model, hand):
    fig = lies.draw_cases(hand[:5], model, first=3, columns=4)
    titles = [ax.get_title() for ax in fig.axes]
    assert titles[4].startswith("7. ") and titles[5:] == [""] * 3
    assert titles[0] == "3. " + "\n".join(lies.CLAIMS[hand[0].claim][1:])
    assert "그림의 주장" in fig.get_supxlabel()
    lying, right = (lies.draw_cases([c], model) for c in lies.pair("untrained", model))
    assert lying.get_supxlabel() == right.get_supxlabel()


def test_captions_can_be_read_and_do_not_meet(model, hand):
    fig = lies.draw_cases(hand, model)
    fig.draw_without_rendering()
    boxes = [ax.title.get_window_extent() for ax in fig.axes]
    assert len(boxes) == 12 and all(ax.title.get_fontsize() * DPI / 72 >= 8 for ax in fig.axes)
    pairs = itertools.combinations(boxes, 2)
    assert not [a for a, b in pairs if a.y0 == b.y0 and a.x0 - 4 < b.x1 and b.x0 - 4 < a.x1]
    assert all(0 <= box.x0 and box.x1 <= fig.bbox.width for box in boxes)


def test_the_answers_pass_and_every_slip_is_known(said, model, hand):
    assert passes(said(checks.check_fourth, lies.answers(hand)[9:], hand))
    assert unanswered(said(checks.check_fourth, [..., "right", "right"], hand))
    for kind in ("axis", "clipped", "input", "half", "square", "padding", "apart"):
        three = [lies.pair(kind, model)[1]] * 3

        def check(answer, three=three):
            return said(checks.check_first, answer, three)

        truth = lies.answers(three)
        assert passes(check(truth))
        slips = [float(number) for number, *_ in checks.slips(three[0])]
        assert slips
        wrong = [(kind, slip) for slip in slips] + [(kind, -7.0), kind, "right", "typo"]
        all_different_hints([check([answer, *truth[1:]]) for answer in wrong])
