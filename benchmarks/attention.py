"""What reading attention costs over a plain forward pass: time, and memory at its peak.

    python -m benchmarks.attention [rounds]

Each way runs in a process of its own, on one thread, with random weights (neither speed nor memory
depends on them). The peak is that of the first run over the loaded model (Linux only). Times are
CPU seconds, best of several rounds, in turn with a plain forward pass in the same process, so that
a busy machine slows both. timm's extractor needs 4 GB at 480 px and runs there once.
"""

import os
import platform
import resource
import subprocess
import sys
import time

MODELS = (("vit_base_patch16_224", 224), ("vit_small_patch8_224", 480))
WAYS = {
    "plain": "plain forward pass",
    "last": "ours, CLS rows, last layer",
    "all": "ours, CLS rows, all layers",
    "rollout": "ours, CLS row of the rollout",
    "timm": "timm AttentionExtract, all layers",
}
ONCE = 3000  # tokens from which the extractor runs but once


def functions(name, size):
    """The plain forward pass, each way of reading attention, and the number of tokens."""
    import timm
    import torch
    from timm.utils import AttentionExtract

    from helpers import encoding
    from topics import rollout

    torch.set_num_threads(1)
    model = timm.create_model(name, img_size=size, num_classes=0).eval()
    tensor = torch.rand(1, 3, size, size)

    def plain():
        with torch.no_grad():
            model.forward_features(tensor)

    def extract():
        for block in model.blocks:
            block.attn.fused_attn = False
        with torch.no_grad():
            AttentionExtract(model, method="hook")(tensor)
        for block in model.blocks:  # it leaves its hooks behind
            block.attn.fused_attn = True
            block.attn.attn_drop._forward_hooks.clear()

    return model.pos_embed.shape[1], {
        "plain": plain,
        "last": lambda: encoding.attention(model, tensor),
        "all": lambda: encoding.attention_rows(model, tensor),
        "rollout": lambda: rollout.rollout_row(encoding.queries_keys(model, tensor)),
        "timm": extract,
    }


def peak():
    """Most memory this process has ever held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def seconds(function):
    start = time.process_time()
    function()
    return time.process_time() - start


def measure(name, size, way, rounds):
    """Print tokens, MB over the loaded model, seconds, and seconds of a plain forward pass."""
    tokens, run = functions(name, size)
    before = peak()
    times = [seconds(run[way])]
    extra = peak() - before
    plain = [seconds(run["plain"])]
    for _ in range(0 if way == "timm" and tokens > ONCE else rounds):
        times.append(seconds(run[way]))
        plain.append(seconds(run["plain"]))
    print(tokens, extra, min(times), min(plain))


def main(rounds="5"):
    """Print one table a model."""
    cores = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    print(f"{platform.processor() or platform.machine()}, {cores}; one thread, CPU seconds")
    for name, size in MODELS:
        for way, label in WAYS.items():
            command = [sys.executable, "-m", "benchmarks.attention", name, str(size), way, rounds]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            tokens, extra, own, plain = map(float, done.stdout.split())
            if way == "plain":
                base, own = extra, plain = extra, min(own, plain)
                print(f"\n{name}, {size} px, {tokens:.0f} tokens\n{'':34} time       peak")
            times = f"{own:6.2f} s  {own / plain:5.2f} ×"
            memory = f"{extra:6.0f} MB  {extra - base:+6.0f} MB"
            print(f"{label:34}{times}  {memory} over plain", flush=True)


if __name__ == "__main__":
    if len(sys.argv) > 2:
        measure(sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
    else:
        main(*sys.argv[1:])
