"""Checks of lesson 08_train_dino."""

import torch

from .exercise import compare, exercise, say


@exercise("나만의 도형 · A shape of your own")
def check_shape(answer, known=()):
    """Whether the answer is a function of x and y that says where a shape is."""
    line = torch.linspace(-1, 1, 64)
    y, x = torch.meshgrid(line, line, indexing="ij")
    if not callable(answer):
        return say(False, "x와 y의 함수를 쓰세요.", "Write a function of x and y.")
    try:
        mask = answer(x, y)
    except TypeError:
        return say(False, "x와 y 둘을 받아야 해요.", "It must take two: x and y.")
    except RuntimeError:
        return say(False, "조건은 and 대신 &로 이으세요.", "Join conditions with &, not with and.")
    if not isinstance(mask, torch.Tensor) or mask.dtype != torch.bool:
        say(False, "참/거짓이 아니에요. < 나 > 로 비교하세요.", "Not True or False: use < or >.")
    elif (mask == mask[:1]).all() or (mask == mask[:, :1]).all():
        if mask.all() or not mask.any():
            say(False, "모두 같은 값이에요.", "It is the same everywhere.")
        else:
            say(False, "한 축만 썼어요. x와 y를 다 쓰세요.", "A band. Use both x and y.")
    elif not 0.05 < mask.float().mean() < 0.9:
        say(False, "너무 작거나 너무 큽니다.", "It is too small or too large.")
    elif any(torch.equal(mask, shape(x, y)) for shape in known):
        say(False, "이미 있는 모양이에요.", "We have this shape already.")
    else:
        share = f"{mask.float().mean():.0%}"
        say(True, f"사각형의 {share}를 덮는 모양입니다.", f"A shape that covers {share}.")


@exercise("교사의 답 · The teacher's answers")
def check_answers(answer, scores, centre, temperature):
    """Whether the answer is the teacher's: centred, then sharpened probabilities (B, K)."""
    off = scores - centre
    compare(
        answer,
        ((off / temperature).softmax(-1), "교사의 답입니다.", "These are the teacher's answers."),
        ((scores / temperature).softmax(-1), "중심을 빼지 않았어요.", "The centre is still in."),
        (off.softmax(-1), "온도로 나누지 않았어요.", "Not divided by the temperature."),
        ((off * temperature).softmax(-1), "온도를 곱했어요.", "You multiplied by it."),
        (
            (scores / temperature - centre).softmax(-1),
            "중심을 먼저 빼고 나누세요.",
            "Take off the centre first, then divide.",
        ),
        (
            (off / temperature).softmax(0),
            "엉뚱한 축의 softmax예요.",
            "Softmax over the wrong axis.",
        ),
        (off / temperature, "확률이 아니에요. softmax는요?", "No probabilities. And softmax?"),
        otherwise=("중심, 온도, softmax 순서예요.", "First the centre, then temperature, softmax."),
    )


@exercise("두 붕괴의 원인 · What is missing in two collapses")
def check_collapse(answer):
    """Whether the answer names the missing brake of run A (no centring) and B (no sharpening)."""
    right = ("centring", "sharpening")
    answer = tuple(answer)
    if answer == right:
        say(True, "두 붕괴를 알아보았습니다.", "You can tell the two collapses apart.")
    elif answer == right[::-1]:
        say(False, "거꾸로예요. 평균 답을 보세요.", "Swapped. Look at the mean answer.")
    elif answer[0] in right and answer[0] == answer[-1]:
        say(False, "둘은 서로 다른 붕괴예요.", "The two collapse in different ways.")
    else:
        say(False, '"centring"과 "sharpening" 중에서요.', 'Choose "centring" or "sharpening".')
