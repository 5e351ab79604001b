"""What the embedded DINO has learnt, measured on pictures it never trained on.

``python -m training.evaluate`` prints a table: each measure of five untrained networks (mean
and range over seeds), of a **centre prior** that sees no picture, of the embedded network, and the
goal.

On 256 composites of held-out cut-outs and grounds, and on the bundled photos (squashed to 112 px)
with their hand-drawn masks:

- *norm map*: area under the ROC curve of the patch tokens' lengths, object against ground;
- *attention*: the same of the last block's CLS attention, mean of heads;
- *best-head Jaccard*: the CLS row of the last block, each head's largest patches up to 60 % of its
  mass, against the object; per picture the best head **chosen with the answer in hand**, then the
  mean (Caron et al. 2021, section 4.2.2). The centre prior here is one disc, its size chosen with
  the answer in hand;
- *pointing*: how often the largest patch of the heads' mean lies on an object;
- *plain grounds*: the last two without the composites on grounds that show things of their own.

And:

- *grey*: how much the lengths of patch tokens differ on a plain grey picture, as a share of the
  photos' median (deviation over mean);
- *heads alike*: mean correlation between the last block's heads, on the photos;
- *k-NN*: views of every held-out cut-out, each on another ground; how often the CLS token nearest
  to a view's is another view of the same cut-out;
- *probe*: logistic regression on patch tokens of half of the photos tells object from ground on the
  other half (mean IoU of both); the centre prior's probe sees a patch's distance from the middle;
- *own place*: how often a patch of a photo finds its place in a mirrored, recoloured copy;
- *PCA*: on how many photos one of the three first components tells object from ground (area 0.9).
"""

import argparse
import json
from pathlib import Path

import torch
from safetensors.torch import load_file
from sklearn.decomposition import PCA

from helpers.images import load_photo, sample_photos, to_tensor
from helpers.models import load_model
from topics.masks import load_masks, masks_on_grid
from topics.measure import best_head_jaccard, bundled_views
from topics.patches import match_back
from training import measures
from training.dino import build_backbone
from training.pool import load_pool
from training.terms import spread

SEEDS = 5
GOALS = {
    "norm map, photos": "≥ 0.90",
    "norm map, composites": "≥ 0.95",
    "grey, share of photos' spread": "≤ 0.20",
    "attention, photos": "",
    "attention, composites": "",
    "best-head Jaccard, composites": "≥ 0.68",
    "best-head Jaccard, plain grounds": "",
    "best-head Jaccard, photos": "≥ 0.52",
    "best-head Jaccard, photos whole": "",
    "pointing, composites": "≥ 0.95",
    "pointing, plain grounds": "",
    "pointing, photos": "",
    "heads alike, photos": "≤ 0.50",
    "k-NN, same object first": "≥ 0.75",
    "probe, mean IoU": "≥ 0.60",
    "own place, mirrored": "≥ 0.85",
    "PCA, share of photos": "",
}


def bundled(model):
    """Return the bundled photos as `model` takes them, squashed, and their truth."""
    paths = sample_photos()
    tensors = [to_tensor(load_photo(path), model, "squash")[0] for path in paths]
    truth = [masks_on_grid(load_masks(path), model, "squash").any(0) for path in paths]
    return torch.cat(tensors), torch.stack(truth)


def kinds(composites):
    """Return names and pictures of all composites, and of those on plain grounds."""
    return ("composites", composites), ("plain grounds", measures.plain(composites))


def centre_prior(composites, photos):
    """Return what a map of the middle gets, by the measures' names."""
    found = {}
    truths = [(kind, pictures[1]) for kind, pictures in kinds(composites)]
    for kind, truth in (*truths, ("photos", photos)):
        maps = measures.centre_map(len(truth))
        area = measures.area_under_curve(maps, truth)
        found |= {f"norm map, {kind}": area, f"attention, {kind}": area}
        found[f"best-head Jaccard, {kind}"] = measures.best_disc(truth)
        found[f"pointing, {kind}"] = measures.pointing(maps, truth)
    seen = photos.flatten(1).any(1)
    near = measures.centre_map(int(seen.sum())).flatten(1)[..., None]
    return found | {"probe, mean IoU": measures.linear_probe(near, photos[seen])}


def of_maps(kind, sight, truth):
    """Return what attention and token lengths tell of pictures of one kind, by its name."""
    heads = sight.rows[-1]
    best, hit = measures.scores(heads, truth)
    norms = measures.lengths(sight.tokens)
    return {
        f"norm map, {kind}": measures.area_under_curve(norms, truth),
        f"attention, {kind}": measures.area_under_curve(heads.mean(1), truth),
        f"best-head Jaccard, {kind}": best,
        f"pointing, {kind}": hit,
    }


