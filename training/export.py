"""Turn a checkpoint into the embedded DINO: ``python -m training.export outputs/training/run``.

Writes ``helpers/embedded/model.safetensors`` (the teacher's backbone, half precision) and its
SHA-256 beside it. Architecture and preprocessing stand in ``config.json`` there, in timm's format.
"""

import argparse
import hashlib
from pathlib import Path

import torch
from safetensors.torch import save_file

EMBEDDED = Path(__file__).resolve().parent.parent / "helpers" / "embedded"


def write_weights(state, path, **about):
    """Write a backbone's state in half precision; `about` goes into the file's metadata."""
    half = {name: value.half().contiguous().cpu() for name, value in state.items()}
    save_file(half, path, metadata={"format": "pt"} | {name: str(a) for name, a in about.items()})


def export(checkpoint, folder=EMBEDDED):
    """Write the weights and their SHA-256 into `folder`; return the weights' path.

    Parameters
    ----------
    checkpoint : Path
        As written by ``training.train``.
    folder : Path
        Where ``config.json`` stands.
    """
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    weights = folder / "model.safetensors"
    write_weights(state["backbone"], weights, steps=state["step"])
    weights.chmod(0o644)
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    (folder / "model.safetensors.sha256").write_text(f"{digest}  model.safetensors\n")
    return weights


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, help="folder of the run, with checkpoint.pt in it")
    weights = export(parser.parse_args().run / "checkpoint.pt")
    print(f"wrote {weights} ({weights.stat().st_size / 1e6:.1f} MB)")


if __name__ == "__main__":
    main()
