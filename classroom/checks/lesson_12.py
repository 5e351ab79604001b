"""Checks of lesson 12_which_lies: three figures an exercise, each with its lie and its number."""

from topics import lies

from .exercise import exercise, hint, right


def slips(case):
    """Numbers that people give for a lying figure instead of the right one, and words on each."""
    upside_down = "거꾸로 나누었습니다.", "It is upside down."
    match case.lie:
        case "axis":
            yield case.numbers.sum(), "모든 행을 더한 값입니다.", "That sums all rows, not one."
            yield 1 / case.numbers.sum(-1).mean(), *upside_down
        case "clipped":
            ends = (case.drawn == 0) | (case.drawn == 1)
            yield (case.drawn == 1).float().mean(), "한쪽 끝만 세었습니다.", "One end is missing."
            yield ends.sum(), "개수입니다. 비율로 쓰세요.", "That is a count: give a share."
        case "input":
            ko, en = "평균입니다. 가장 큰 차이를 쓰세요.", "That is the mean: give the largest."
            yield lies.input_error(case).mean(), ko, en
        case "half":
            mean = case.numbers.diagonal().mean()
            yield mean, "평균입니다. 최솟값을 쓰세요.", "That is the mean: give the least."
        case "square":
            ko, en = "열로 잰 값입니다. 행으로 재세요.", "You measured columns: take rows."
            yield lies.reach(case, 1), ko, en
        case "padding" | "apart":
            yield 1 / lies.number(case, case.lie), *upside_down


def _near(value, number):
    """Whether a number was meant, as it stands on the screen: rounded to some digits."""
    return abs(value - number) <= max(0.01 * abs(number), 6e-4)


def _slip(said, case):
    """What is wrong with the answer for one figure, (ko, en), or None."""
    name, *value = said if isinstance(said, tuple | list) else (said,)
    if name == lies.RIGHT == case.lie:
        return None
    if name == lies.RIGHT:
        ko, en = lies.ASKS[case.lie]
        return f"거짓입니다. {ko}", f"It lies. {en}"
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
    for number, *words in slips(case):
        if _near(float(value[0]), float(number)):
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
