"""Features and a few labels in, answers out: k nearest neighbours.

How Caron et al. 2021 (arXiv:2104.14294, section 4.1) judge a network without training it further: a
cheap classifier is put on features that stay as they are.
"""

import numpy as np
import torch
import torch.nn.functional as F
from matplotlib import rcParams

from bilingual import counted, named, say
from helpers.encoding import encode
from helpers.images import load_photo, to_tensor
from helpers.plots import new_chart
from topics import zoo


def knn(bank, labels, queries, k=20):
    """Let each query's k nearest neighbours vote, the nearer the louder: exp(cosine / 0.07).

    Wu et al. 2018 (arXiv:1805.01978), section 3.4; k and 0.07 as in Caron et al. 2021.

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
    classes = F.one_hot(labels[who], int(labels.max()) + 1)
    return ((near / 0.07).exp()[..., None] * classes).sum(dim=1).argmax(dim=-1)


def few_shot(features, labels, counts=(1, 2, 5), draws=5):
    """How right ``knn`` is with so many examples a class, on what it was never given.

    Parameters
    ----------
    features, labels : torch.Tensor (N, D); int (N,)
    counts : sequence of int, examples a class, fewer than the rarest class has
    draws : int, how often examples are drawn anew (seeds 0, 1, …); all features see the same draws

    Returns
    -------
    torch.Tensor (counts, draws), share of right answers, 0..1
    """

    def right(count, draw):
        rank = ranks(labels, draw)
        given, asked = rank < count, rank >= max(counts)
        found = knn(features[given], labels[given], features[asked])
        return (found == labels[asked]).float().mean()

    return torch.tensor([[right(count, draw) for draw in range(draws)] for count in counts])


def ranks(labels, seed=0):
    """Each picture's place in its class, shuffled: ``ranks(labels) < n`` are n a class.

    Parameters
    ----------
    labels : torch.Tensor, int (N,), classes 0, 1, …
    seed : int, of the shuffling

    Returns
    -------
    torch.Tensor, int (N,), from 0 in each class
    """
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))
    seen = F.one_hot(labels[order]).cumsum(0)  # of each class, so far
    return seen[order.argsort(), labels] - 1


def beside_untrained(model, seeds=3):
    """A model and its untrained equals: what random weights can do is a range.

    Parameters
    ----------
    model : timm model, from ``models.load_model``
    seeds : int, how many equals

    Returns
    -------
    dict, name → timm model: the model's own, then "untrained 0", "untrained 1", …
    """
    equals = {entry.label: zoo.load(entry) for entry in zoo.untrained(model.weights.name, seeds)}
    return {model.weights.name: model} | equals


def cls_tokens(model, pictures):
    """CLS tokens of pictures, squashed to a square, in batches of 16.

    Parameters
    ----------
    model : timm model
    pictures : sequence of PIL.Image.Image, or anything that ``images.load_photo`` reads

    Returns
    -------
    torch.Tensor (pictures, D)
    """
    tensors = [to_tensor(picture, model, "squash")[0] for picture in pictures]
    parts = torch.cat(tensors).split(16)
    return torch.cat([encode(model, part).cls_token for part in parts])


def pixels(pictures):
    """Pictures shrunk to 16 × 16 pixels and laid out in a row: (pictures, 768), 0..1."""
    small = [load_photo(picture).resize((16, 16)) for picture in pictures]
    return torch.tensor(np.stack(small), dtype=torch.float32).flatten(1) / 255


def extract(nets, pictures):
    """Features of pictures: the ``cls_tokens`` of some models, and the ``pixels``.

    Parameters
    ----------
    nets : dict, name → timm model
    pictures : see ``cls_tokens``

    Returns
    -------
    dict, name → torch.Tensor (pictures, D); the last is "pixels"
    """
    watched = counted(nets.items(), "신경망", "networks")
    return {name: cls_tokens(net, pictures) for name, net in watched} | {"pixels": pixels(pictures)}


def contest(nets, pictures, labels):
    """``few_shot`` of the ``extract`` of some pictures.

    Parameters
    ----------
    nets, pictures : see ``extract``
    labels : torch.Tensor, int (pictures,), classes 0, 1, …, each of more than five pictures

    Returns
    -------
    dict, name → torch.Tensor (counts, draws), see ``few_shot``
    """
    return {name: few_shot(each, labels) for name, each in extract(nets, pictures).items()}


def show_rows(rows):
    """Print the mean of the draws, a row a name, a column a number of examples.

    Parameters
    ----------
    rows : dict, name → torch.Tensor (counts, draws), such as ``contest`` returns
    """
    for name, table in rows.items():  # the name is last: no two fonts make Hangul equally wide
        print(*[f"{value:.2f}" for value in table.mean(dim=1).tolist()], "", named(name))


def draw_few_shot(rows, counts, *, weights, chance=None, ylabel=None):
    """Curves over the number of examples, and a band from the worst draw to the best.

    Parameters
    ----------
    rows : dict, label → torch.Tensor (counts, draws); what begins with "untrained" is grey
    counts : sequence of int, examples a class
    weights : see ``plots.two_panel``
    chance : float, optional, drawn as a dotted line
    ylabel : str, optional, what was measured, if not the share of right answers

    Returns
    -------
    plots.Figure
    """
    names = say("예시의 수", "examples"), ylabel or say("정답률", "share right")
    fig, ax = new_chart((4, 1), weights, *names)
    styles = ("-o", "--s", ":^", "-.v", "-D", "--x")
    for (name, table), style in zip(rows.items(), styles):
        colour = {"color": "gray"} if name.startswith("untrained") else {}
        (line,) = ax.plot(counts, table.mean(1), style, ms=4, label=named(name), **colour)
        low, high = table.amin(1), table.amax(1)
        ax.fill_between(counts, low, high, color=line.get_color(), alpha=0.15, lw=0)
    if chance is not None:
        ax.axhline(chance, color=rcParams["text.color"], ls=":", lw=1, label=say("우연", "chance"))
    ax.set(ylim=(0, 1), xscale="log")
    ax.set_xticks(counts, counts, minor=False)
    ax.xaxis.set_minor_formatter("")
    ax.legend(fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
    return fig
