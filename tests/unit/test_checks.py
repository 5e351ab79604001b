"""What all checks have in common, and what the exercises as the notebooks have them can't show."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell
from PIL import Image
from verdicts import all_different_hints, passes, unanswered

from classroom import lessons
from classroom.checks import lesson_00, lesson_01, lesson_02, lesson_03, lesson_04
from classroom.checks.exercise import exercise
from helpers import encoding, overlay


@exercise("두 수", "Two numbers")
def check_two(answer):
    return [((1, 2.0), "그렇습니다.", "Yes."), ((2.0, 1), "거꾸로.", "Swapped."), (..., "?", "?")]


@pytest.mark.parametrize(
    "answer", [(1, 2), [1, 2], np.array([1, 2]), torch.tensor([1, 2], dtype=torch.bfloat16)]
)
def test_an_answer_counts_in_any_form_of_its_numbers(said, answer):
    assert passes(said(check_two, answer))


def test_a_parameter_of_a_network_is_an_answer(said):
    assert passes(said(check_two, torch.nn.Parameter(torch.tensor([1.0, 2.0]))))


def test_what_is_no_answer_never_raises(said):
    assert unanswered(said(check_two, ...)) and unanswered(said(check_two, (1, ...)))
    odd = (12, None, "1, 2", object(), {1, 2}, check_two, float("nan"), [], (1,))
    for answer in odd:
        assert said(check_two, answer).startswith("아직 아닙니다.")
    assert "Swapped." in said(check_two, (2, 1))


def test_large_numbers_are_told_apart(said):
    """Numbers may be off by a share, which must not make 3,600 tokens 3,601."""
    assert passes(said(lesson_01.check_tokens, 3601, image=960, patch=16))
    all_different_hints([said(lesson_01.check_tokens, n, image=960, patch=16) for n in (3600, 60)])


def test_shares_that_are_nearly_even_are_told_apart(said):
    """A head that looks evenly: shares of 197 tokens differ in the fifth decimal."""
    generator = torch.Generator().manual_seed(0)
    q, k = torch.randn(2, 197, 6, generator=generator) / 10
    encoded = encoding.Encoded(q[None], (14, 14), 1)
    where = dict(q=q, k=k, encoded=encoded, heads=2, head=1, patch=(5, 7))
    cls_row = (q[0, 3:] @ k[:, 3:].T / 3**0.5).softmax(dim=-1)
    assert "CLS token asks" in said(lesson_04.check_attention_row, cls_row, **where)


def test_tokens_of_a_wide_photo_are_told_from_its_sides(said):
    where = dict(image=(480, 640), patch=16)
    wrong = [said(lesson_02.check_wide_tokens, n, **where) for n in (1200, 30, 197)]
    all_different_hints(wrong)
    assert passes(said(lesson_02.check_wide_tokens, 1201, **where))


# --- lesson 00: what people really type ---


@pytest.fixture
def photo():
    pixels = np.random.default_rng(0).integers(0, 256, (30, 40, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


@pytest.fixture
def m():
    return np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 4)


@pytest.mark.parametrize("look", [{}, {"cmap": "plasma"}, {"smooth": False}, {"cmap": "gray_r"}])
def test_an_overlay_in_any_colormap_is_right(said, photo, m, look):
    answer = overlay.blend(photo, m, alpha=0.25, **look)
    assert passes(said(lesson_00.check_overlay, answer, photo, m, 0.25))
    another = "cmap" in look  # which lesson 03 asks for
    assert passes(said(lesson_03.check_map_overlay, answer, photo, m, 0.25)) == another


@pytest.mark.parametrize(
    "alpha, words",
    [(0, "photo alone"), (0.5, "0.5, the default"), (0.75, "Swapped"), (0.6, "alpha is 0.60")],
)
def test_an_overlay_of_another_opacity_is_told_its_own(said, photo, m, alpha, words):
    answer = photo if not alpha else overlay.blend(photo, m, alpha=alpha, cmap="jet")
    assert words in said(lesson_00.check_overlay, answer, photo, m, 0.25)


def test_another_map_is_no_matter_of_opacity(said, photo, m):
    other = overlay.blend(photo, m.T, alpha=0.25)
    assert "another map" in said(lesson_00.check_overlay, other, photo, m, 0.25)


@pytest.mark.parametrize("source", lesson_00.SOURCES)
def test_source(said, source):
    model = SimpleNamespace(weights=SimpleNamespace(name="vit_x.dino", source=source))
    assert passes(said(lesson_00.check_source, source, model))
    other = "hub" if source != "hub" else "embedded"
    wrong = "vit_x.dino", other, source.title(), f" {source}", "허브", "the internet", True, 7
    hints = [said(lesson_00.check_source, w, model) for w in wrong]
    assert hints.pop(3) == hints[2]
    all_different_hints(hints)
    assert not any(source in hint for hint in hints)


@pytest.fixture
def shell(monkeypatch):
    """An IPython with the lessons set up; yields a function that runs a cell."""
    shell = InteractiveShell.instance()
    lessons.setup()
    yield lambda cell: shell.run_cell(cell, store_history=True)
    InteractiveShell.clear_instance()


def test_a_word_without_quotes_gets_a_sentence(shell, capsys):
    shell("from classroom.checks import lesson_00 as checks")
    result = shell("my_source = hub\nchecks.check_source(my_source, None)")
    out = capsys.readouterr().out
    assert isinstance(result.error_in_exec, NameError) and "Traceback" not in out
    assert "hub: 없는 이름입니다." in out and "hub: no such name. Put a word in quotes" in out
    shell("hub")  # no exercise: the traceback, as ever
    assert "Traceback" in capsys.readouterr().out
