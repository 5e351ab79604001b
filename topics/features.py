"""Features and a few labels in, answers out: k nearest neighbours and linear probes.

How Caron et al. 2021 (arXiv:2104.14294, section 4.1) judge a network without training it further: a
cheap classifier is put on features that stay as they are.
"""

import numpy as np
import torch
import torch.nn.functional as F
from matplotlib import rcParams
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from bilingual import counted, say
from helpers.encoding import encode
from helpers.images import load_photo, to_tensor
from helpers.plots import named, new_figure
from topics import zoo


def knn(bank, labels, queries, k=20, temperature=0.07):
    """Let each query's k nearest neighbours vote, the nearer the louder: exp(cosine / temperature).

    Wu et al. 2018 (arXiv:1805.01978), section 3.4; k and temperature as in Caron et al. 2021.

    Parameters
    ----------
    bank, labels : torch.Tensor (N, D), features; int (N,), their classes 0, 1, …
    queries : torch.Tensor (Q, D)
    k : int, all of the bank vote where it holds fewer

    Returns
    -------
    torch.Tensor, int (Q,), the class with most votes
    """
    similarity = F.normalize(queries, dim=-1) @ F.normalize(bank, dim=-1).T
    near, who = similarity.topk(min(k, len(bank)), dim=-1)
    votes = ((near - near[:, :1]) / temperature).exp()  # as a share of the nearest's: no overflow
    classes = F.one_hot(labels[who], int(labels.max()) + 1)
    return (votes[..., None] * classes).sum(dim=1).argmax(dim=-1)


def linear_probe(bank, labels):
    """Fit logistic regression, features standardised first; `bank` and `labels` as in ``knn``.

    Returns
    -------
    sklearn.pipeline.Pipeline, has ``predict`` and ``predict_proba`` of (Q, D)
    """
    regression = LogisticRegression(C=0.1, class_weight="balanced", max_iter=1000)
    bank, labels = np.asarray(bank, dtype=float), np.asarray(labels)
    return make_pipeline(StandardScaler(), regression).fit(bank, labels)


def few_shot(features, labels, counts=(1, 2, 5, 10), draws=5, classify="knn"):
    """How right a classifier is with so many examples a class, on all that it was not given.

    Parameters
    ----------
    features : torch.Tensor (N, D)
    labels : torch.Tensor, int (N,)
    counts : sequence of int, examples a class, fewer than the rarest class has
    draws : int, how often examples are drawn anew (seeds 0, 1, …); all features see the same draws
    classify : {"knn", "probe"}

    Returns
    -------
    torch.Tensor (counts, draws), share of right answers, 0..1
    """
    table = torch.empty(len(counts), draws)
    for draw in range(draws):
        rank = ranks(labels, draw)
        for row, count in enumerate(counts):
            given, asked = rank < count, rank >= max(counts)
            bank, known, queries = features[given], labels[given], features[asked]
            if classify == "knn":
                found = knn(bank, known, queries)
            else:
                found = torch.as_tensor(linear_probe(bank, known).predict(queries.double()))
            table[row, draw] = (found == labels[asked]).float().mean()
    return table


def ranks(labels, seed=0):
    """Each picture's place in its class, shuffled: ``ranks(labels) < n`` are n a class."""
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))
    rank = torch.empty_like(order)
    for label in labels.unique():
        own = order[labels[order] == label]
        rank[own] = torch.arange(len(own))
    return rank


def beside_untrained(model, seeds=3):
    """A model and its untrained equals, by name: what random weights can do is a range."""
    equals = {entry.label: zoo.load(entry) for entry in zoo.untrained(model.weights.name, seeds)}
    return {model.weights.name: model} | equals


def cls_tokens(model, pictures):
    """CLS tokens of pictures, pressed square, a few at a time: (B, D)."""
    tensors = [to_tensor(picture, model, "squash")[0] for picture in pictures]
    parts = torch.cat(tensors).split(16)
    return torch.cat([encode(model, part).cls_token for part in parts])


def pixels(pictures, side=16):
    """Pictures shrunk to `side` × `side` pixels and laid out in a row: (B, 3 side²), 0..1."""
    small = [load_photo(picture).resize((side, side)) for picture in pictures]
    return torch.tensor(np.stack(small), dtype=torch.float32).flatten(1) / 255


def sights(nets, pictures):
    """The ``cls_tokens`` of each of some models (name → model), and the ``pixels``, by name."""
    watched = counted(nets.items(), "신경망", "networks")
    return {name: cls_tokens(net, pictures) for name, net in watched} | {"pixels": pixels(pictures)}


def contest(nets, pictures, labels, counts=(1, 2, 5), **kwargs):
    """``few_shot`` of the ``sights`` of some pictures, by name."""
    found = sights(nets, pictures)
    return {name: few_shot(each, labels, counts, **kwargs) for name, each in found.items()}


def show_rows(rows):
    """Print the mean of the draws, a row a name, a column a number of examples."""
    for name, table in rows.items():  # which comes last: no two fonts make Hangul equally wide
        print(*[f"{value:.2f}" for value in table.mean(dim=1).tolist()], "", named(name))


def draw_few_shot(rows, counts, *, weights, chance=None, ylabel=None):
    """Curves over the number of examples, a band from the worst draw to the best.

    Parameters
    ----------
    rows : dict, label → (counts, draws); what begins with "untrained" is grey
    counts : sequence of int
    chance : float, optional, drawn as a dotted line
    ylabel : str, optional, what is measured; by default the share of right answers
    """
    fig, (ax,) = new_figure(1, 1, (4, 1), weights)
    ax.set_axis_on()
    styles = ("-o", "--s", ":^", "-.v", "-D", "--x")
    for (name, table), style in zip(rows.items(), styles):
        colour = {"color": "gray"} if name.startswith("untrained") else {}
        (line,) = ax.plot(counts, table.mean(1), style, ms=4, label=named(name), **colour)
        low, high = table.amin(1), table.amax(1)
        ax.fill_between(counts, low, high, color=line.get_color(), alpha=0.15, lw=0)
    if chance is not None:
        ax.axhline(chance, color=rcParams["text.color"], ls=":", lw=1, label=say("우연", "chance"))
    ax.set(ylim=(0, 1), xscale="log", xlabel=say("예시의 수", "examples"))
    ax.set_ylabel(ylabel or say("정답률", "share right"))
    ax.set_xticks(counts, counts, minor=False)
    ax.xaxis.set_minor_formatter("")
    ax.legend(fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
    return fig
