"""Train a DINO on scenes of the pool: ``python -m training.train --help``.

Everything that decides the result is an option, printed at the start and stored in the checkpoint.
A run that was stopped goes on from its checkpoint, to the same weights as one that was not.
"""

import argparse
import json
import time
from pathlib import Path

import torch
from timm.layers import set_fused_attn
from tqdm import tqdm

from training import dino
from training.evaluate import cls_attention, held_out_pictures, normalise, scores
from training.scenes import Scenes


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
    add("--start-from", type=Path, help="checkpoint whose network (not its schedule) to begin with")
    add("--steps", type=int, default=2000)
    add("--batch", type=int, default=64)
    add("--lr", type=float, default=3e-4)
    add("--weight-decay", type=float, default=0.04)
    add("--warmup", type=int, default=200)
    add("--momentum", type=float, default=0.992, help="of the teacher; rises to 1")
    add("--teacher-temp", type=float, default=0.02)
    add("--koleo", type=float, default=0.3, help="weight of the spreading term")
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
    add("--swap", type=float, default=0.5, help="share of pairs with another ground in each view")
    add("--dressed", type=float, default=0.15, help="share of objects wearing a ground's texture")
    add(
        "--bf16",
        action="store_true",
        help="autocast; pays only where the processor has bf16 matrix units",
    )
    add("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    add("--seed", type=int, default=0)
    add("--save-every", type=int, default=250)
    return parser.parse_args(arguments)


def crops_of(scenes, options):
    """Return one batch of crops: two global (B, 3, G, G), then the local ones (B, 3, L, L)."""
    count = options.batch
    objects = [
        scenes.place(count, (0.5, 1.2), dressed=options.dressed, recoloured=0.5),
        scenes.place(count, shown=0.3),
    ]
    first, second = scenes.grounds_for(count), scenes.grounds_for(count)
    swap = torch.rand(count, generator=scenes.generator) < options.swap
    second = tuple(
        torch.where(swap.view(-1, *[1] * (a.ndim - 1)), b, a)
        for a, b in zip(first, second, strict=True)
    )
    crops = []
    for i in range(2 + options.local_crops):
        local = i >= 2
        window = (
            scenes.windows(count, (0.12, 0.45), around=objects[0].centre)
            if local
            else scenes.windows(count, (0.45, 1.0))
        )
        size = options.local_size if local else options.global_size
        images, _ = scenes.render((first, second)[i % 2], objects, window, size)
        crops.append(normalise(scenes.jitter(images, options.jitter)))
    return crops


def train(options, pool, progress=True):
    """Train until ``options.steps`` and return the teacher's `Network`."""
    set_fused_attn(False)  # its backward on CPUs is slow
    torch.manual_seed(options.seed)
    student = dino.Network(dino.build_backbone(), dino.Head(out=options.answers)).to(options.device)
    if options.start_from:
        student.backbone.load_state_dict(
            torch.load(options.start_from, weights_only=True)["backbone"]
        )
    teacher = dino.make_teacher(student)
    loss_of = dino.Loss(options.answers, teacher_temp=options.teacher_temp).to(options.device)
    decay = [p for p in student.parameters() if p.requires_grad and p.ndim > 1]
    plain = [p for p in student.parameters() if p.ndim <= 1]  # biases and norms are not decayed
    optimizer = torch.optim.AdamW(
        [
            {"params": decay, "weight_decay": options.weight_decay},
            {"params": plain, "weight_decay": 0.0},
        ]
    )
    scenes = Scenes(pool, seed=options.seed, shrink=2 if options.global_size <= 80 else 1)
    pictures, truth = held_out_pictures(pool, 128, seed=1)
    checkpoint, first = options.out / "checkpoint.pt", 0
    options.out.mkdir(parents=True, exist_ok=True)
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        for name, part in (
            ("student", student),
            ("teacher", teacher),
            ("loss", loss_of),
            ("optimizer", optimizer),
        ):
            part.load_state_dict(state[name])
        scenes.generator.set_state(state["generator"])
        first = state["step"]
        print(f"going on from step {first}")
    log = (options.out / "log.jsonl").open("a")
    started = time.time()
    bar = tqdm(
        range(first, options.steps), initial=first, total=options.steps, disable=not progress
    )
    for step in bar:
        rate = dino.cosine(step, options.steps, options.lr, 1e-6, options.warmup)
        for group in optimizer.param_groups:
            group["lr"] = rate
        crops = [c.to(options.device) for c in crops_of(scenes, options)]
        with torch.autocast(options.device, torch.bfloat16, enabled=options.bf16):
            with torch.no_grad():
                answers, _ = teacher(crops[:2])
            scored, places = student(crops)
        loss, watch = loss_of([s.float() for s in scored], [a.float() for a in answers])
        spread = sum(dino.koleo(place.float()) for place in places[:2])
        optimizer.zero_grad()
        (loss + options.koleo * spread).backward()
        torch.nn.utils.clip_grad_norm_(student.parameters(), 3.0)
        optimizer.step()
        dino.update_teacher(
            teacher, student, dino.cosine(step, options.steps, options.momentum, 1.0)
        )
        bar.set_postfix(loss=f"{loss.item():.2f}", entropy=f"{watch['entropy']:.2f}")
        if (step + 1) % 50 == 0:
            row = {
                "step": step + 1,
                "loss": loss.item(),
                **watch,
                "lr": rate,
                "seconds": time.time() - started,
            }
            if (step + 1) % options.save_every == 0 or step + 1 == options.steps:
                teacher.eval()
                maps = cls_attention(teacher.backbone.cpu(), pictures)
                teacher.to(options.device).train()
                row["jaccard"], row["pointing"] = zip(
                    *(scores(m, truth) for m in maps), strict=True
                )
                torch.save(
                    {
                        "step": step + 1,
                        "options": {k: str(v) for k, v in vars(options).items()},
                        "backbone": teacher.backbone.state_dict(),
                        "student": student.state_dict(),
                        "teacher": teacher.state_dict(),
                        "loss": loss_of.state_dict(),
                        "optimizer": optimizer.state_dict(),
                        "generator": scenes.generator.get_state(),
                    },
                    checkpoint,
                )
            print(json.dumps(row), file=log, flush=True)
    return teacher


def main():
    options = parse_options()
    print(json.dumps(vars(options), default=str, indent=1))
    train(options, torch.load(options.pool, weights_only=True))


if __name__ == "__main__":
    main()
