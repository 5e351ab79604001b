"""Checks of lesson 11_train_dino."""

import functools

import torch

from bilingual import BadInput

from .exercise import exercise

STUDENT_TEMP, TEACHER_TEMP = 0.06, 0.02  # as in training.dino.Loss


def asked(key):
    """What the check of this name calls a student's function with."""
    if key == "check_average":
        return torch.tensor([1.0, 2.0]), torch.tensor([5.0, -4.0]), 0.9
    generator = torch.Generator().manual_seed(0)
    student, teacher, centre = (0.1 * torch.randn(3, 4, 8, generator=generator)).unbind()
    return student.requires_grad_(), teacher.requires_grad_(), centre[0]


def _calls(ko, en):
    """Make a judge of what the student's function gives, and of what ``asked`` gives it."""

    def decorate(judge):
        @functools.wraps(judge)
        def call(function):
            if not callable(function):
                raise BadInput("함수를 쓰세요.", "Write a function.")
            given = asked(judge.__name__)
            try:
                value = function(*given)
            except TypeError:
                raise BadInput(ko, en) from None
            if not isinstance(value, torch.Tensor):
                raise BadInput("return이 빠졌습니다.", "It does not return a tensor.")
            return value, judge(value, *given)

        return call

    return decorate


@exercise("손실", "The loss")
@_calls("점수 둘과 중심을 받아야 합니다.", "It must take two scores and a centre.")
def check_loss(value, student, teacher, centre):
    """Whether the answer is DINO's loss of two crops: a function of (student, teacher, centre)."""
    if value.ndim:
        raise BadInput("평균을 내어 수 하나로 만드세요.", "Take the mean: a loss is one number.")
    centred, raw = teacher - centre, teacher / TEACHER_TEMP
    q, late = (student / STUDENT_TEMP).log_softmax(-1), raw - centre
    p, log_p = (f(centred / TEACHER_TEMP, -1) for f in (torch.softmax, torch.log_softmax))

    def loss(p=p, q=q):
        return -(p * q).sum(-1).mean()

    alike = torch.isclose(value, loss())
    if alike and torch.autograd.grad(value, teacher, allow_unused=True)[0] is not None:
        ko = "기울기가 교사에게도 흐릅니다. detach()를 쓰세요."
        raise BadInput(ko, "Gradients reach the teacher: use detach().")
    warm, own = student.log_softmax(-1), ((student - centre) / STUDENT_TEMP).log_softmax(-1)
    cold, swapped = loss(centred.softmax(-1), warm), loss(q.exp(), log_p)
    yield loss(), "DINO의 손실입니다.", "This is DINO's loss."
    yield -loss(), "부호가 반대입니다.", "The sign is the other way round."
    yield loss(q=warm), "학생의 온도를 잊었습니다.", "No student's temperature."
    yield loss(p=centred.softmax(-1)), "교사의 온도를 잊었습니다.", "The teacher's is missing."
    yield cold, "온도를 둘 다 잊었습니다.", "Both temperatures are missing."
    yield loss(raw.softmax(-1)), "중심을 빼지 않았습니다.", "The centre is in."
    yield loss(late.softmax(-1)), "중심을 빼고 나서 나누세요.", "Take it off, then divide."
    yield loss(q=own), "학생에게서는 중심을 빼지 않습니다.", "The student keeps the centre."
    yield swapped, "로그를 교사에게 씌웠습니다.", "The logarithm is on the wrong one."
    yield loss(q=q.exp()), "로그가 빠졌습니다.", "The logarithm is missing."
    yield loss() * len(q), "그림마다 더했습니다. 평균입니다.", "Mean over pictures, not sum."
    yield loss() / q.shape[-1], "답끼리는 더합니다.", "Over the answers it is a sum."
    yield ..., "온도, 소프트맥스, 로그, 합을 보세요.", "Look at each of the four steps again."


@exercise("느린 평균", "The slow average")
@_calls("old, new, m을 받아야 합니다.", "It must take old, new and m.")
def check_average(value, old, new, m):
    """Whether the answer is the teacher's new weights: a function of (old, new, momentum)."""
    fast = (1 - m) * old + m * new
    yield m * old + (1 - m) * new, "EMA입니다.", "This is the EMA."
    yield fast, "거꾸로입니다. 교사가 너무 빨리 움직입니다.", "The wrong way round."
    yield new, "학생을 그대로 베꼈습니다.", "That copies the student."
    yield old, "교사가 움직이지 않습니다.", "The teacher never moves."
    yield m * old + new, "두 비율의 합이 1이어야 합니다.", "Both shares must sum to 1."
    yield m * (old + new), "학생의 비율은 1 - m입니다.", "The student's share is 1 - m."
    yield ..., "m은 교사 쪽의 비율입니다.", "m is what the teacher keeps."


@exercise("두 붕괴의 원인", "What is missing in two collapses")
def check_collapse(answer):
    """Whether the answer names the missing brake of run A (no centring) and B (no sharpening)."""
    brakes, answer = ("centring", "sharpening"), tuple(answer)
    swapped, one = answer == brakes[::-1], answer[0] in brakes and answer[0] == answer[-1]
    yield answer == brakes, "두 붕괴를 알아보았습니다.", "You can tell the two collapses apart."
    yield swapped, "거꾸로입니다. 평균 답을 보세요.", "Swapped. Look at the mean answer."
    yield one, "둘은 서로 다른 붕괴입니다.", "The two collapse in different ways."
    yield ..., '"centring"이나 "sharpening"입니다.', 'Choose "centring" or "sharpening".'
