"""The paper's experiments on a small scale: what happens when one part of DINO is left out.

``python -m training.experiments`` runs them all (a few minutes on two cores) and writes their
curves to ``training/experiments.json``, which lesson 11 shows; names after it run only those.
"""

import argparse
import json
import platform
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import torch
from tqdm import tqdm

from training import lesson, shapes

FILE = Path(__file__).with_name("experiments.json")
STEPS, LOOK_EVERY = 150, 50

# Three brakes off that would hide what centring and sharpening do: batch norm in the head, fixed
# prototypes, and KoLeo, which the paper's DINO doesn't have.
BARE = {"norm": False, "free_prototypes": True, "koleo": 0.0}
RUNS = {
    "DINO": {},
    "no multi-crop": {"local_crops": 0},
    "no EMA": {"momentum": 0.0},
    "bare": BARE,
    "bare, no centring": BARE | {"centring": False},
    "bare, no sharpening": BARE | {"sharpening": False},
    "bare, no EMA": BARE | {"momentum": 0.0},
}


def settings(name):
    """Return the ``lesson.Settings`` of one experiment."""
    return lesson.Settings(steps=STEPS, **RUNS[name])


def record(name, pool):
    """Train one experiment; return what is stored of it."""
    pictures, masks = shapes.held_out(pool)
    training = lesson.Training(pool, **asdict(settings(name)))
    jaccard = {0: training.jaccard(pictures, masks)}
    start = time.process_time()
    with tqdm(total=STEPS, desc=name) as bar:

        def look(training):
            bar.update(training.step - bar.n)
            jaccard[training.step] = training.jaccard(pictures, masks)

        training.run(STEPS, look, LOOK_EVERY)
    return {
        "settings": asdict(training.settings),
        "cpu_seconds": round(time.process_time() - start),
        "jaccard": {step: round(value, 3) for step, value in jaccard.items()},
        **{curve: [round(v, 3) for v in values] for curve, values in training.curves.items()},
    }


def load():
    """Return what is stored: ``{"machine": …, "runs": {name: …}}``."""
    return json.loads(FILE.read_text("utf-8"))


def mystery():
    """Return the two runs of lesson 11's exercise without their names, as "A" and "B"."""
    return dict(zip("AB", map(load()["runs"].get, list(RUNS)[4:6])))


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="all by default")
    names = parser.parse_args(arguments).names or list(RUNS)
    stored = load() if FILE.exists() else {"runs": {}}
    pool = shapes.draw_pool()
    for name in names:
        stored["runs"][name] = record(name, pool)
        stored["machine"] = {
            "processor": platform.processor() or platform.machine(),
            "threads": torch.get_num_threads(),
            "torch": torch.__version__.split("+")[0],
            "date": datetime.now(UTC).date().isoformat(),
        }
        FILE.write_text(json.dumps(stored) + "\n", "utf-8")  # what was run is kept if cut off


if __name__ == "__main__":
    main()
