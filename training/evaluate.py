"""What the network's attention finds, measured on pictures it never trained on.

``python -m training.evaluate`` prints, for the embedded DINO and for the same network untrained:

- *best-head Jaccard*: the CLS row of the last block's attention, each head's largest patches up to
  60 % of its mass, against the object's mask on the 14×14 grid; per picture the best head **chosen
  with the answer in hand**, then the mean (Caron et al. 2021, section 4.2.2 and figure 4);
- *pointing*: how often the largest patch of the mean over heads lies on the object.
"""

import argparse
from pathlib import Path

import torch
import torch.nn.functional as F

from helpers.maps import mass_mask
from helpers.models import load_model
from helpers.scoring import jaccard
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


def report(name, backbone, images, truth):
    """Print one line a block: best-head Jaccard and pointing of its CLS attention."""
    for block, maps in enumerate(cls_attention(backbone, images), start=1):
        best, hit = scores(maps, truth)
        print(f"{name:10} block {block}: best-head Jaccard {best:.3f}, pointing {hit:.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pool", type=Path, default=Path("outputs/training/pool.pt"))
    images, truth = held_out_pictures(torch.load(parser.parse_args().pool, weights_only=True))
    covered = truth.float().mean().item()
    print(f"{len(images)} held-out pictures, objects cover {covered:.2f} of the patches")
    torch.manual_seed(0)
    report("untrained", build_backbone().eval(), images, truth)
    report("embedded", load_model("embedded"), images, truth)


if __name__ == "__main__":
    main()
