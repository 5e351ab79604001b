"""Checks of lesson 10_features."""

from .exercise import exercise


@exercise("이웃의 표", "The neighbours' votes")
def check_votes(answer, cosines, labels, temperature):
    """Whether the answer is class 1's share of the votes exp(cosine / temperature)."""
    one = labels == 1

    def share(votes):
        return votes[one].sum() / votes.sum()

    votes, times = (cosines / temperature).exp(), (cosines * temperature).exp()
    yield share(votes), f"표의 {share(votes):.0%}입니다.", f"{share(votes):.0%} of the votes."
    yield one.float().mean(), "모두 같은 한 표로 세었습니다.", "You gave everyone one equal vote."
    yield share(cosines), "코사인을 그대로 더했습니다.", "Those are the cosines, without exp."
    yield share(cosines.exp()), "온도로 나누지 않았습니다.", "You did not divide by temperature."
    yield share(times), "온도를 곱했습니다.", "Divide by it, don't multiply."
    yield 1 - share(votes), "다른 클래스의 비율입니다.", "That is the other class's share."
    yield votes[one].sum(), "모든 표의 합으로 나누세요.", "Divide by the sum of all votes."
    yield ..., "exp(코사인 / 온도)를 더하세요.", "Add up exp(cosine / temperature)."


@exercise("시험에 나온 예시", "Examples in the test")
def check_accuracy(answer, found, labels, given):
    """Whether the answer is the share of right ones among pictures that were not given."""
    right = (found == labels).float()
    fair = right[~given].mean()
    yield fair, f"처음 보는 그림에서 {fair:.0%}입니다.", f"{fair:.0%} of pictures not seen before."
    yield right.mean(), "예시까지 채점했습니다.", "You marked the examples, too."
    yield right[given].mean(), "예시만 채점했습니다.", "You marked the examples alone."
    yield right[~given].sum(), "비율이 아니라 개수입니다.", "That is how many, not what share."
    yield right[~given].sum() / len(right), "나누는 수를 보세요.", "Divide by those marked only."
    yield 1 - fair, "틀린 비율입니다.", "That is the share of wrong ones."
    yield ..., "~given으로 고른 뒤 평균하세요.", "Pick by ~given, then take the mean."


@exercise("한 패치의 라벨", "One patch's label")
def check_label(answer, cosines, shares, k, temperature):
    """Whether the answer is the label that a patch takes over from its k most similar ones."""
    best, who = cosines.topk(k)
    weight = (best / temperature).softmax(0)
    everyone = ((cosines / temperature).softmax(0) * shares).sum()
    right = (weight * shares[who]).sum()
    yield right, f"{right:.2f}을 물려받습니다.", f"It takes over {right:.2f}."
    yield everyone, f"가까운 {k}개만 쓰세요.", f"Use the nearest {k} only."
    yield shares[who].mean(), "모두 같은 무게로 섞었습니다.", "You weighed all of them alike."
    yield (best.softmax(0) * shares[who]).sum(), "온도가 빠졌습니다.", "Temperature is missing."
    yield shares[who[0]], "가장 가까운 하나만 썼습니다.", "That is the nearest one alone."
    yield (weight * shares[:k]).sum(), "라벨의 순서가 다릅니다.", "Take labels in topk order."
    yield weight, "무게입니다. 라벨과 곱해 더하세요.", "Weights: multiply by labels, add up."
    yield ..., "topk, softmax, 가중합의 순서입니다.", "topk, then softmax, then the sum."
