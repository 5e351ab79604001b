"""Everything that decides what ``training.train`` does; its defaults, and what each is for."""

import argparse
from pathlib import Path

import torch


def parse_options(arguments=None):
    """Return the options of a command line."""
    parser = argparse.ArgumentParser(
        "training.train", description="Train a DINO on scenes of the pool."
    )
    add = parser.add_argument
    add("--pool", type=Path, default=Path("outputs/training/pool.pt"))
    add("--out", type=Path, default=Path("outputs/training/run"), help="folder of all that is kept")
    add("--start-from", type=Path, help="a checkpoint's networks, or weights (.safetensors) alone")
    add("--minutes", type=float, help="train for so long, instead of --steps")
    add("--steps", type=int, default=2000)
    add("--save-minutes", type=float, default=1.0, help="a checkpoint every so often")
    add("--batch", type=int, default=40)
    add("--lr", type=float, default=4e-4)
    add("--norm-lr", type=float, default=10.0, help="the last norm's rate, times --lr")
    add("--head-lr", type=float, default=2.0, help="the heads' rate, times --lr")
    add("--weight-decay", type=float, default=0.04)
    add("--warmup", type=float, default=0.04, help="share of the training in which the rate rises")
    add("--momentum", type=float, nargs=2, default=(0.98, 0.998), help="teacher's, start and end")
    add("--teacher-temp", type=float, default=0.02)
    add("--answers", type=int, default=1024, help="K, the head's outputs")
    add("--dino", type=float, default=0.3, help="weight of DINO's loss on the CLS token")
    add("--contrast", type=float, default=2.0, help="of telling pictures apart by the CLS token")
    add("--contrast-mean", type=float, default=2.0, help="... by the plain mean of patch tokens")
    add("--contrast-temp", type=float, default=0.12)
    add("--patch-contrast", type=float, default=1.0, help="of finding patches again")
    add("--agree", type=float, default=3.0, help="of tokens that are long where a thing is")
    add("--agree-smooth", type=float, default=0.1, help="share of a goal that lies anywhere")
    add("--heads", type=float, default=2.0, help="of a best head that lies where a thing is")
    add("--point", type=float, default=2.0, help="of the heads' mean being highest inside it")
    add("--on-grounds", type=int, default=3, help="grounds on which each window is seen")
    add("--apart", type=float, default=2.0, help="of heads that look elsewhere than each other")
    add("--apart-from", type=float, default=0.4, help="the correlation that heads may have")
    add("--flat", type=float, default=0.05, help="of equally long tokens on blank pictures")
    add("--flat-from", type=float, default=0.1, help="the share of pictures' spread they may have")
    add("--blanks", type=int, default=4, help="blank pictures a step")
    add("--hide", type=float, default=0.0, help="share of patches the student doesn't see")
    add("--attention-drop", type=float, default=0.0, help="in the student's last two blocks")
    add("--jitter", type=float, default=0.7, help="of the colours, 1 as in the paper")
    add("--global-size", type=int, default=112)
    add("--local-size", type=int, default=32)
    add("--local-crops", type=int, default=0)
    add("--global-area", type=float, nargs=2, default=(0.45, 1.0))
    add("--local-area", type=float, nargs=2, default=(0.1, 0.4))
    add("--swap", type=float, default=0.8, help="share of scenes whose crops change grounds")
    add("--few-grounds", type=int, default=16, help="draw each batch on so many (0: on any)")
    add("--turn-grounds", type=float, default=180.0, help="turn each ground by up to this")
    add("--turn", type=float, default=20.0, help="turn each view by up to this, in degrees")
    add("--scale", type=float, nargs=2, default=(0.15, 1.1), help="longer side of an object")
    add("--second", type=float, default=0.33, help="share of scenes with a second object")
    add("--photographs", type=int, default=2, help="a photograph's share over a drawn cut-out's")
    add("--drawn", type=int, default=200, help="cut-outs and grounds drawn by chance")
    add("--dressed", type=float, default=0.2, help="share of objects in a ground's texture")
    add("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    add("--precision", choices=("bf16", "fp32"), default="bf16")
    add("--seed", type=int, default=0)
    add("--pictures", type=int, default=128, help="trained-on pictures to look at on every save")
    return parser.parse_args(arguments)
