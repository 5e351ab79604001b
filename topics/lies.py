"""Figures of which some lie, in ways that people really meet, and the number that gives each away.

A learner is dealt twelve (`deal`), questions each with lines of torch and timm, names the lie and
gives the number that shows it. That a figure can look right and say nothing of the network is the
point of Adebayo et al. 2018, *Sanity Checks for Saliency Maps* (arXiv:1810.03292).
"""

import random
from collections.abc import Callable
from typing import NamedTuple

import torch

from bilingual import one_of, say
from helpers.images import to_tensor
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

# What a learner asks of a figure: the answer is a kind's number.
ASKS = {
    "axis": ("어텐션 한 행의 합은 얼마인가요?", "What does a row of attention sum to?"),
    "shift": ("맵의 첫 칸에 온 토큰은 몇 번인가요?", "Which token is the map's first patch?"),
    "untrained": ("마지막 정규화의 가중치는 서로 다른가요?", "Do the last norm's weights differ?"),
    "input": ("timm의 전처리와 얼마나 다른가요?", "How far is the input from timm's own?"),
    "stale": ("사진을 뒤집으면 맵이 바뀌나요?", "Does the map change with the photo?"),
    "clipped": ("양 끝의 색으로 칠한 패치의 비율은?", "What share has the colours' two ends?"),
    "square": ("맵의 행들은 사진 높이의 몇 배인가요?", "How far down the photo do the rows reach?"),
    "padding": ("맵은 사진보다 얼마나 큰가요?", "How much larger than the photo is the map?"),
    "apart": ("가장 약한 헤드는 몇 배 밝게 그렸나요?", "How many times too bright is the weakest?"),
    "picked": ("서로 다른 헤드가 몇 개인가요?", "How many different heads are there?"),
    "half": ("토큰이 자신에게 남기는 최소 비율은?", "What is the least a token keeps of itself?"),
    "sign": ("두 사진은 같은 쪽을 보나요?", "Do both photos point the same way?"),
}


def input_error(case):
    """How far a figure's input is from that of timm's own preprocessing, number by number."""
    return (to_tensor(case.photos[0], case.model)[0] - case.tensor).abs()


def reach(case, axis=0):
    """How far a map's rows (or columns: 1) reach, as a share of the picture's height (or width)."""
    pixels = case.map.shape[axis] * case.model.patch_embed.patch_size[axis]
    return pixels / case.tensor.shape[axis - 2]


def _too_bright(case):  # how many times, the weakest head
    drawn, true = (values.amax((-2, -1)) for values in (case.drawn, case.map))
    return drawn.min() / drawn.max() * true.max() / true.min()


def _different_heads(case):  # how many: the one whose row is a photo's map was drawn of it
    rows = case.numbers[..., case.model.num_prefix_tokens :]
    return len((rows - case.map.flatten(1)[:, None]).abs().sum(-1).argmin(1).unique())


def _same_side(case):  # product of both photos' correlations with their common first component
    tokens = case.numbers.flatten(0, 1)
    first = torch.linalg.svd(tokens - tokens.mean(0), full_matrices=False)[0][:, 0].view(2, -1)
    pairs = torch.stack([first, case.map.flatten(1)], dim=1)
    return torch.stack([torch.corrcoef(pair)[0, 1] for pair in pairs]).prod()


class Kind(NamedTuple):
    """A way to lie: under which claim, and its number, measured on a figure."""

    claim: str
    number: Callable


