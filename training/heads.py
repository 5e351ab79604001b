"""Teach the last block's heads alone where to look: ``python -m training.heads --help``.

Takes the options of ``training.train``; ``--steps`` batches are looked at once. Only queries and
keys of the last block learn, on its stored inputs, so that everything before stays as it is.
``python -m training.train --lengths-only`` afterwards teaches what follows the last attention.
"""

import torch

from training import terms
from training.dino import share
from training.export import write_weights
from training.options import parse_options
from training.pool import load_pool
from training.train import Run
from training.views import Batch

EPOCHS, BATCH, WARMUP = 3, 200, 0.08
POINT, APART, KEEP = 0.5, 0.3, 0.3  # weights of the terms beside `terms.best_head`


@torch.no_grad()
def look(run):
    """Return the last block's inputs (views, N, D) float16, and goals bool (views, 1, n)."""
    o, tokens, goals, caught = run.options, [], [], []
    block = run.teacher.backbone.blocks[-1]
    hook = block.register_forward_pre_hook(lambda _, given: caught.append(given[0]))
    for _ in range(o.steps):
        batch = Batch(run.scenes, o)
        for window in batch.large_windows():
            crops = [batch.crop(window, o.global_size, swap=True) for _ in range(o.on_grounds)]
            caught.clear()
            goals.append(run.goal(run.teacher(crops)))
            tokens.append(torch.cat(caught)[: o.batch].half())  # of the first of the grounds
    hook.remove()
    return torch.cat(tokens), torch.cat(goals)


def cls_rows(block, tokens, weight, bias):
    """Return the CLS rows (B, heads, n) of a block's inputs, with other queries and keys."""
    attn = block.attn
    found = torch.nn.functional.linear(block.norm1(tokens), weight, bias)
    q, k = found.unflatten(-1, (2, attn.num_heads, -1)).permute(2, 0, 3, 1, 4)
    return (q[:, :, :1] * attn.scale @ k.mT).softmax(-1)[:, :, 0, 1:]


def learn(block, tokens, goals, options):
    """Return new queries and keys, weight (2 D, D) and bias (2 D,), of a block."""
    half = 2 * block.attn.qkv.in_features
    before = [part.detach()[:half] for part in (block.attn.qkv.weight, block.attn.qkv.bias)]
    now = [part.clone().requires_grad_() for part in before]
    optimizer = torch.optim.AdamW(now, weight_decay=0.0)
    draws = [torch.randperm(len(tokens)).split(BATCH) for _ in range(EPOCHS)]
    draws = [draw for epoch in draws for draw in epoch]
    for i, draw in enumerate(draws):
        rate = share(i / len(draws), options.lr, 0.0, WARMUP)
        for group in optimizer.param_groups:
            group["lr"] = rate
        seen, goal = tokens[draw].float(), goals[draw]
        rows = cls_rows(block, seen, *now)
        was = cls_rows(block, seen, *before).clamp(min=1e-9)
        away = (was * (was / rows.clamp(min=1e-9)).log()).sum(-1).mean()
        alike = (terms.likeness(rows) - options.apart_from).clamp(min=0).mean()
        loss = terms.best_head(rows, goal) + POINT * terms.point(rows, goal)
        loss = loss + APART * alike + KEEP * away
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if i % 20 == 0:
            print(f"{i} of {len(draws)}: {loss:.3f}", flush=True)
    return [part.detach() for part in now]


def main(arguments=None):
    options = parse_options(arguments)
    run = Run(options, load_pool(options.pool))
    tokens, goals = look(run)
    backbone = run.teacher.backbone
    block = backbone.blocks[-1]
    new = learn(block, tokens, goals, options)
    for part, found in zip((block.attn.qkv.weight, block.attn.qkv.bias), new, strict=True):
        part.data[: len(found)] = found
    options.out.mkdir(parents=True, exist_ok=True)
    write_weights(backbone.state_dict(), options.out / "heads.safetensors")


if __name__ == "__main__":
    main()
