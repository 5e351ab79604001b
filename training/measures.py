"""Measures of a backbone: how well attention, token lengths and tokens tell object from ground.

A map is (B, 14, 14), a truth bool (B, 14, 14): where an object covers more than half of a patch. A
`Sight` is what a network saw of some pictures; a centre prior has no network, only a map.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from topics.masks import mass_mask
from topics.measure import jaccard
from training.scenes import Scenes
from training.terms import grid_centres, likeness, spread
from training.views import normalise

GRID, IMAGE = 14, 112
# Held-out grounds that show things of their own (boats, a mascot), as somebody who had seen neither
# maps nor figures said of each: a network that points at those is not wrong.
WITH_THINGS = torch.tensor([13, 14, 15, 16])
SCALE = (0.3, 0.8)  # longer side of an object as a share of the picture's: mean area 0.15


class Sight(NamedTuple):
    """What a network saw of B pictures."""

    rows: torch.Tensor  # (blocks, B, heads, 14, 14) every block's CLS attention
    tokens: torch.Tensor  # (B, 1 + 196, dim), after the last norm


def held_out_pictures(pool, count=256, seed=0):
    """Return images (count, 3, 112, 112) in 0..1, truth and grounds' numbers, all held out."""
    return compose_pictures(Scenes(pool, held_out=True, seed=seed), count)


def plain(pictures):
    """Return the same of `held_out_pictures` whose grounds show no things of their own."""
    kept = ~torch.isin(pictures[2], WITH_THINGS)
    return tuple(part[kept] for part in pictures)


def trained_pictures(pool, count=256, seed=7):
    """Return the same of what was trained on: to choose by, as what is held out has no say."""
    photographs = ~pool["cutout_drawn"]
    chosen = {name: pool[name][photographs] for name in ("cutouts", "cutout_held")}
    return compose_pictures(Scenes(pool | chosen, seed=seed), count)[:2]


def compose_pictures(scenes, count):
    """Return images (count, 3, 112, 112) in 0..1 of one or two objects, truth, grounds' numbers."""
    ground = scenes.grounds_for(count)
    objects = [scenes.place(count, SCALE), scenes.place(count, SCALE, shown=0.5)]
    window = torch.eye(2, 3, device=scenes.generator.device).expand(count, 2, 3)
    images, mask = scenes.render(ground, objects, window, IMAGE, oversample=2)
    return images, F.adaptive_avg_pool2d(mask, GRID)[:, 0] > 0.5, ground[0]


@torch.no_grad()
def look(backbone, images, batch=64):
    """Return the `Sight` of normalised images (B, 3, 112, 112)."""
    caught, rows, tokens = [], [], []
    hooks = [
        b.attn.register_forward_pre_hook(lambda m, a: caught.append((m, a[0])))
        for b in backbone.blocks
    ]
    device = next(backbone.parameters()).device
    for part in images.split(batch):
        caught.clear()
        tokens.append(backbone.forward_features(part.to(device)).cpu())
        part_rows = []
        for attn, x in caught:
            q, k, _ = attn.qkv(x).unflatten(-1, (3, attn.num_heads, -1)).permute(2, 0, 3, 1, 4)
            part_rows.append((q[:, :, :1] * attn.scale @ k.mT).softmax(-1)[:, :, 0, 1:].cpu())
        rows.append(torch.stack(part_rows).unflatten(-1, (GRID, GRID)))
    for hook in hooks:
        hook.remove()
    return Sight(torch.cat(rows, 1), torch.cat(tokens))


def lengths(tokens):
    """Return the token-norm map of tokens (B, 1 + 196, dim)."""
    return tokens[:, 1:].norm(dim=-1).unflatten(-1, (GRID, GRID))


def centre_map(count=1):
    """Return the centre prior: the nearer to the middle, the higher; (count, 14, 14), above 0."""
    away = grid_centres(GRID).norm(dim=-1)
    return (2 - away.round(decimals=4)).view(1, GRID, GRID).expand(count, -1, -1)


def area_under_curve(maps, truth):
    """Mean over pictures of the area under the ROC curve; those all object or ground left out."""
    told = [
        roc_auc_score(t.flatten().numpy(), m.flatten().numpy())
        for m, t in zip(maps, truth, strict=True)
        if t.any() and not t.all()
    ]
    return sum(told) / len(told)