KINDS = {
    # The softmax ran over the wrong axis.
    "axis": Kind("attention", lambda c: c.numbers.sum(-1).mean()),
    # A prefix token was kept, so all is one patch off.
    "shift": Kind("attention", lambda c: (c.numbers.mean(0) - c.map.flatten()[0]).abs().argmin()),
    # The weights are untrained.
    "untrained": Kind("attention", lambda c: c.model.norm.weight.std()),
    # The preprocessing is wrong.
    "input": Kind("attention", lambda c: input_error(c).max()),
    # The map is left over from another photo.
    "stale": Kind("attention", lambda c: (c.again(c.tensor.flip(-1)) - c.map).abs().max()),
    # The scale was clipped at both ends.
    "clipped": Kind("attention", lambda c: ((c.drawn == 0) | (c.drawn == 1)).float().mean()),
    # The grid was taken to be √N × √N.
    "square": Kind("wide", reach),
    # Padded patches were laid over the photo, too.
    "padding": Kind("wide", reach),
    # Each head was min-max normalised on its own.
    "apart": Kind("heads", _too_bright),
    # The head was picked anew for each photo.
    "picked": Kind("one head", _different_heads),
    # The rollout lacks its residual half.
    "half": Kind("rollout", lambda c: c.numbers.diagonal().min()),
    # The sign of one photo was turned.
    "sign": Kind("component", _same_side),
}


def deal(number, model):
    """Deal a student's number twelve figures, for one number always the same.

    One is for each of `KINDS`, in an order of the student's own; six to eight of them lie.

    Parameters
    ----------
    number : int or str, the student's
    model : timm VisionTransformer, trained

    Returns
    -------
    list of lying.Case
    """
    rng = random.Random(str(number))
    lying_kinds = rng.sample([*KINDS], rng.choice((6, 7, 8)))
    return [make(kind, model, rng, kind in lying_kinds) for kind in rng.sample([*KINDS], 12)]


def pair(kind, model, seed=0):
    """Two figures of the same photo, one as its claim says and one that lies.

    Parameters
    ----------
    kind : str, one of `KINDS`
    model : as for ``deal``
    seed : int, which photos

    Returns
    -------
    tuple of lying.Case (right, lying)

    Raises
    ------
    BadInput
        There is no such lie.
    """
    one_of("kind", kind, KINDS)
    return tuple(make(kind, model, random.Random(seed), lies) for lies in (False, True))


def make(kind, model, rng, lies):  # of photos drawn by `rng`, a random.Random
    names = rng.sample(PHOTOS, 3)
    return CLAIMS[KINDS[kind].claim][0](model, names, kind if lies else RIGHT)


def number(case, kind):
    """A kind's number, measured on a figure: float."""
    return float(KINDS[kind].number(case))


def suspicions(case):
    """The kinds of lie that a figure's claim leaves open.

    Parameters
    ----------
    case : lying.Case

    Returns
    -------
    list of str, keys of `KINDS`
    """
    return [name for name, kind in KINDS.items() if kind.claim == case.claim]


def answers(cases):
    """What to answer of each figure.

    Parameters
    ----------
    cases : sequence of lying.Case

    Returns
    -------
    list of ``"right"`` or ``(kind, number)``
    """
    return [c.lie if c.lie == RIGHT else (c.lie, number(c, c.lie)) for c in cases]


# What a figure's numbers are called on the sheet: letters of the kinds that its claim leaves open.
LETTERS = dict(zip([*KINDS], "abcdefggijkm"))


def notes(case):
    """A figure's numbers by their letters, for those who have it on paper."""
    kinds = {LETTERS[kind]: f"{number(case, kind):.4g}" for kind in suspicions(case)}
    if case.claim == "wide":
        kinds["h"] = f"{reach(case, 1):.4g}"
    parts = [f"{letter} {value}" for letter, value in kinds.items()]
    return "\n".join("   ".join(parts[i : i + 3]) for i in range(0, len(parts), 3))


def draw_cases(cases, model, first=1, columns=4, numbers=False):
    """Figures in rows, each with its number and its claim.

    Parameters
    ----------
    cases : sequence of lying.Case
    model : timm model, named at the foot, as the figures claim
    first : int, the first figure's number
    columns : int, figures a row
    numbers : bool, whether what ``notes`` says is printed below each

    Returns
    -------
    plots.Figure
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