def of_composites(model, pool, composites):
    """Return every measure of held-out pictures, and of held-out cut-outs."""
    found = {}
    for kind, (images, truth, _) in kinds(composites):
        found |= of_maps(kind, measures.look(model, measures.normalise(images)), truth)
    return found | {"k-NN, same object first": measures.same_object_first(model, pool)}


def of_photos(model):
    """Return every measure of the bundled photos."""
    images, truth = bundled(model)
    sight = measures.look(model, images)
    found = of_maps("photos", sight, truth)
    usual = spread(sight.tokens[:, 1:]).median()
    found["grey, share of photos' spread"] = measures.grey_share(model, usual)
    found["heads alike, photos"] = measures.head_correlation(sight.rows[-1])
    whole = [best_head_jaccard(view.heads, view.masks) for view in bundled_views(model)]
    found["best-head Jaccard, photos whole"] = sum(whole) / len(whole)
    seen = truth.flatten(1).any(1)
    found["probe, mean IoU"] = measures.linear_probe(sight.tokens[seen, 1:], truth[seen])
    exact = [match_back(model, load_photo(path))[0] for path in sample_photos()]
    found["own place, mirrored"] = sum(exact) / len(exact)
    told = pca_separates(sight.tokens[seen, 1:], truth[seen])
    return found | {"PCA, share of photos": sum(told) / len(told)}


def pca_separates(tokens, truth, enough=0.9):
    """Return for each photo whether a principal component tells its objects from the rest."""
    told = []
    for photo, mask in zip(tokens.double().numpy(), truth, strict=True):
        values = torch.from_numpy(PCA(3, svd_solver="full").fit_transform(photo)).T
        areas = [measures.area_under_curve(v.view(1, 14, 14), mask[None]) for v in values]
        told.append(max(max(area, 1 - area) for area in areas) >= enough)
    return told


def fresh(like, weights=None, seed=0):
    """Return the embedded DINO's network, untrained or with other weights."""
    torch.manual_seed(seed)
    backbone = build_backbone().eval().requires_grad_(False)
    backbone.pretrained_cfg = like.pretrained_cfg  # says how to prepare a photo
    if weights:
        backbone.load_state_dict({name: value.float() for name, value in weights.items()})
    return backbone


def table(untrained, centre, columns):
    """Return the lines of the table; `untrained` is a list, `columns` names → measures."""
    heads = ["measure", f"untrained ({len(untrained)} seeds)", "centre prior", *columns, "goal"]
    lines = [" | ".join(heads), " | ".join("---" for _ in heads)]
    for name, goal in GOALS.items():
        seeds = [found[name] for found in untrained]
        spread_of = f"{sum(seeds) / len(seeds):.2f} ({min(seeds):.2f} to {max(seeds):.2f})"
        prior = f"{centre[name]:.2f}" if name in centre else "–"
        values = [f"{found[name]:.3f}" for found in columns.values()]
        lines.append(" | ".join([name, spread_of, prior, *values, goal]))
    return [f"| {line} |" for line in lines]


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pool", type=Path, default=Path("outputs/training/pool.pt"))
    parser.add_argument("--also", type=Path, nargs="*", default=[], help="other .safetensors")
    parser.add_argument(
        "--quick", action="store_true", help="one untrained network instead of five"
    )
    parser.add_argument("--json", type=Path, help="write the numbers here too")
    options = parser.parse_args(arguments)
    pool = load_pool(options.pool)
    composites = measures.held_out_pictures(pool)
    embedded = load_model("embedded")
    truth = bundled(embedded)[1]
    covered = [t.float().mean().item() for t in (composites[1], truth)]
    print(
        f"{len(composites[0])} held-out composites, objects cover {covered[0]:.2f} of the patches"
    )
    print(f"{len(truth)} bundled photos, objects cover {covered[1]:.2f} of the patches")
    seeds = 1 if options.quick else SEEDS

    def measure(model):
        return of_composites(model, pool, composites) | of_photos(model)

    untrained = [measure(fresh(embedded, seed=s)) for s in range(seeds)]
    columns = {path.stem: fresh(embedded, load_file(path)) for path in options.also}
    columns = columns | {"embedded": embedded}
    found = {name: measure(model) for name, model in columns.items()}
    centre = centre_prior(composites, truth)
    print("\n".join(table(untrained, centre, found)))
    sight = measures.look(embedded, measures.normalise(composites[0]))
    for block, maps in enumerate(sight.rows, 1):
        best, hit = measures.scores(maps, composites[1])
        print(f"embedded block {block}: best-head Jaccard {best:.3f}, pointing {hit:.2f}")
    if options.json:
        stored = {"untrained": untrained, "centre": centre, **found}
        options.json.write_text(json.dumps(stored, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
