"""Train the embedded DINO on scenes of the pool: ``python -m training.train --help``.

``--minutes 8`` trains for so long, schedules and all, on a GPU or without one; ``--steps`` counts
steps instead. Everything that decides the result is an option, stored in the checkpoint. A run that
was stopped goes on from its checkpoint.
"""

import ctypes
import json
import sys
import time

import torch
from safetensors.torch import load_file

from training import contrast, dino, network, terms
from training.export import write_weights
from training.measures import quick_look, trained_pictures
from training.options import parse_options
from training.pool import load_pool
from training.scenes import compose, inverse
from training.views import Batch, make_scenes, normalise

LOG_EVERY = 10
M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # names of malloc.h


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
        fused, half = options.device != "cpu", options.precision == "bf16"
        student = network.Network(dino.build_backbone(), options.answers, options.hide, fused, half)
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
        loss = dino.Loss(options.answers, teacher_temp=options.teacher_temp)
        self.loss = loss.to(options.device)
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
        names = ("student", "teacher", "loss", "optimizer")
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

    @staticmethod
    def goal(views):
        """Return where attention and lengths are high on all grounds, bool (B, 1, n).

        `views` show the same window on different grounds: what a ground adds differs, and is gone
        from the mean; what stands on it stays.
        """
        rows = torch.stack([view.rows for view in views]).mean((0, 2))
        lengths = torch.stack([terms.standard(view.tokens.norm(dim=-1)) for view in views]).mean(0)
        return terms.two_sides(terms.standard(rows) + terms.standard(lengths))[:, None]

    def costs(self):
        """Return every term of one new batch, by the name of its weight, and two entropies."""
        o, batch = self.options, Batch(self.scenes, self.options)
        windows = batch.large_windows()
        crops = [batch.crop(window, o.global_size) for window in windows]
        crops += [batch.crop(w, o.global_size, swap=True) for w in windows * (o.on_grounds - 1)]
        with torch.no_grad():
            taught = self.teacher(crops)
        goals = [self.goal(taught[i::2]) for i in range(2)]
        taught = taught[:2]
        small = batch.small_windows(taught[0].rows, windows[0])
        seen = self.student(crops + [batch.crop(window, o.local_size) for window in small])
        # What each large view shows of its window's goal; hidden patches are left out.
        depths = [terms.inner(goal) for goal in goals]
        large = [
            (s, *(maps[i % 2].gather(-1, s.kept[:, None]) for maps in (goals, depths)))
            for i, s in enumerate(seen[: len(crops)])
        ]
        # Only scenes whose crops change grounds teach what tells pictures apart.
        apart = batch.swapped if batch.swapped.any() else torch.ones_like(batch.swapped)

        def of(name, views):
            return [getattr(view, name)[apart] for view in views]

        costs = {}
        costs["dino"], watch = self.loss(of("scores", seen), of("scores", taught))
        cls = [torch.nn.functional.normalize(c, dim=-1) for c in of("cls", seen)]
        costs["contrast"] = contrast.contrast(cls, cls[:2], o.contrast_temp)
        means = of("mean", seen)
        costs["contrast_mean"] = contrast.contrast(means, means[:2], o.contrast_temp)
        moves = [compose(inverse(windows[1 - i]), windows[i]) for i in range(2)]
        same, pairs = ~apart, [(seen[i], taught[1 - i], moves[i]) for i in range(2)]
        costs["patch_contrast"] = sum(
            contrast.patch_contrast(s.tokens[same], s.kept[same], t.tokens[same], move[same]) / 2
            for s, t, move in pairs
        )
        costs["agree"] = torch.stack(
            [terms.agree(terms.length_rows(s.tokens), goal, o.agree_smooth) for s, goal, _ in large]
        ).mean()
        costs["heads"] = torch.stack([terms.best_head(s.rows, goal) for s, goal, _ in large]).mean()
        costs["point"] = torch.stack([terms.point(s.rows, depth) for s, _, depth in large]).mean()
        alike = torch.cat([terms.likeness(s.rows) for s, *_ in large])
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


def keep_freed_memory():
    """Have glibc keep what is freed: on a CPU views are then drawn 1.4 to 8 times as fast."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        if hasattr(libc, "mallopt"):
            for what, value in ((M_MMAP_MAX, 0), (M_TRIM_THRESHOLD, 2**31 - 1)):
                libc.mallopt(what, value)


def main():
    options = parse_options()
    keep_freed_memory()
    print(json.dumps(vars(options), default=str, indent=1))
    train(options, load_pool(options.pool))


if __name__ == "__main__":
    main()
