"""Patches of a few photos with masks in, object or background of every other patch out."""

from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from bilingual import counted
from helpers.encoding import encode, grid_of
from helpers.images import load_photo, sample_photos, to_tensor
from helpers.maps import on_grid
from helpers.overlay import blend
from helpers.plots import compare
from topics.masks import load_masks, masks_on_grid
from topics.measure import centre_map, jaccard


def patch_features(model, size=None):
    """A function from a picture, whole, to its patch tokens (gh * gw, D) and grid (gh, gw)."""

    def features(picture):
        encoded = encode(model, to_tensor(picture, model, "whole", size)[0])
        return encoded.patch_tokens[0], encoded.grid

    return features


def patch_colours(model, size=None):
    """The same of patches' mean colours: what is there with no network at all."""

    def features(picture):
        tensor = to_tensor(picture, model, "whole", size)[0]
        mean = F.avg_pool2d(tensor, model.patch_embed.patch_size)[0].flatten(1).T
        return F.pad(mean, (0, 1), value=1), grid_of(model, tensor)  # 1: the cosine tells dark, too

    return features


def patch_places(model, size=None):
    """The same of nothing but where a patch is, D = 1: the centre prior."""

    def features(picture):
        grid = grid_of(model, to_tensor(picture, model, "whole", size)[0])
        return centre_map(grid).flatten()[:, None], grid

    return features


class Photo(NamedTuple):
    """A bundled photo's patches, and the answer."""

    name: str
    seen: Image.Image
    features: torch.Tensor  # (gh * gw, D)
    grid: tuple[int, int]
    truth: torch.Tensor  # bool (gh, gw), whether an object covers more than half of the patch


def bundled(model, features):
    """Every bundled photo with a patch on an object, by a function such as ``patch_features``."""
    found = []
    for path in sample_photos():
        photo, truth = load_photo(path), masks_on_grid(load_masks(path), model, "whole").any(0)
        if truth.any():
            found.append(Photo(path.stem, photo, *features(photo), truth))
    return found


def fit(photos):
    """A linear probe of photos' patches, standardised first: object (1) or background (0)."""
    features = torch.cat([photo.features for photo in photos]).double()
    truth = torch.cat([photo.truth.flatten() for photo in photos])
    regression = LogisticRegression(C=0.1, class_weight="balanced", max_iter=1000)
    return make_pipeline(StandardScaler(), regression).fit(features.numpy(), truth.numpy())


def likely(probe, features, grid):
    """How sure a probe is that each patch is on an object: (gh, gw) in 0..1."""
    sure = probe.predict_proba(features.double().numpy())[:, 1]
    return on_grid(torch.as_tensor(sure), grid)


def score(probe, photos):
    """Mean Jaccard of ``likely`` above 0.5 with the answer, over photos."""
    each = [jaccard(likely(probe, p.features, p.grid) > 0.5, p.truth) for p in photos]
    return torch.stack(each).mean().item()


def few_shot(photos, counts=(1, 3, 10), draws=5):
    """``score`` on the photos never given, as ``features.few_shot``: (counts, draws)."""

    def found(count, draw):
        order = np.random.default_rng(draw).permutation(len(photos))
        probe = fit([photos[i] for i in order[:count]])
        return score(probe, [photos[i] for i in order[max(counts) :]])

    return torch.tensor([[found(count, draw) for draw in range(draws)] for count in counts])


def contest(model, nets, counts=(1, 3, 10)):
    """``few_shot`` of `nets`, and of colours and the centre on a model's grid, by name."""
    ways = {name: patch_features(net) for name, net in nets.items()}
    ways |= {"colours": patch_colours(model), "centre": patch_places(model)}
    ways = counted(ways.items(), "특징", "features")
    return {name: few_shot(bundled(model, way), counts) for name, way in ways}


def draw_likely(probe, photos, *, weights):
    """How sure a probe is, laid over photos; their Jaccard index stands beside their names."""
    panels = {
        f"{p.name} {score(probe, [p]):.2f}": blend(p.seen, likely(probe, p.features, p.grid), 0.6)
        for p in photos
    }
    return compare(panels, weights=weights)
