"""Checks of lesson 12_which_lies: three figures an exercise, each with its lie and its number."""

from topics import lies

from .exercise import exercise, hint, right

# Of each kind, numbers that people give instead, and what to say of them.
SLIPS = {
    "axis": [
        (lambda c: c.numbers.sum(), "모든 행을 더한 값입니다.", "That sums all rows, not one."),
        (lambda c: 1 / c.numbers.sum(-1).mean(), "거꾸로 나누었습니다.", "It is upside down."),
    ],
    "clipped": [
        (lambda c: (c.drawn == 1).float().mean(), "한쪽 끝만 세었습니다.", "One end is missing."),
        (
            lambda c: ((c.drawn == 0) | (c.drawn == 1)).sum(),
            "개수입니다. 비율로 쓰세요.",
            "That is a count: give a share.",
        ),
    ],
    "input": [
        (
            lambda c: (lies.images.to_tensor(c.photos[0], c.model)[0] - c.tensor).abs().mean(),
            "평균입니다. 가장 큰 차이를 쓰세요.",
            "That is the mean: give the largest difference.",
        ),
    ],
    "half": [
        (
            lambda c: c.numbers.diagonal().mean(),
            "평균입니다. 최솟값을 쓰세요.",
            "That is the mean: give the least.",
        ),
    ],
    "square": [
        (
            lambda c: c.map.shape[1] * c.model.patch_embed.patch_size[0] / c.tensor.shape[-1],
            "열로 잰 값입니다. 행으로 재세요.",
            "You measured columns: take rows.",
        ),
    ],
    "padding": [
        (lambda c: 1 / lies.number(c, "padding"), "거꾸로 나누었습니다.", "It is upside down."),
    ],
    "apart": [
        (lambda c: 1 / lies.number(c, "apart"), "거꾸로 나누었습니다.", "It is upside down."),
    ],
}


def _near(value, number):
    """Whether a number was meant, as it stands on the screen: rounded to some digits."""
    return abs(value - number) <= max(0.01 * abs(number), 6e-4)


def _slip(said, case):
    """What is wrong with the answer for one figure, (ko, en), or None."""
    name, *value = said if isinstance(said, tuple | list) else (said,)
    if name == lies.RIGHT == case.lie:
        return None
    if name == lies.RIGHT:
        return (
            f"거짓입니다. {lies.KINDS[case.lie].asks[0]}",
            f"It lies. {lies.KINDS[case.lie].asks[1]}",
        )
    if name not in lies.KINDS:
        return "모르는 이름입니다. 표에서 고르세요.", "No such name: choose one from the table."
    if name not in lies.suspicions(case):
        return "이 주장에는 없는 거짓입니다.", "Its claim leaves no room for that lie."
    if name != case.lie:
        if case.lie in ("square", "padding"):
            return "행 말고 열도 재어 보세요.", "Measure its columns, too."
        return "그 수는 멀쩡합니다.", "That number is as it should be."
    if not value:
        return "그 이름을 보여 주는 수도 쓰세요.", "Give the number that shows it, too."
    if _near(float(value[0]), lies.number(case, name)):
        return None
    for measure, *words in SLIPS.get(name, ()):
        if _near(float(value[0]), float(measure(case))):
            return words
    return "이름은 맞지만 수가 다릅니다.", "The name is right, the number is not."


def _judge(answer, cases, first):
    if not isinstance(answer, list | tuple) or len(answer) != len(cases):
        return hint("그림 세 장의 답을 쓰세요.", "Answer for each of the three figures.")
    for place, (said, case) in enumerate(zip(answer, cases), first):
        if slip := _slip(said, case):
            return hint(f"그림 {place}: {slip[0]}", f"Figure {place}: {slip[1]}")
    lying = sum(case.lie != lies.RIGHT for case in cases)
    return right(f"세 장 가운데 {lying}장이 거짓입니다.", f"{lying} of the three lie.")


@exercise("그림 1~3", "Figures 1 to 3")
def check_first(answer, hand):
    """Whether the answers name what is wrong with figures 1 to 3, or say that they are right."""
    return _judge(answer, hand[:3], 1)


@exercise("그림 4~6", "Figures 4 to 6")
def check_second(answer, hand):
    """As `check_first`, of figures 4 to 6."""
    return _judge(answer, hand[3:6], 4)


@exercise("그림 7~9", "Figures 7 to 9")
def check_third(answer, hand):
    """As `check_first`, of figures 7 to 9."""
    return _judge(answer, hand[6:9], 7)


@exercise("그림 10~12", "Figures 10 to 12")
def check_fourth(answer, hand):
    """As `check_first`, of figures 10 to 12."""
    return _judge(answer, hand[9:], 10)
