"""What the embedded DINO has learnt, measured on pictures it never trained on.

``python -m training.evaluate`` prints for it, and beside it for the same network untrained:

- on composites of held-out cut-outs and grounds: *best-head Jaccard* (the CLS row of the last
  block's attention, each head's largest patches up to 60 % of its mass, against the object's mask
  on the 14×14 grid; per picture the best head **chosen with the answer in hand**, then the mean:
  Caron et al. 2021, section 4.2.2 and figure 4) and *pointing*: how often the largest patch of the
  mean over heads lies on the object;
- on the bundled photos and their hand-drawn masks: the same Jaccard;
- *k-NN*: views of every held-out cut-out, each on another ground; how often the CLS token nearest
  to a view's is another view of the same cut-out (cosine similarity);
- *matching*: how often a patch of a bundled photo finds its own place in a mirrored, recoloured
  copy;
- *PCA*: on how many bundled photos one of the three first components of the patch tokens tells
  object from ground (an object's patch lies on the same side of a ground's patch nine times of ten,
  the area under the ROC curve being at least 0.9 for one sign of the component).
"""

import argparse
from pathlib import Path

import torch
import torch.nn.functional as F
from sklearn.decomposition import PCA
from sklearn.metrics import roc_auc_score

from helpers.encoding import encode
from helpers.images import load_masks, load_photo, masks_on_grid, sample_photos, to_tensor
from helpers.maps import mass_mask
from helpers.models import load_model
from topics.measure import bundled_jaccard, jaccard
from topics.patches import match_back
from training.dino import IMAGE, build_backbone
from training.scenes import Scenes

MEAN, STD = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
SCALE = (0.3, 0.8)  # longer side of an object as a share of the picture's: mean area 0.17


def normalise(images):
    """Return images (B, 3, H, W) in 0..1 less ImageNet's mean, in units of its deviation."""
    return (images - MEAN[:, None, None]) / STD[:, None, None]


def held_out_pictures(pool, count=256, seed=0):
    """Return images (count, 3, 112, 112) in 0..1 and masks (count, 14, 14), all held out."""
    scenes = Scenes(pool, held_out=True, seed=seed)
    ground = scenes.grounds_for(count)
    objects = [scenes.place(count, SCALE), scenes.place(count, SCALE, shown=0.5)]
    window = torch.eye(2, 3).expand(count, 2, 3)
    images, mask = scenes.render(ground, objects, window, IMAGE, oversample=2)
    return images, F.adaptive_avg_pool2d(mask, 14)[:, 0] > 0.5


@torch.no_grad()
def cls_attention(backbone, images, batch=64):
    """Return every block's CLS row over the patches: (blocks, B, heads, 14, 14)."""
    caught = []
    hooks = [
        b.attn.register_forward_pre_hook(lambda m, a: caught.append((m, a[0])))
        for b in backbone.blocks
    ]
    parts = []
    for part in normalise(images).split(batch):
        caught.clear()
        backbone.forward_features(part)
        rows = []
        for attn, x in caught:
            q, k, _ = attn.qkv(x).unflatten(-1, (3, attn.num_heads, -1)).permute(2, 0, 3, 1, 4)
            rows.append((q[:, :, :1] * attn.scale @ k.mT).softmax(-1)[:, :, 0, 1:])
        parts.append(torch.stack(rows).unflatten(-1, (14, 14)))
    for hook in hooks:
        hook.remove()
    return torch.cat(parts, 1)


def scores(attention, truth):
    """Return best-head Jaccard and pointing of one block's maps (B, heads, 14, 14)."""
    seen = truth.flatten(1).any(1)  # a sliver covers no patch by half and can't be found
    attention, truth = attention[seen], truth[seen]
    best = jaccard(mass_mask(attention), truth[:, None]).amax(1).mean().item()
    peak = attention.mean(1).flatten(1).argmax(1)
    hit = truth.flatten(1).gather(1, peak[:, None]).float().mean().item()
    return best, hit


@torch.no_grad()
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
    batches = normalise(torch.cat(pictures)).split(64)
    cls = F.normalize(torch.cat([backbone.forward_features(b)[:, 0] for b in batches]), dim=-1)
    nearest = (cls @ cls.T).fill_diagonal_(-2).argmax(1)
    return (nearest % count == torch.arange(len(nearest)) % count).float().mean().item()


def pca_separates(model, enough=0.9):
    """Return for each bundled photo whether a principal component tells its objects from the rest.

    Photos none of whose objects covers a patch are left out.
    """
    told = {}
    for path in sample_photos():
        truth = masks_on_grid(load_masks(path), model, "whole").any(0)
        if truth.any():
            encoded = encode(model, to_tensor(load_photo(path), model, "whole")[0])
            tokens = encoded.patch_tokens[0].double().numpy()
            values = PCA(3, svd_solver="full").fit_transform(tokens)
            areas = [roc_auc_score(truth.flatten(), values[:, i]) for i in range(3)]
            told[path.stem] = max(max(area, 1 - area) for area in areas) >= enough
    return told


def report(name, model, pool, pictures):
    """Print all measures of one network, a line each."""
    images, truth = pictures
    for block, maps in enumerate(cls_attention(model, images), start=1):
        best, hit = scores(maps, truth)
        print(f"{name:10} block {block}: best-head Jaccard {best:.3f}, pointing {hit:.2f}")
    photos = bundled_jaccard(model)
    mean = sum(photos.values()) / len(photos)
    print(f"{name:10} bundled photos: best-head Jaccard {mean:.3f} over {len(photos)} photos")
    print(f"{name:10} k-NN: the same object first {same_object_first(model, pool):.2f}")
    exact, near = zip(*(match_back(model, load_photo(path)) for path in sample_photos()))
    exact, near = (sum(share) / len(share) for share in (exact, near))
    print(f"{name:10} matching: own place {exact:.2f}, at most one patch away {near:.2f}")
    told = pca_separates(model)
    print(f"{name:10} PCA: object told from ground on {sum(told.values())} of {len(told)} photos")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pool", type=Path, default=Path("outputs/training/pool.pt"))
    parser.add_argument("--run", type=Path, help="folder of a run: measure its checkpoint as well")
    options = parser.parse_args()
    pool = torch.load(options.pool, weights_only=True)
    pictures = held_out_pictures(pool)
    covered = pictures[1].float().mean().item()
    print(f"{len(pictures[0])} held-out pictures, objects cover {covered:.2f} of the patches")
    embedded = load_model("embedded")
    report("untrained", fresh(embedded), pool, pictures)
    if options.run:
        state = torch.load(options.run / "checkpoint.pt", map_location="cpu", weights_only=True)
        report("checkpoint", fresh(embedded, state["backbone"]), pool, pictures)
    report("embedded", embedded, pool, pictures)


def fresh(like, weights=None):
    """Return the embedded DINO's network, untrained (seed 0) or with other weights."""
    torch.manual_seed(0)
    backbone = build_backbone().eval().requires_grad_(False)
    backbone.pretrained_cfg = like.pretrained_cfg  # says how to prepare a photo
    if weights:
        backbone.load_state_dict(weights)
    return backbone


if __name__ == "__main__":
    main()
