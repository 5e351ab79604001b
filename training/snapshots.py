"""A training looked at along the way: two bundled photos' maps, from noise to object.

``python -m training.snapshots outputs/training/run`` reads the weights that ``training.train`` kept
there and writes ``training/snapshots.npz``; `load` reads it, with NumPy alone.
"""

import argparse
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from safetensors.torch import load_file

from helpers.images import load_photo, sample_photos, to_tensor
from helpers.models import load_model
from training import measures
from training.dino import build_backbone

FILE = Path(__file__).with_name("snapshots.npz")
PHOTOS = ("cat", "birds")
CURVES = ("dino", "contrast", "contrast_mean", "patch_contrast", "agree", "alike", "spread")
WATCHED = ("jaccard", "pointing", "norm_auc", "heads", "grey")


class Snapshots(NamedTuple):
    """What is stored: n moments of the training, of p photos, and curves.

    Attributes
    ----------
    names : list of str
        What the weights of each moment are: "untrained", "part 1" and so on (what came before, the
        last of them what this training began with), then "step 250" and so on, at last "average"
        if the weights at the end were averaged with earlier ones, and the parts that came after it.
    steps : (n,) int
        Steps of **this** training; 0 for what came before it, -1 where untrained.
    photos : list of str
        Names of the bundled photos, which were seen squashed.
    attention : (n, p, heads, 14, 14) float16
        The last block's CLS attention.
    norms : (n, p, 14, 14) float16
        Lengths of the patch tokens.
    curves : dict of str to (2, m) float32
        Steps and values: terms of the loss, and what was measured on composites that were trained
        on (``training.measures.quick_look``).
    """

    names: list
    steps: np.ndarray
    photos: list
    attention: np.ndarray
    norms: np.ndarray
    curves: dict


def load(path=FILE):
    """Return the stored `Snapshots`."""
    with np.load(path) as stored:
        curves = {key[6:]: stored[key] for key in stored.files if key.startswith("curve_")}
        return Snapshots(
            stored["names"].tolist(),
            stored["steps"],
            stored["photos"].tolist(),
            stored["attention"].astype(np.float32),
            stored["norms"].astype(np.float32),
            curves,
        )


def moments(runs, count=6):
    """Return (name, steps, weights file) of `count` moments, spread evenly over some runs.

    Each run went on from the end of the one before it.
    """
    found, before = [], 0
    for run in runs:
        files = sorted(run.glob("step_*.safetensors"))
        found += [(before + int(file.stem[5:]), file) for file in files]
        before = found[-1][0]
    chosen = np.linspace(0, len(found) - 1, min(count, len(found))).round().astype(int)
    return [(f"step {found[i][0]}", *found[i]) for i in chosen]


def curves_of(runs):
    """Return the curves of some runs' logs, one after the other, as `Snapshots` has them."""
    found, before, step = {}, 0, 0
    for run in runs:
        for line in (run / "log.jsonl").read_text("utf-8").splitlines():
            row = json.loads(line)
            step = before + row["step"]
            for name in (*CURVES, *WATCHED):
                if name in row:
                    found.setdefault(name, []).append((step, row[name]))
        before = step
    return {name: np.array(points, dtype=np.float32).T for name, points in found.items()}


def look(states, photos):
    """Return attention and norms of some networks' states, as `Snapshots` has them."""
    attention, norms = [], []
    for state in states:
        backbone = build_backbone().eval().requires_grad_(False)
        backbone.load_state_dict({name: value.float() for name, value in state.items()})
        sight = measures.look(backbone, photos)
        attention.append(sight.rows[-1])
        norms.append(measures.lengths(sight.tokens))
    return [torch.stack(part).half().numpy() for part in (attention, norms)]


def write(runs, starts=(), path=FILE, names=PHOTOS, ends=()):
    """Store the snapshots of some runs that came after `starts`, averaged and gone on to `ends`."""
    model = load_model("embedded")  # says how to prepare a photo
    paths = [p for name in names for p in sample_photos() if p.stem == name]
    photos = torch.cat([to_tensor(load_photo(p), model, "squash")[0] for p in paths])
    torch.manual_seed(0)
    kept = [("untrained", -1, build_backbone().state_dict())]
    kept += [(f"part {i}", 0, load_file(file)) for i, file in enumerate(starts, 1)]
    kept += [(name, step, load_file(file)) for name, step, file in moments(runs, 8 - len(kept))]
    later = ["average", *(f"part {len(starts) + 1 + i}" for i in range(1, len(ends)))]
    kept += [(name, kept[-1][1], load_file(end)) for name, end in zip(later, ends)]
    attention, norms = look([state for _, _, state in kept], photos)
    np.savez_compressed(
        path,
        names=[name for name, _, _ in kept],
        steps=[step for _, step, _ in kept],
        photos=names,
        attention=attention,
        norms=norms,
        **{f"curve_{name}": curve for name, curve in curves_of(runs).items()},
    )


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", type=Path, nargs="+", help="each begun where the last ended")
    parser.add_argument(
        "--starts", type=Path, nargs="*", default=(), help="what came before, in order"
    )
    parser.add_argument("--ends", type=Path, nargs="*", default=(), help="their average, and after")
    options = parser.parse_args(arguments)
    write(options.runs, options.starts, ends=options.ends)
    print(f"wrote {FILE} ({FILE.stat().st_size / 1e3:.0f} kB)")


if __name__ == "__main__":
    main()
