"""Figures of which some lie, in ways that people really meet, and the number that gives each away.

A learner is dealt twelve (`deal`), questions each with lines of torch and timm, names the lie and
gives the number that shows it. That a figure can look right and say nothing of the network is the
point of Adebayo et al. 2018, *Sanity Checks for Saliency Maps* (arXiv:1810.03292).
"""

import random
from collections.abc import Callable
from typing import NamedTuple

import torch

from bilingual import BadInput, say
from helpers import images
from helpers.plots import draw, new_figure
from helpers.weights import caption
from topics import lying
from topics.lying import RIGHT

PHOTOS = "bat bee birds cat cow crab harrier heron kingfisher kitten koala owl swans toucan".split()

# What makes figures, and what their captions say.
CLAIMS = {
    "attention": (lying.attention, "CLS 어텐션, 헤드 평균", "CLS attention, head mean"),
    "wide": (lying.wide, "사진 전체의 CLS 어텐션", "CLS attention, whole photo"),
    "heads": (lying.heads, "모든 헤드, 한 눈금", "all heads on one scale"),
    "one head": (lying.one_head, "사진 세 장, 같은 헤드", "three photos, same head"),
    "rollout": (lying.rollout_map, "롤아웃의 CLS 행", "rollout, the CLS row"),
    "component": (lying.component, "첫째 주성분, 한 축", "1st component, one axis"),
}


class Kind(NamedTuple):
    """A way to lie: under which claim, the question that finds it, (ko, en), and its number."""

    claim: str
    asks: tuple
    number: Callable


def _reach(case):  # of the map's rows, as a share of the picture's height
    return case.map.shape[0] * case.model.patch_embed.patch_size[0] / case.tensor.shape[-2]


def _too_bright(case):  # how many times, the weakest head
    drawn, true = (values.amax((-2, -1)) for values in (case.drawn, case.map))
    return drawn.min() / drawn.max() * true.max() / true.min()


def _drawn_heads(case):  # one of each photo
    rows = case.numbers[..., case.model.num_prefix_tokens :]
    return (rows - case.map.flatten(1)[:, None]).abs().sum(-1).argmin(1).tolist()


def _same_side(case):  # product of both photos' correlations with one axis
    tokens = case.numbers.flatten(0, 1)
    centred = tokens - tokens.mean(0)
    axis = torch.linalg.svd(centred, full_matrices=False)[2][0]
    pairs = zip((centred @ axis).view(2, -1), case.map.flatten(1))
    return torch.stack([torch.corrcoef(torch.stack(pair))[0, 1] for pair in pairs]).prod()


KINDS = {
    "axis": Kind(  # the softmax ran over the wrong axis
        "attention",
        ("어텐션 한 행의 합은 얼마인가요?", "What does a row of attention sum to?"),
        lambda c: c.numbers.sum(-1).mean(),
    ),
    "shift": Kind(  # a prefix token was kept, so all is one patch off
        "attention",
        ("맵의 첫 칸에 온 토큰은 몇 번인가요?", "Which token is the map's first patch?"),
        lambda c: (c.numbers.mean(0) - c.map.flatten()[0]).abs().argmin(),
    ),
    "untrained": Kind(  # the weights are untrained
        "attention",
        ("마지막 정규화의 가중치는 서로 다른가요?", "Do the last norm's weights differ?"),
        lambda c: c.model.norm.weight.std(),
    ),
    "input": Kind(  # the preprocessing is wrong
        "attention",
        ("timm의 전처리와 얼마나 다른가요?", "How far is the input from timm's own?"),
        lambda c: (images.to_tensor(c.photos[0], c.model)[0] - c.tensor).abs().max(),
    ),
    "stale": Kind(  # the map is left over from another photo
        "attention",
        ("사진을 뒤집으면 맵이 바뀌나요?", "Does the map change with the photo?"),
        lambda c: (c.again(c.tensor.flip(-1)) - c.map).abs().max(),
    ),
    "clipped": Kind(  # the scale was clipped at both ends
        "attention",
        ("양 끝의 색으로 칠한 패치는 얼마나 되나요?", "What share has the colours' two ends?"),
        lambda c: ((c.drawn == 0) | (c.drawn == 1)).float().mean(),
    ),
    "square": Kind(  # the grid was taken to be √N × √N
        "wide",
        ("맵의 행들은 사진 높이의 몇 배인가요?", "How far do the rows reach down the picture?"),
        _reach,
    ),
    "padding": Kind(  # padded patches were laid over the photo, too
        "wide",
        ("맵은 사진보다 얼마나 넓고 높은가요?", "By how much is the map larger than the photo?"),
        _reach,
    ),
    "apart": Kind(  # each head was min-maxed on its own
        "heads",
        ("가장 약한 헤드는 몇 배나 밝게 그렸나요?", "How many times too bright is the weakest?"),
        _too_bright,
    ),
    "picked": Kind(  # the head was picked anew for each photo
        "one head",
        ("서로 다른 헤드가 몇 개인가요?", "How many different heads are there?"),
        lambda c: len(set(_drawn_heads(c))),
    ),
    "half": Kind(  # the rollout lacks its residual half
        "rollout",
        ("토큰이 자신에게 남기는 최소 비율은?", "What is the least that a token keeps of itself?"),
        lambda c: c.numbers.diagonal().min(),
    ),
    "sign": Kind(  # the sign of one photo was turned
        "component",
        ("두 사진은 같은 쪽을 보나요?", "Do both photos point the same way?"),
        _same_side,
    ),
}


