"""Train a DINO on scenes of the pool: ``python -m training.train --help``.

Everything that decides the result is an option, printed at the start and stored in the checkpoint.
A run that was stopped goes on from its checkpoint, to the same weights as one that was not.
"""

import argparse
import json
from pathlib import Path

import torch
from tqdm import tqdm

from training import contrast, dino
from training.evaluate import cls_attention, held_out_pictures, normalise, scores
from training.scenes import Scenes, compose, inverse

LOG_EVERY = 50


def parse_options(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--pool", type=Path, default=Path("outputs/training/pool.pt"))
    add(
        "--out",
        type=Path,
        default=Path("outputs/training/run"),
        help="folder of checkpoint and log",
    )
    add("--start-from", type=Path, help="checkpoint to begin with: its networks, not its schedule")
    add("--steps", type=int, default=2000)
    add("--batch", type=int, default=64)
    add("--lr", type=float, default=3e-4)
    add("--weight-decay", type=float, default=0.04)
    add("--warmup", type=int, default=200)
    add("--momentum", type=float, default=0.992, help="of the teacher, at the start")
    add("--momentum-end", type=float, default=1.0, help="of the teacher, at the end")
    add("--teacher-temp", type=float, default=0.02)
    add("--koleo", type=float, default=0.3, help="weight of the spreading term")
    add("--contrast", type=float, default=0.0, help="weight of telling pictures apart")
    add("--contrast-temp", type=float, default=0.15)
    add("--patch-contrast", type=float, default=0.0, help="weight of finding patches again")
    add(
        "--jitter",
        type=float,
        default=0.7,
        help="strength of the colour changes, 1 as in the paper",
    )
    add("--answers", type=int, default=1024, help="K, the head's outputs")
    add("--global-size", type=int, default=64)
    add("--local-size", type=int, default=32)
    add("--local-crops", type=int, default=4)
    add(
        "--swap",
        type=float,
        default=0.5,
        help="share of scenes with another ground in each view; only these teach the CLS token",
    )
    add(
        "--few-grounds",
        type=int,
        default=0,
        help="draw each batch on so many grounds: then many pictures share a ground, and to tell "
        "them apart takes the object (0: on any)",
    )
    add("--hide", type=float, default=0.0, help="share of patches the student doesn't see")
    add(
        "--attention-drop",
        type=float,
        default=0.0,
        help="dropout of the student's attention in the last two blocks",
    )
    add(
        "--soften",
        type=float,
        default=1.0,
        help="with --start-from: multiply the last two blocks' queries by this first",
    )
    add("--turn", type=float, default=0.0, help="turn each view by up to this, in degrees")
    add("--scale", type=float, nargs=2, default=(0.5, 1.2), help="longer side of the object")
    add("--dressed", type=float, default=0.15, help="share of objects wearing a ground's texture")
    add("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    add("--seed", type=int, default=0)
    add("--save-every", type=int, default=250)
    add("--pictures", type=int, default=128, help="held-out pictures to look at on every save")
    return parser.parse_args(arguments)


def crops_of(scenes, options):
    """Return one batch of crops, and what is known of how they were cut.

    Returns
    -------
    crops : list
        Two global (B, 3, G, G), then the local ones (B, 3, L, L).
    windows : list of (B, 2, 3)
        Maps from each crop's [-1, 1]² into its scene.
    swapped : (B,) bool
        Where every crop stands on a ground of its own.
    """
    count = options.batch
    objects = [
        scenes.place(count, options.scale, dressed=options.dressed, recoloured=0.5),
        scenes.place(count, shown=0.3),
    ]
    among = scenes.few_grounds(options.few_grounds) if options.few_grounds else None
    ground = scenes.grounds_for(count, among)
    swap = torch.rand(count, generator=scenes.generator) < options.swap
    crops, windows = [], []
    for i in range(2 + options.local_crops):
        local = i >= 2
        window = (
            scenes.windows(count, (0.12, 0.45), options.turn, around=objects[0].centre)
            if local
            else scenes.windows(count, (0.45, 1.0), options.turn)
        )
        other = scenes.grounds_for(count, among)
        here = tuple(
            torch.where(swap.view(-1, *[1] * (a.ndim - 1)), b, a)
            for a, b in zip(ground, other, strict=True)
        )
        size = options.local_size if local else options.global_size
        images, _ = scenes.render(here, objects, window, size)
        crops.append(normalise(scenes.jitter(images, options.jitter)))
        windows.append(window)
    return crops, windows, swap


class Run:
    """Student, teacher, loss, optimizer and pictures of one training, and how far it has come.

    Parameters
    ----------
    options : argparse.Namespace
        From `parse_options`.
    pool : dict
        As written by ``training.collect``.
    """

    def __init__(self, options, pool):
        torch.manual_seed(options.seed)
        self.options, self.step = options, 0
        student = dino.Network(dino.build_backbone(), dino.Head(out=options.answers), options.hide)
        for block in student.backbone.blocks:
            block.attn.fused_attn = False  # its backward is slow on CPUs
        self.student = student.to(options.device)
        self.teacher = dino.make_teacher(self.student)
        if options.start_from:
            start = torch.load(options.start_from, map_location="cpu", weights_only=True)
            self.student.load_state_dict(start["student"])
            self.teacher.load_state_dict(start["teacher"])
            for network in (self.student, self.teacher):
                contrast.soften(network.backbone.blocks[-2:], options.soften)
        for block in self.student.backbone.blocks[-2:]:
            block.attn.attn_drop.p = options.attention_drop
        self.loss = dino.Loss(options.answers, teacher_temp=options.teacher_temp)
        self.loss.to(options.device)
        learnt = [p for p in student.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(
            [
                {"params": [p for p in learnt if p.ndim > 1]},
                # Biases and norms are not decayed.
                {"params": [p for p in learnt if p.ndim <= 1], "weight_decay": 0.0},
            ],
            weight_decay=options.weight_decay,
        )
        self.scenes = Scenes(pool, seed=options.seed, shrink=2 if options.global_size <= 80 else 1)

    def _parts(self):
        names = ("student", "teacher", "loss", "optimizer")
        return {name: getattr(self, name) for name in names}

    def save(self, path):
        """Write all that is needed to go on; a run that is cut while writing keeps the old file."""
        state = {name: part.state_dict() for name, part in self._parts().items()}
        state["backbone"] = self.teacher.backbone.state_dict()  # what is exported
        state["generator"] = self.scenes.generator.get_state()
        state["chance"] = torch.get_rng_state()  # of hidden patches and dropped attention
        state["step"] = self.step
        state["options"] = {name: str(value) for name, value in vars(self.options).items()}
        torch.save(state, path.with_suffix(".new"))
        path.with_suffix(".new").replace(path)

    def load(self, path):
        """Go on from a checkpoint, on any device."""
        state = torch.load(path, map_location="cpu", weights_only=True)
        for name, part in self._parts().items():
            part.load_state_dict(state[name])
        self.scenes.generator.set_state(state["generator"])
        torch.set_rng_state(state["chance"])
        self.step = state["step"]

    def advance(self):
        """Take one step; return what to watch: the loss, two entropies and the learning rate."""
        o = self.options
        rate = dino.cosine(self.step, o.steps, o.lr, 1e-6, o.warmup)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        crops, windows, swapped = crops_of(self.scenes, o)
        crops = [crop.to(o.device) for crop in crops]
        with torch.no_grad():
            answers, goals, keys, _ = self.teacher(crops[:2])
        scored, places, queries, kept = self.student(crops)
        apart = swapped.to(o.device) if o.swap else torch.ones_like(swapped, device=o.device)
        scored, places = ([part[apart] for part in parts] for parts in (scored, places))
        answers, goals = ([part[apart] for part in parts] for parts in (answers, goals))
        loss, watch = self.loss(scored, answers)
        if o.koleo:
            loss = loss + o.koleo * sum(dino.koleo(place) for place in places[:2])
        if o.contrast:
            told = contrast.contrast(places, goals, o.contrast_temp)
            watch["contrast"] = told.item()
            loss = loss + o.contrast * told
        if o.patch_contrast:
            same = ~swapped.to(o.device)
            found = [
                contrast.patch_contrast(
                    queries[i][same],
                    kept[i][same],
                    keys[1 - i][same],
                    compose(inverse(windows[1 - i]), windows[i]).to(o.device)[same],
                )
                for i in range(2)
            ]
            watch["patch_contrast"] = sum(found).item() / 2
            loss = loss + o.patch_contrast * sum(found) / 2
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.student.parameters(), 3.0)
        self.optimizer.step()
        momentum = dino.cosine(self.step, o.steps, o.momentum, o.momentum_end)
        dino.update_teacher(self.teacher, self.student, momentum)
        self.step += 1
        return {**watch, "lr": rate}

    def evaluate(self, pictures, truth):
        """Return the best-head Jaccard and the pointing of the teacher's blocks, first to last."""
        self.teacher.eval()
        maps = cls_attention(self.teacher.backbone.cpu(), pictures)
        self.teacher.to(self.options.device).train()
        best, hit = zip(*(scores(m, truth) for m in maps))
        return {"jaccard": best, "pointing": hit}


def train(options, pool, progress=True):
    """Train until ``options.steps``, from the checkpoint if there is one; return the `Run`."""
    run = Run(options, pool)
    options.out.mkdir(parents=True, exist_ok=True)
    checkpoint = options.out / "checkpoint.pt"
    if checkpoint.exists():
        run.load(checkpoint)
        print(f"going on from step {run.step}")
    held_out = held_out_pictures(pool, options.pictures, seed=1)
    left = range(run.step, options.steps)
    with (
        (options.out / "log.jsonl").open("a") as log,
        tqdm(left, initial=run.step, total=options.steps, disable=not progress) as bar,
    ):
        for _ in bar:
            watch = run.advance()
            bar.set_postfix(loss=f"{watch['loss']:.2f}", entropy=f"{watch['entropy']:.2f}")
            row = {"step": run.step, **watch, "seconds": bar.format_dict["elapsed"]}
            if run.step % options.save_every == 0 or run.step == options.steps:
                row |= run.evaluate(*held_out)
                run.save(checkpoint)
            if run.step % LOG_EVERY == 0 or "jaccard" in row:
                print(json.dumps(row), file=log, flush=True)
    return run


def main():
    options = parse_options()
    print(json.dumps(vars(options), default=str, indent=1))
    train(options, torch.load(options.pool, weights_only=True))


if __name__ == "__main__":
    main()
