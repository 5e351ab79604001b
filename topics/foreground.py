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
    """A function from a picture to its patch tokens.

    Parameters
    ----------
    model : timm model
    size : int or tuple of int, optional, see ``images.to_tensor``, whose `fit` is "whole" here

    Returns
    -------
    callable
        Of a picture (anything that ``images.load_photo`` reads): features torch.Tensor (gh * gw, D)
        and grid (gh, gw). It raises what ``to_tensor`` does.
    """
    return _of_whole(model, size, lambda tensor: encode(model, tensor).patch_tokens[0])


def patch_colours(model, size=None):
    """As ``patch_features`` of patches' mean colours, D = 4: what is there with no network at all.

    Parameters
    ----------
    model, size : see ``patch_features``; only the preprocessing and the grid are the model's

    Returns
    -------
    callable, as ``patch_features``'s: red, green, blue as the network gets them, and 1
    """

    def colours(tensor):
        mean = F.avg_pool2d(tensor, model.patch_embed.patch_size)[0].flatten(1).T
        return F.pad(mean, (0, 1), value=1)  # without it, cosines would not tell dark from light

    return _of_whole(model, size, colours)


def patch_places(model, size=None):
    """As ``patch_features`` of nothing but where a patch is, D = 1: the centre prior."""
    return _of_whole(model, size, lambda x: centre_map(grid_of(model, x)).flatten()[:, None])


def _of_whole(model, size, read):
    """A function from a picture, uncropped, to what is read of its tensor, and the grid."""

    def features(picture):
        tensor, _ = to_tensor(picture, model, "whole", size)
        return read(tensor), grid_of(model, tensor)

    return features


class Photo(NamedTuple):
    """A bundled photo's patches, and the answer."""

    name: str
    seen: Image.Image
    features: torch.Tensor  # (gh * gw, D)
    grid: tuple[int, int]
    truth: torch.Tensor  # bool (gh, gw), whether an object covers more than half of the patch


def bundled(model, features):
    """Every bundled photo that has a patch on an object.

    Parameters
    ----------
    model : timm model, whose grid the masks are laid on
    features : callable, picture → (features (gh * gw, D), grid), such as ``patch_features`` gives

    Returns
    -------
    list of Photo
    """
    found = []
    for path in sample_photos():
        photo, truth = load_photo(path), masks_on_grid(load_masks(path), model, "whole").any(0)
        if truth.any():
            found.append(Photo(path.stem, photo, *features(photo), truth))
    return found


def fit(photos):
    """Fit a linear probe to photos' patches, standardised first: object (1) or background (0).

    Logistic regression, L2, each class of the same weight, however many patches it has.

    Parameters
    ----------
    photos : sequence of Photo

    Returns
    -------
    sklearn.pipeline.Pipeline
    """
    features = torch.cat([photo.features for photo in photos]).double()
    truth = torch.cat([photo.truth.flatten() for photo in photos])
    regression = LogisticRegression(C=0.1, class_weight="balanced", max_iter=1000)
    return make_pipeline(StandardScaler(), regression).fit(features.numpy(), truth.numpy())


def predict(probe, features, grid):
    """How sure a probe is that each patch is on an object.

    Parameters
    ----------
    probe : what ``fit`` returns
    features, grid : torch.Tensor (gh * gw, D), of the kind that the probe was fitted to; (gh, gw)

    Returns
    -------
    torch.Tensor (gh, gw), probability 0..1
    """
    sure = probe.predict_proba(features.double().numpy())[:, 1]
    return on_grid(torch.as_tensor(sure), grid)


def score(probe, photos):
    """Mean Jaccard of ``predict`` above 0.5 with the answer, over photos."""
    each = [jaccard(predict(probe, p.features, p.grid) > 0.5, p.truth) for p in photos]
    return torch.stack(each).mean().item()


def few_shot(photos, counts=(1, 3, 10), draws=5):
    """``score`` on the photos never given, as ``features.few_shot``: (counts, draws)."""

    def found(count, draw):
        order = np.random.default_rng(draw).permutation(len(photos))
        probe = fit([photos[i] for i in order[:count]])
        return score(probe, [photos[i] for i in order[max(counts) :]])

    return torch.tensor([[found(count, draw) for draw in range(draws)] for count in counts])


def contest(model, nets):
    """``few_shot`` of some networks on the bundled photos, beside two that have learnt nothing.

    Parameters
    ----------
    model : timm model, whose grid all are judged on
    nets : dict, name → timm model of the same grid

    Returns
    -------
    dict, name → torch.Tensor (counts, draws), mean Jaccard; also "colours" and "centre"
    """
    ways = {name: patch_features(net) for name, net in nets.items()}
    ways |= {"colours": patch_colours(model), "centre": patch_places(model)}
    ways = counted(ways.items(), "특징", "features")
    return {name: few_shot(bundled(model, way)) for name, way in ways}


def draw_predictions(probe, photos, *, weights):
    """How sure a probe is, laid over photos; their Jaccard index stands beside their names.

    Parameters
    ----------
    probe : what ``fit`` returns
    photos : sequence of Photo, at least one, else BadInput
    weights : see ``plots.two_panel``

    Returns
    -------
    plots.Figure
    """
    panels = {
        f"{p.name} {score(probe, [p]):.2f}": blend(p.seen, predict(probe, p.features, p.grid), 0.6)
        for p in photos
    }
    return compare(panels, weights=weights)
