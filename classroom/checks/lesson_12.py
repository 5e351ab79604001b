"""Checks of lesson 12_which_lies: three figures an exercise, each with its lie and its number."""

from bilingual import BadInput
from topics import lies

from .exercise import exercise


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


def _wrong(said, case):
    """What may be wrong with the answer for one figure: rows of (whether it is, ko, en)."""
    name, *value = said if isinstance(said, tuple | list) else (said,)
    if name == lies.RIGHT == case.lie:
        return
    if name == lies.RIGHT:
        ko, en = lies.ASKS[case.lie]
        yield True, f"거짓입니다. {ko}", f"It lies. {en}"
    unknown, no_room = name not in lies.KINDS, name not in lies.suspicions(case)
    other, columns = name != case.lie, case.lie in ("square", "padding")
    yield unknown, "모르는 이름입니다. 표에서 고르세요.", "No such name: choose one from the table."
    yield no_room, "이 주장에는 없는 거짓입니다.", "Its claim leaves no room for that lie."
    yield other and columns, "행 말고 열도 재어 보세요.", "Measure its columns, too."
    yield other, "그 수는 멀쩡합니다.", "That number is as it should be."
    yield not value, "그 이름을 보여 주는 수도 쓰세요.", "Give the number that shows it, too."
    if not _near(float(value[0]), lies.number(case, name)):
        for number, *words in slips(case):
            yield _near(float(value[0]), float(number)), *words
        yield True, "이름은 맞지만 수가 다릅니다.", "The name is right, the number is not."


def _three(name, first):
    """The check of this name, of three figures of a hand from the one of this number on."""

    def check(answer, hand):
        """Whether the answers name what is wrong with three figures, or say that they are right."""
        cases = hand[first - 1 : first + 2]
        if not isinstance(answer, list | tuple) or len(answer) != len(cases):
            raise BadInput("그림 세 장의 답을 쓰세요.", "Answer for each of the three figures.")
        for place, (said, case) in enumerate(zip(answer, cases), first):
            for slip in (words for wrong, *words in _wrong(said, case) if wrong):
                raise BadInput(f"그림 {place}: {slip[0]}", f"Figure {place}: {slip[1]}")
        lying = sum(case.lie != lies.RIGHT for case in cases)
        yield ..., f"세 장 가운데 {lying}장이 거짓입니다.", f"{lying} of the three lie."

    check.__name__ = name
    return exercise(f"그림 {first}~{first + 2}", f"Figures {first} to {first + 2}")(check)


check_first, check_second = _three("check_first", 1), _three("check_second", 4)
check_third, check_fourth = _three("check_third", 7), _three("check_fourth", 10)
