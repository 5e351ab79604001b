"""Train the last blocks only, on stored tokens: for a machine with little time.

``python -m training.last store --chunks 12`` draws scenes, four views of each, and stores what the
first blocks of the embedded DINO make of them, a few files of 80 MB. ``python -m training.last
train --minutes 30`` trains the last blocks and the last norm on them. A step then costs a small
part of one of ``training.train``, for all that stays as it was is computed once.

There is no second network here that learns along; where heads should look in one view is what the
network *began with* looked at in another view of the scene, on another ground.
"""

import argparse
import copy
import json
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import nn

from training import contrast, dino, terms
from training.export import write_weights
from training.measures import quick_look, trained_pictures
from training.network import Watched
from training.options import parse_options as train_options
from training.pool import load_pool
from training.scenes import compose, inverse
from training.views import Batch, make_scenes, normalise

VIEWS, SCENES, BLANKS = 4, 128, 32


def load_backbone(weights):
    """Return the backbone of a .safetensors file, its last block's attention to be read."""
    backbone = dino.build_backbone()
    backbone.load_state_dict({name: value.float() for name, value in load_file(weights).items()})
    for block in backbone.blocks:
        block.attn.fused_attn = False
    backbone.blocks[-1].attn.attn_drop = Watched(0.0)
    return backbone


def first_blocks(backbone, images, count):
    """Return the tokens (B, 197, dim) that leave block number `count`."""
    return backbone.norm_pre(
        backbone.blocks[:count](backbone._pos_embed(backbone.patch_embed(images)))
    )