def scores(attention, truth):
    """Return best-head Jaccard and pointing of one block's maps (B, heads, 14, 14)."""
    seen = truth.flatten(1).any(1)  # a sliver covers no patch by half and can't be found
    attention, truth = attention[seen], truth[seen]
    best = jaccard(mass_mask(attention), truth[:, None]).amax(1).mean().item()
    return best, pointing(attention.mean(1), truth)


def pointing(maps, truth):
    """How often the largest patch lies on an object; of equal ones, their share that does."""
    flat = maps.flatten(1)
    top = flat == flat.amax(1, keepdim=True)
    hit = (top & truth.flatten(1)).sum(1) / top.sum(1)
    return hit[truth.flatten(1).any(1)].mean().item()


def best_disc(truth):
    """Jaccard of one centred disc for all pictures, its size the best **for these very pictures**.

    So the centre prior gets a free choice that no network has.
    """
    truth = truth[truth.flatten(1).any(1)]
    away = grid_centres(GRID).norm(dim=-1).view(GRID, GRID)
    sizes = [(away <= size / 20)[None] for size in range(2, 30)]
    return max(jaccard(disc, truth).mean().item() for disc in sizes)


def grey_share(backbone, usual):
    """Return the spread of token lengths on a plain grey picture over `usual`, that of pictures."""
    grey = normalise(torch.full((1, 3, IMAGE, IMAGE), 0.5))
    return (spread(look(backbone, grey).tokens[:, 1:])[0] / usual).item()


def head_correlation(attention):
    """Mean correlation of the maps of every two heads (B, heads, 14, 14)."""
    return likeness(attention.flatten(2)).mean().item()


def same_object_first(backbone, pool, views=5, seed=0):
    """How often the nearest other view is of the same cut-out: k-NN, leave one out, k = 1.

    Views are of the held-out cut-outs, each turned, mirrored, recoloured, and on another held-out
    ground; 0..1, and by chance (views - 1) / (all views - 1).
    """
    scenes = Scenes(pool, held_out=True, seed=seed)
    count, pictures = len(scenes.cutouts), []
    for _ in range(views):
        thing = scenes.place(count, (0.6, 1.0))
        thing.index = torch.arange(count)
        window = torch.eye(2, 3).expand(count, 2, 3)
        images, _ = scenes.render(scenes.grounds_for(count), [thing], window, IMAGE)
        pictures.append(scenes.jitter(images, 0.5))
    cls = F.normalize(look(backbone, normalise(torch.cat(pictures))).tokens[:, 0], dim=-1)
    nearest = (cls @ cls.T).fill_diagonal_(-2).argmax(1)
    return (nearest % count == torch.arange(len(nearest)) % count).float().mean().item()


def linear_probe(features, truth):
    """Mean IoU of object and ground by logistic regression on patches, of photos it never saw.

    Parameters
    ----------
    features : torch.Tensor
        (photos, 196, dim).
    truth : torch.Tensor
        bool (photos, 14, 14).

    Returns
    -------
    float
        Fitted on every other photo, tested on the rest, and the other way round: the mean of the
        two, each the mean of the IoU of all object patches and of all ground patches.
    """
    features, truth = features.double().numpy(), truth.flatten(1).numpy()
    found = []
    for first in (0, 1):
        fit, test = slice(first, None, 2), slice(1 - first, None, 2)
        probe = make_pipeline(
            StandardScaler(), LogisticRegression(C=0.01, class_weight="balanced", max_iter=1000)
        )
        dim = features.shape[-1]
        probe.fit(features[fit].reshape(-1, dim), truth[fit].flatten())
        said = probe.predict(features[test].reshape(-1, dim))
        right = truth[test].flatten()
        for kind in (0, 1):
            a, b = said == kind, right == kind
            found.append((a & b).sum() / (a | b).sum())
    return float(sum(found) / len(found))


def quick_look(backbone, images, truth):
    """Return what a training watches, of pictures in 0..1."""
    mode, backbone = backbone.training, backbone.eval()
    sight = look(backbone, normalise(images))
    best, hit = scores(sight.rows[-1], truth)
    usual = spread(sight.tokens[:, 1:]).median()
    seen = {
        "jaccard": best,
        "pointing": hit,
        "norm_auc": area_under_curve(lengths(sight.tokens), truth),
        "heads": head_correlation(sight.rows[-1]),
        "norm_spread": usual.item(),
        "grey": grey_share(backbone, usual),
    }
    backbone.train(mode)
    return {name: round(value, 4) for name, value in seen.items()}
