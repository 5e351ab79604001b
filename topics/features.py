"""Features and a few labels in, answers out: k nearest neighbours and linear probes.

How Caron et al. 2021 (arXiv:2104.14294, section 4.1) judge a network without training it further: a
cheap classifier is put on features that stay as they are.
"""

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from bilingual import say
from helpers import models
from helpers.encoding import encode
from helpers.images import load_photo, to_tensor
from helpers.plots import new_figure


def knn(bank, labels, queries, k=20, temperature=0.07):
    """Let each query's k nearest neighbours vote, the nearer the louder: exp(cosine / temperature).

    Wu et al. 2018 (arXiv:1805.01978), section 3.4; k and temperature as in Caron et al. 2021.

    Parameters
    ----------
    bank : torch.Tensor
        (N, D), features with known labels.
    labels : torch.Tensor
        int (N,), classes 0, 1, …
    queries : torch.Tensor
        (Q, D).
    k : int
        All of the bank vote where it holds fewer.
    temperature : float

    Returns
    -------
    torch.Tensor
        int (Q,), the class with most votes.
    """
    similarity = F.normalize(queries, dim=-1) @ F.normalize(bank, dim=-1).T
    near, who = similarity.topk(min(k, len(bank)), dim=-1)
    votes = ((near - near[:, :1]) / temperature).exp()  # as a share of the nearest's: no overflow
    classes = F.one_hot(labels[who], int(labels.max()) + 1)
    return (votes[..., None] * classes).sum(dim=1).argmax(dim=-1)


def linear_probe(bank, labels, strength=0.1):
    """Fit logistic regression, features standardised first: a linear probe.

    Parameters
    ----------
    bank, labels
        As ``knn``.
    strength : float
        scikit-learn's C: smaller means smaller weights.

    Returns
    -------
    sklearn.pipeline.Pipeline
        Has ``predict`` and ``predict_proba`` of (Q, D).
    """
    fitted = make_pipeline(
        StandardScaler(), LogisticRegression(C=strength, class_weight="balanced", max_iter=1000)
    )
    return fitted.fit(np.asarray(bank, dtype=float), np.asarray(labels))


def few_shot(features, labels, counts=(1, 2, 5, 10), draws=5, classify="knn"):
    """How right a classifier is with so many examples a class, on all that it was not given.

    Parameters
    ----------
    features : torch.Tensor
        (N, D).
    labels : torch.Tensor
        int (N,).
    counts : sequence of int
        Examples a class, fewer than the rarest class has.
    draws : int
        How often examples are drawn anew (seeds 0, 1, …); all features see the same draws.
    classify : {"knn", "probe"}

    Returns
    -------
    torch.Tensor
        (counts, draws), share of right answers, 0..1.
    """
    table = torch.empty(len(counts), draws)
    for draw in range(draws):
        generator = torch.Generator().manual_seed(draw)
        order = torch.randperm(len(labels), generator=generator)
        rank = torch.empty_like(order)  # a picture's place among those of its class
        for label in labels.unique():
            own = order[labels[order] == label]
            rank[own] = torch.arange(len(own))
        for row, count in enumerate(counts):
            given, asked = rank < count, rank >= max(counts)
            bank, known, queries = features[given], labels[given], features[asked]
            if classify == "knn":
                found = knn(bank, known, queries)
            else:
                found = torch.as_tensor(linear_probe(bank, known).predict(queries.double()))
            table[row, draw] = (found == labels[asked]).float().mean()
    return table


def untrained(name, seed):
    """A model of that architecture with the random weights of a seed, which is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return models.load_model(name, pretrained=False)


def cls_tokens(model, pictures, batch=50):
    """CLS tokens of pictures, pressed square, a few at a time: (B, D)."""
    tensors = [to_tensor(picture, model, "squash")[0] for picture in pictures]
    parts = torch.cat(tensors).split(batch)
    return torch.cat([encode(model, part).cls_token for part in parts])


def pixels(pictures, side=16):
    """Pictures shrunk to `side` × `side` pixels and laid out in a row: (B, 3 side²), 0..1."""
    small = [load_photo(picture).resize((side, side)) for picture in pictures]
    return torch.tensor(np.stack(small), dtype=torch.float32).flatten(1) / 255


def draw_few_shot(rows, counts, *, weights, chance=None):
    """Curves over the number of examples, a band from the worst draw to the best.

    Parameters
    ----------
    rows : dict
        Label → (counts, draws); what begins with "untrained" is grey.
    counts : sequence of int
    weights
        See ``plots.two_panel``.
    chance : float, optional
        Drawn as a dotted line.

    Returns
    -------
    plots.Figure
    """
    fig, (ax,) = new_figure(1, 1, (2, 1), weights)
    ax.set_axis_on()
    styles = ("-o", "--s", ":^", "-.v", "-D", "--x")
    for (name, table), style in zip(rows.items(), styles):
        colour = {"color": "gray"} if name.startswith("untrained") else {}
        (line,) = ax.plot(counts, table.mean(1), style, ms=4, label=name, **colour)
        low, high = table.amin(1), table.amax(1)
        ax.fill_between(counts, low, high, color=line.get_color(), alpha=0.15, lw=0)
    if chance is not None:
        ax.axhline(chance, color="black", ls=":", lw=1, label=say("우연", "chance"))
    ax.set(ylim=(0, 1), xscale="log", xlabel=say("예시의 수", "examples"))
    ax.set_xticks(counts, counts, minor=False)
    ax.xaxis.set_minor_formatter("")
    ax.legend(fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
    return fig