def deal(number, model):
    """Deal a student's number twelve figures of a trained model, always the same list of ``Case``.

    One is for each of `KINDS`, in an order of the student's own; six to eight of them lie.
    """
    chance = random.Random(str(number))
    lying_kinds = chance.sample([*KINDS], chance.choice((6, 7, 8)))
    return [make(kind, model, chance, kind in lying_kinds) for kind in chance.sample([*KINDS], 12)]


def pair(kind, model, seed=0):
    """Two figures of the same photo, ``(right, lying)``; ``BadInput`` if there is no such lie."""
    if kind not in KINDS:
        raise BadInput(
            f"그런 거짓은 없습니다: {kind!r}. 이 가운데 고르세요: {', '.join(KINDS)}",
            f"There is no such lie: {kind!r}. Choose one of {', '.join(KINDS)}",
        )
    return tuple(make(kind, model, random.Random(seed), lies) for lies in (False, True))


def make(kind, model, chance, lies=True):  # of photos drawn by `chance`, a random.Random
    names = chance.sample(PHOTOS, 3)
    return CLAIMS[KINDS[kind].claim][0](model, names, kind if lies else RIGHT)


def number(case, kind):
    """A kind's number, measured on a figure."""
    return float(KINDS[kind].number(case))


def suspicions(case):
    """The kinds of lie that a figure's claim leaves open."""
    return [name for name, kind in KINDS.items() if kind.claim == case.claim]


def answers(cases):
    """What to answer of each figure: ``"right"``, or ``(kind, number)``."""
    return [c.lie if c.lie == RIGHT else (c.lie, number(c, c.lie)) for c in cases]


# What a figure's numbers are called on the sheet: letters of the kinds that its claim leaves open.
LETTERS = dict(zip([*KINDS], "abcdefggijkm"))


def notes(case):
    """A figure's numbers by their letters, for those who have it on paper."""
    kinds = {LETTERS[kind]: f"{number(case, kind):.4g}" for kind in suspicions(case)}
    if case.claim == "wide":
        side, columns = case.model.patch_embed.patch_size[1], case.map.shape[1]
        kinds["h"] = f"{columns * side / case.tensor.shape[-1]:.4g}"
    parts = [f"{letter} {value}" for letter, value in kinds.items()]
    return "\n".join("   ".join(parts[i : i + 3]) for i in range(0, len(parts), 3))


def draw_cases(cases, model, first=1, columns=4, numbers=False):
    """Figures in rows of so many `columns`, each with its claim, numbered from `first` on.

    The foot names `model`, as the figures claim; `numbers` prints below each what ``notes`` says.
    """
    rows = -(-len(cases) // columns)
    foot = f"{caption(model)} ({say('그림의 주장', 'as the figures claim')})"
    extra = 0.15 + (0.5 if numbers else 0.3) * rows
    fig, axes = new_figure(rows, columns, (5, 4), foot, extra)
    for i, (ax, case) in enumerate(zip(axes, cases)):
        draw(ax, case.picture, "")
        ax.set_title(f"{first + i}. {say(*CLAIMS[case.claim][1:], chr(10))}", size=7.5)
        if numbers:
            ax.text(0.5, -0.04, notes(case), size=6, ha="center", va="top", transform=ax.transAxes)
    return fig
