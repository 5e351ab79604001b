"""Checks of lesson 11_train_dino."""

import torch

from .exercise import exercise, hint, right


@exercise("나만의 도형", "A shape of your own")
def check_shape(answer, known=()):
    """Whether the answer is a function of x and y that says where a shape is."""
    line = torch.linspace(-1, 1, 64)
    y, x = torch.meshgrid(line, line, indexing="ij")
    if not callable(answer):
        return hint("x와 y의 함수를 쓰세요.", "Write a function of x and y.")
    try:
        mask = answer(x, y)
    except TypeError:
        return hint("x와 y 둘을 받아야 합니다.", "It must take two: x and y.")
    except RuntimeError:
        return hint("조건은 and 대신 &로 이으세요.", "Join conditions with &, not with and.")
    if not isinstance(mask, torch.Tensor) or mask.dtype != torch.bool:
        return hint("참/거짓이 아닙니다. < 나 >를 쓰세요.", "Not True or False: use < or >.")
    if mask.all() or not mask.any():
        return hint("모두 같은 값입니다.", "It is the same everywhere.")
    if (mask == mask[:1]).all() or (mask == mask[:, :1]).all():
        return hint("띠입니다. x와 y를 다 쓰세요.", "A band. Use both x and y.")
    share = mask.float().mean().item()
    if not 0.05 < share < 0.9:
        return hint("너무 작거나 너무 큽니다.", "It is too small or too large.")
    if any(torch.equal(mask, shape(x, y)) for shape in known):
        return hint("이미 있는 모양입니다.", "We have this shape already.")
    return right(f"{share:.0%}를 덮는 모양입니다.", f"A shape that covers {share:.0%}.")


@exercise("교사의 답", "The teacher's answers")
def check_answers(answer, scores, centre, temperature):
    """Whether the answer is the teacher's: centred, then sharpened probabilities (B, K)."""
    off = scores - centre
    late = (scores / temperature - centre).softmax(-1)
    return [
        ((off / temperature).softmax(-1), "교사의 답입니다.", "These are the teacher's answers."),
        ((scores / temperature).softmax(-1), "중심을 빼지 않았습니다.", "The centre is still in."),
        (off.softmax(-1), "온도로 나누지 않았습니다.", "Not divided by the temperature."),
        ((off * temperature).softmax(-1), "온도를 곱했습니다.", "You multiplied by it."),
        (late, "중심을 먼저 빼고 나누세요.", "Take off the centre first, then divide."),
        ((off / temperature).softmax(0), "다른 축의 softmax입니다.", "Softmax over another axis."),
        (off / temperature, "softmax가 남았습니다.", "No probabilities: softmax is to come."),
        (..., "중심, 온도, softmax 순서입니다.", "First the centre, then temperature, softmax."),
    ]


@exercise("두 붕괴의 원인", "What is missing in two collapses")
def check_collapse(answer):
    """Whether the answer names the missing brake of run A (no centring) and B (no sharpening)."""
    brakes, answer = ("centring", "sharpening"), tuple(answer)
    if answer == brakes:
        return right("두 붕괴를 알아보았습니다.", "You can tell the two collapses apart.")
    if answer == brakes[::-1]:
        return hint("거꾸로입니다. 평균 답을 보세요.", "Swapped. Look at the mean answer.")
    if answer[0] in brakes and answer[0] == answer[-1]:
        return hint("둘은 서로 다른 붕괴입니다.", "The two collapse in different ways.")
    return hint('"centring"이나 "sharpening"입니다.', 'Choose "centring" or "sharpening".')
