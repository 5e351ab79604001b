"""Train the embedded DINO on scenes of the pool: ``python -m training.train --help``.

``--minutes 8`` trains for so long, schedules and all, on a GPU or without one; ``--steps`` counts
steps instead. Everything that decides the result is an option, stored in the checkpoint. A run that
was stopped goes on from its checkpoint.
"""

import argparse
import json
import time
from pathlib import Path

import torch
from safetensors.torch import load_file

from training import contrast, dino, network, terms
from training.export import write_weights
from training.measures import quick_look, trained_pictures
from training.pool import load_pool
from training.scenes import compose, inverse
from training.views import Batch, make_scenes, normalise

LOG_EVERY = 10


def parse_options(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--pool", type=Path, default=Path("outputs/training/pool.pt"))
    add("--out", type=Path, default=Path("outputs/training/run"), help="folder of all that is kept")
    add("--start-from", type=Path, help="a checkpoint's networks, or weights (.safetensors) alone")
    add("--minutes", type=float, help="train for so long, instead of --steps")
    add("--steps", type=int, default=2000)
    add("--save-minutes", type=float, default=1.0, help="a checkpoint every so often")
    add("--batch", type=int, default=64)
    add("--lr", type=float, default=4e-4)
    add("--norm-lr", type=float, default=25.0, help="the last norm's rate, times --lr")
    add("--head-lr", type=float, default=2.5, help="the heads' rate, times --lr")
    add("--weight-decay", type=float, default=0.04)
    add("--warmup", type=float, default=0.04, help="share of the training in which the rate rises")
    add("--momentum", type=float, nargs=2, default=(0.99, 0.998), help="teacher's, start and end")
    add("--teacher-temp", type=float, default=0.02)
    add("--answers", type=int, default=1024, help="K, each head's outputs")
    add("--dino", type=float, default=1.0, help="weight of DINO's loss on the CLS token")
    add("--dino-mean", type=float, default=1.0, help="... and on the mean of the patch tokens")
    add("--contrast", type=float, default=1.0, help="of telling pictures apart by the CLS token")
    add("--contrast-mean", type=float, default=1.0, help="... and by the mean's head")
    add("--contrast-temp", type=float, default=0.12)
    add("--patch-contrast", type=float, default=1.0, help="of finding patches again")
    add("--agree", type=float, default=0.5, help="of heads that look at the same in two views")
    add("--apart", type=float, default=1.0, help="of heads that look elsewhere than each other")
    add("--apart-from", type=float, default=0.4, help="the correlation that heads may have")
    add("--flat", type=float, default=0.05, help="of equally long tokens on blank pictures")
    add("--flat-from", type=float, default=0.1, help="the share of pictures' spread they may have")
    add("--blanks", type=int, default=4, help="blank pictures a step")
    add("--hide", type=float, default=0.5, help="share of patches the student doesn't see")
    add("--attention-drop", type=float, default=0.3, help="in the student's last two blocks")
    add("--jitter", type=float, default=0.7, help="of the colours, 1 as in the paper")
    add("--global-size", type=int, default=80)
    add("--local-size", type=int, default=32)
    add("--local-crops", type=int, default=4)
    add("--global-area", type=float, nargs=2, default=(0.45, 1.0))
    add("--local-area", type=float, nargs=2, default=(0.1, 0.4))
    add("--swap", type=float, default=0.8, help="share of scenes whose crops change grounds")
    add("--few-grounds", type=int, default=10, help="draw each batch on so many (0: on any)")
    add("--turn", type=float, default=20.0, help="turn each view by up to this, in degrees")
    add("--scale", type=float, nargs=2, default=(0.2, 1.0), help="longer side of an object")
    add("--second", type=float, default=0.33, help="share of scenes with a second object")
    add("--dressed", type=float, default=0.15, help="share of objects in a ground's texture")
    add("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    add("--precision", choices=("bf16", "fp32"), default="bf16")
    add("--seed", type=int, default=0)
    add("--pictures", type=int, default=128, help="trained-on pictures to look at on every save")
    return parser.parse_args(arguments)


class Run:
    """One training: networks, losses, optimizer and pictures, and how far it has come.

    Parameters
    ----------
    options : argparse.Namespace
        From `parse_options`.
    pool : dict
        As written by ``training.collect``.
    """

    def __init__(self, options, pool):
        torch.manual_seed(options.seed)
        self.options, self.step, self.minutes = options, 0, 0.0
        fused = options.device != "cpu"
        student = network.Network(dino.build_backbone(), options.answers, options.hide, fused)
        start = options.start_from
        if start and start.suffix == ".safetensors":
            weights = {name: value.float() for name, value in load_file(start).items()}
            student.backbone.load_state_dict(weights)
        self.student = student.to(options.device)
        self.teacher = network.make_teacher(self.student)
        if start and start.suffix != ".safetensors":
            state = torch.load(start, map_location="cpu", weights_only=True)
            self.student.load_state_dict(state["student"])
            self.teacher.load_state_dict(state["teacher"])
        for block in self.student.backbone.blocks[-2:]:
            block.attn.attn_drop.p = options.attention_drop
        losses = [dino.Loss(options.answers, teacher_temp=options.teacher_temp) for _ in range(2)]
        self.losses = torch.nn.ModuleList(losses).to(options.device)
        self.optimizer = self._optimizer()
        self.scenes = make_scenes(pool, options)

    def _optimizer(self):
        o, groups = self.options, {}
        for name, value in self.student.named_parameters():
            if value.requires_grad:
                last = name.startswith("backbone.norm.")
                times = o.norm_lr if last else o.head_lr if "head." in name else 1.0
                decay = o.weight_decay if value.ndim > 1 else 0.0  # not of biases and norms
                groups.setdefault((times, decay), []).append(value)
        return torch.optim.AdamW(
            [{"params": g, "times": t, "weight_decay": d} for (t, d), g in groups.items()]
        )

    @property
    def done(self):
        """Share of the training that is over, 0..1."""
        o = self.options
        return min(1.0, self.minutes / o.minutes if o.minutes else self.step / o.steps)

    def _parts(self):
        names = ("student", "teacher", "losses", "optimizer")
        return {name: getattr(self, name) for name in names}

    def save(self, path):
        """Write all that is needed to go on; a run that is cut while writing keeps the old file."""
        state = {name: part.state_dict() for name, part in self._parts().items()}
        state["backbone"] = self.teacher.backbone.state_dict()  # what is exported
        state["generator"] = self.scenes.generator.get_state()
        state["chance"] = torch.get_rng_state()  # of hidden patches and dropped attention
        state |= {"step": self.step, "minutes": self.minutes}
        state["options"] = {name: str(value) for name, value in vars(self.options).items()}
        torch.save(state, path.with_suffix(".new"))
        path.with_suffix(".new").replace(path)

    def load(self, path):
        """Go on from a checkpoint."""
        state = torch.load(path, map_location="cpu", weights_only=True)
        for name, part in self._parts().items():
            part.load_state_dict(state[name])
        self.scenes.generator.set_state(state["generator"])
        torch.set_rng_state(state["chance"])
        self.step, self.minutes = state["step"], state["minutes"]

    def advance(self):
        """Take one step; return what to watch."""
        o, begun = self.options, time.perf_counter()
        rate = dino.share(self.done, o.lr, o.lr / 100, o.warmup)
        for group in self.optimizer.param_groups:
            group["lr"] = rate * group["times"]
        with torch.autocast(o.device.split(":")[0], torch.bfloat16, o.precision == "bf16"):
            costs, watch = self.costs()
        loss = sum(getattr(o, name) * cost for name, cost in costs.items())
        self.optimizer.zero_grad()
        loss.backward()
        length = torch.nn.utils.clip_grad_norm_(self.student.parameters(), 3.0)
        self.optimizer.step()
        dino.update_teacher(self.teacher, self.student, dino.share(self.done, *o.momentum))
        self.step += 1
        self.minutes += (time.perf_counter() - begun) / 60
        return watch | {name: cost.detach() for name, cost in costs.items()} | {"gradient": length}

    def costs(self):
        """Return every term of one new batch, by the name of its weight, and two entropies."""
        o, batch = self.options, Batch(self.scenes, self.options)
        windows = batch.large_windows()
        crops = [batch.crop(window, o.global_size) for window in windows]
        with torch.no_grad():
            taught = self.teacher(crops)
        for window in batch.small_windows(taught[0].rows, windows[0]):
            crops.append(batch.crop(window, o.local_size))
        seen = self.student(crops)
        # Only scenes whose crops change grounds teach what tells pictures apart.
        apart = batch.swapped if batch.swapped.any() else torch.ones_like(batch.swapped)

        def of(name, views):
            return [getattr(view, name)[apart] for view in views]

        costs = {}
        costs["dino"], watch = self.losses[0](of("scores", seen), of("scores", taught))
        costs["dino_mean"], _ = self.losses[1](of("mean_scores", seen), of("mean_scores", taught))
        cls = [torch.nn.functional.normalize(c, dim=-1) for c in of("cls", seen)]
        costs["contrast"] = contrast.contrast(cls, cls[:2], o.contrast_temp)
        means = of("mean_place", seen)
        costs["contrast_mean"] = contrast.contrast(means, means[:2], o.contrast_temp)
        moves = [compose(inverse(windows[1 - i]), windows[i]) for i in range(2)]
        same, pairs = ~apart, [(seen[i], taught[1 - i], moves[i]) for i in range(2)]
        costs["patch_contrast"] = sum(
            contrast.patch_contrast(s.tokens[same], s.kept[same], t.tokens[same], move[same]) / 2
            for s, t, move in pairs
        )
        costs["agree"] = sum(terms.agree(s.rows, s.kept, t.rows, m) / 2 for s, t, m in pairs)
        alike = torch.cat([terms.likeness(s.rows) for s in seen[:2]])
        costs["apart"] = (alike - o.apart_from).clamp(min=0).mean()
        empty = normalise(terms.blank(o.blanks, dino.IMAGE, self.scenes.generator))
        lengths = terms.spread(self.student.tokens(empty)[0][:, 1:])
        usual = torch.cat([terms.spread(t.tokens) for t in taught]).median()
        costs["flat"] = (lengths / usual - o.flat_from).clamp(min=0).mean()
        return costs, watch | {"alike": alike.detach().mean(), "spread": usual}


def train(options, pool):
    """Train to the end, from the checkpoint in ``options.out`` if any; return the `Run`."""
    run = Run(options, pool)
    options.out.mkdir(parents=True, exist_ok=True)
    checkpoint = options.out / "checkpoint.pt"
    if checkpoint.exists():
        run.load(checkpoint)
        print(f"going on from step {run.step}")
    pictures, saved = trained_pictures(pool, options.pictures), run.minutes
    with (options.out / "log.jsonl").open("a") as log:
        while run.done < 1:
            watch = run.advance()
            last, row = run.done == 1, None
            if last or run.step % LOG_EVERY == 0:
                row = {name: round(float(value), 4) for name, value in watch.items()}
            if last or run.minutes - saved >= options.save_minutes:
                row = (row or {}) | quick_look(run.teacher.backbone, *pictures)
                run.save(checkpoint)
                weights = options.out / f"step_{run.step:06}.safetensors"
                write_weights(run.teacher.backbone.state_dict(), weights)
                saved = run.minutes
            if row:
                row = {"step": run.step, "minutes": round(run.minutes, 2), **row}
                print(json.dumps(row), file=log, flush=True)
    return run


def main():
    options = parse_options()
    print(json.dumps(vars(options), default=str, indent=1))
    train(options, load_pool(options.pool))


if __name__ == "__main__":
    main()