@torch.no_grad()
def store(options):
    """Write ``options.chunks`` files of tokens, attention and windows."""
    backbone, pool = load_backbone(options.start_from).eval(), load_pool(options.pool)
    drawn = ["--batch", SCENES, "--few-grounds", 16, "--seed", options.seed, "--device", "cpu"]
    drawing = train_options([str(part) for part in drawn])
    drawing.global_size = dino.IMAGE
    scenes = make_scenes(pool, drawing)
    count = len(backbone.blocks) - options.learn_blocks
    options.out.mkdir(parents=True, exist_ok=True)
    for chunk in range(options.chunks):
        batch = Batch(scenes, drawing)
        windows = [w for _ in range(VIEWS // 2) for w in batch.large_windows()]
        tokens, rows = [], []
        for window in windows:
            seen = []
            for part in batch.crop(window, dino.IMAGE).split(64):
                with torch.autocast("cpu", torch.bfloat16):
                    x = first_blocks(backbone, part, count)
                    backbone.blocks[count:](x)
                seen.append((x.half(), backbone.blocks[-1].attn.attn_drop.rows.half()))
            for found, parts in zip((tokens, rows), zip(*seen), strict=True):
                found.append(torch.cat(parts))
        empty = normalise(terms.blank(BLANKS, dino.IMAGE, scenes.generator))
        stored = {
            "tokens": torch.stack(tokens),  # (views, scenes, 197, dim)
            "rows": torch.stack(rows),  # (views, scenes, heads, 196)
            "windows": torch.stack(windows),
            "swapped": batch.swapped,
            "blank": first_blocks(backbone, empty, count).half(),
        }
        path = options.out / f"chunk_{options.seed}_{chunk:03}.pt"
        torch.save(stored, path.with_suffix(".new"))
        path.with_suffix(".new").replace(path)
        print(path, flush=True)


class Last(nn.Module):
    """The last blocks, the last norm and the head of the plain mean of the patch tokens."""

    def __init__(self, backbone, count):
        super().__init__()
        self.blocks, self.norm = backbone.blocks[-count:], backbone.norm
        self.mean_head = nn.Sequential(nn.Linear(192, 256), nn.GELU(), nn.Linear(256, 128))

    def forward(self, x):
        """Return tokens after the last norm and the CLS attention over the patches."""
        x = self.norm(self.blocks(x)).float()
        return x, self.blocks[-1].attn.attn_drop.rows.float()


def costs(last, chunk, options):
    """Return every term of a draw of scenes from a chunk, by the name of its weight."""
    o = options
    which = torch.randperm(SCENES)[: o.batch]
    a, b = torch.randperm(len(chunk["tokens"]))[:2].tolist()
    blank = chunk["blank"][torch.randperm(BLANKS)[: o.blanks]]
    x = torch.cat([chunk["tokens"][a][which], chunk["tokens"][b][which], blank]).float()
    with torch.autocast("cpu", torch.bfloat16, enabled=o.precision == "bf16"):
        tokens, rows = last(x)
    n = o.batch
    views, looks, empty = tokens[: 2 * n].chunk(2), rows[: 2 * n].chunk(2), tokens[2 * n :]
    swapped = chunk["swapped"][which]
    cls = [F.normalize(view[:, 0], dim=-1)[swapped] for view in views]
    means = [F.normalize(last.mean_head(v[:, 1:].mean(1)), dim=-1)[swapped] for v in views]
    found = {
        "contrast": contrast.contrast(cls, cls, o.contrast_temp),
        "contrast_mean": contrast.contrast(means, means, o.contrast_temp),
    }
    windows = [chunk["windows"][i][which] for i in (a, b)]
    first = [chunk["rows"][i][which].float() for i in (a, b)]
    kept = torch.arange(196).expand(n, -1)
    agree, again = [], []
    for i in (0, 1):
        move = compose(inverse(windows[1 - i]), windows[i])
        agree.append(terms.agree(looks[i], kept, first[1 - i], move))
        if o.patch_contrast:
            s, t = views[i][~swapped, 1:], views[1 - i][~swapped, 1:].detach()
            again.append(contrast.patch_contrast(s, kept[~swapped], t, move[~swapped]))
    alike = terms.likeness(torch.cat(looks))
    spread = terms.spread(torch.cat(views)[:, 1:]).detach().median()
    found["agree"] = sum(agree) / 2
    found["patch_contrast"] = sum(again) / 2 if again else torch.zeros(())
    found["apart"] = (alike - o.apart_from).clamp(min=0).mean()
    found["flat"] = (terms.spread(empty[:, 1:]) / spread - o.flat_from).clamp(min=0).mean()
    return found, {"alike": alike.mean(), "spread": spread}


def train(options):
    """Train for ``options.minutes`` on the chunks that are there, and on those that still come."""
    torch.manual_seed(options.seed)
    o, backbone = options, load_backbone(options.start_from)
    last = Last(backbone, o.learn_blocks).train()
    slow = copy.deepcopy(backbone).eval().requires_grad_(False)
    groups = {}
    for name, value in last.named_parameters():
        times = o.norm_lr if name.startswith("norm.") else o.head_lr if "head" in name else 1.0
        decay = 0.04 if value.ndim > 1 else 0.0
        groups.setdefault((times, decay), []).append(value)
    optimizer = torch.optim.AdamW(
        [{"params": g, "times": t, "weight_decay": d} for (t, d), g in groups.items()]
    )
    pictures = trained_pictures(load_pool(o.pool), o.pictures)
    chunks, begun, saved, step = {}, time.perf_counter(), 0.0, 0
    o.run.mkdir(parents=True, exist_ok=True)
    with (o.run / "log.jsonl").open("a") as log:
        minutes = done = 0.0
        while done < 1:
            if step % 10 == 0:
                for path in sorted(o.out.glob("chunk_*.pt")):
                    if path not in chunks:
                        chunks[path] = torch.load(path, weights_only=True, mmap=True)
            rate = dino.share(done, o.lr, o.lr / 100, o.warmup)
            for group in optimizer.param_groups:
                group["lr"] = rate * group["times"]
            chunk = list(chunks.values())[torch.randint(len(chunks), ()).item()]
            found, watch = costs(last, chunk, o)
            optimizer.zero_grad()
            sum(getattr(o, name) * cost for name, cost in found.items()).backward()
            length = nn.utils.clip_grad_norm_(last.parameters(), 3.0)
            optimizer.step()
            with torch.no_grad():
                momentum = min(0.99, 1 - 1 / (step + 2))  # at first the plain mean of all steps
                for old, new in zip(slow.parameters(), backbone.parameters(), strict=True):
                    if new.grad is not None:
                        old.lerp_(new, 1 - momentum)
            step, minutes = step + 1, (time.perf_counter() - begun) / 60
            done = min(1.0, minutes / o.minutes if o.minutes else step / o.steps)
            row = {}
            if step % 20 == 0:
                row = watch | found | {"gradient": length}
                row = {name: round(float(value), 4) for name, value in row.items()}
            if done == 1 or minutes - saved >= o.save_minutes:
                row |= quick_look(slow, *pictures)
                write_weights(slow.state_dict(), o.run / f"step_{step:06}.safetensors")
                saved = minutes
            if row:
                row = {"step": step, "minutes": round(minutes, 2), "chunks": len(chunks), **row}
                print(json.dumps(row), file=log, flush=True)
    return slow


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("what", choices=("store", "train"))
    add("--pool", type=Path, default=Path("outputs/training/pool.pt"))
    add("--start-from", type=Path, default=Path("helpers/embedded/model.safetensors"))
    add("--out", type=Path, default=Path("outputs/training/tokens"), help="folder of the tokens")
    add("--run", type=Path, default=Path("outputs/training/last"), help="folder of the weights")
    add("--minutes", type=float)
    add("--precision", choices=("bf16", "fp32"), default="bf16")
    counts = "learn-blocks 2 chunks 12 steps 1000 batch 64 blanks 6 pictures 64 seed 0"
    rates = "save-minutes 2 lr 4e-4 norm-lr 25 head-lr 2.5 warmup 0.03 contrast 1 contrast-mean 2"
    rates += " contrast-temp 0.12 patch-contrast 0.5 agree 1 apart 0.3 apart-from 0.45 flat 0.05"
    rates += " flat-from 0.1"
    for kind, words in (int, counts.split()), (float, rates.split()):
        for name, value in zip(words[::2], words[1::2]):
            add(f"--{name}", type=kind, default=kind(value))
    options = parser.parse_args(arguments)
    store(options) if options.what == "store" else train(options)


if __name__ == "__main__":
    main()
