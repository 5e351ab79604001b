"""Turn a training into the embedded DINO: ``python -m training.export outputs/training/run``.

Writes ``helpers/embedded/model.safetensors`` (the teacher's backbone, half precision) and its
SHA-256 beside it. Architecture and preprocessing stand in ``config.json`` there, in timm's format.

``--average WEIGHTS --share 0.75`` writes three parts of the training and one of the weights that it
began with: a short further training unlearns some of what came before, and the mean of before and
after keeps most of both (Wortsman et al. 2022, *Robust fine-tuning of zero-shot models*).
"""

import argparse
import hashlib
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

EMBEDDED = Path(__file__).resolve().parent.parent / "helpers" / "embedded"


def write_weights(state, path, **about):
    """Write a backbone's state in half precision; `about` goes into the file's metadata."""
    half = {name: value.half().contiguous().cpu() for name, value in state.items()}
    save_file(half, path, metadata={"format": "pt"} | {name: str(a) for name, a in about.items()})


def average(state, other, share):
    """Return `share` of one backbone's state and the rest of another's, in full precision."""
    return {
        name: share * value.float() + (1 - share) * other[name].float()
        for name, value in state.items()
    }


def export(source, folder=EMBEDDED, other=None, share=1.0):
    """Write the weights and their SHA-256 into `folder`; return the weights' path.

    Parameters
    ----------
    source : Path
        A checkpoint of ``training.train``, or weights (.safetensors) that it left on the way.
    folder : Path
        Where ``config.json`` stands.
    other : Path, optional
        Weights to average with, of which the result has ``1 - share``.
    """
    if source.suffix == ".safetensors":
        state = load_file(source)
    else:
        state = torch.load(source, map_location="cpu", weights_only=True)["backbone"]
    if other:
        state = average(state, load_file(other), share)
    weights = folder / "model.safetensors"
    write_weights(state, weights, source=source.name, share=share)
    weights.chmod(0o644)
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    (folder / "model.safetensors.sha256").write_text(f"{digest}  model.safetensors\n")
    return weights


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, help="folder of a run, or weights that it left")
    parser.add_argument("--average", type=Path, help="weights to average with")
    parser.add_argument("--share", type=float, default=1.0, help="of the run in the average")
    o = parser.parse_args(arguments)
    source = o.run if o.run.is_file() else o.run / "checkpoint.pt"
    weights = export(source, other=o.average, share=o.share)
    print(f"wrote {weights} ({weights.stat().st_size / 1e6:.1f} MB)")


if __name__ == "__main__":
    main()
