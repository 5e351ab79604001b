"""A learner's Python: a process that takes a server of the tests for the hub."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAME = "test_vit.r160_in1k"  # timm's smallest ViT, 0.4 M parameters
URL_PATH = f"/timm/{NAME}/resolve/main/model.safetensors"

# A learner's Python: loads each model named on its input, and reports.
CLIENT = """
import contextlib, io, json, signal, sys, warnings
warnings.simplefilter("error")
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored if the tests run with "&"
from helpers import models
for line in sys.stdin:
    said, bar = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(bar):
        model = models.load_model(line.strip())
    print(json.dumps({
        "source": model.weights.source,
        "caption": str(model.weights),
        "said": said.getvalue(),
        "bar": bar.getvalue(),
        "norm": float(model.patch_embed.proj.weight.norm()),
        "training": model.training,
    }), flush=True)
"""


class Client:
    def __init__(self, endpoint, home):
        self.home = Path(home)
        self.process = subprocess.Popen(
            [sys.executable, "-c", CLIENT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=learners(endpoint, home, {}),
        )

    def ask(self, name=NAME):
        self.process.stdin.write(f"{name}\n")
        self.process.stdin.flush()

    def answer(self):
        return json.loads(self.process.stdout.readline())

    def load(self, name=NAME):
        self.ask(name)
        return self.answer()

    def cached_weights(self):
        """Weights files in the cache: the blobs, not the links to them."""
        return [file for file in self._blobs() if file.suffix != ".incomplete"]

    def part_files(self):
        return [file for file in self._blobs() if file.suffix == ".incomplete"]

    def _blobs(self):
        return [file for file in self.home.glob("hub/models--*/blobs/*") if file.is_file()]

    def clear_cache(self):
        shutil.rmtree(self.home / "hub", ignore_errors=True)

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=60)
        self.process.stdout.close()


# The same without a model, which starts faster.
ONCE = f"""
from sources import faults, hub
try:
    print(hub.weights_file("timm/{NAME}")[1])
except faults.HubError as error:
    print(error)
"""


def once(endpoint, home, preexec_fn=None, **environment):
    """What a process of its own says of the weights."""
    done = subprocess.run(
        [sys.executable, "-c", ONCE],
        cwd=ROOT,
        env=learners(endpoint, home, environment),
        preexec_fn=preexec_fn,
        capture_output=True,
        text=True,
    )
    return done.stdout or done.stderr


def learners(endpoint, home, more):
    """The environment of a learner's process, with nothing in it that the tests have set."""
    hidden = ("HF_HUB_OFFLINE", "HF_HUB_CACHE", "DINO_MODEL", "DINO_LANGUAGE")
    kept = {key: value for key, value in os.environ.items() if key not in hidden}
    # A second without a byte is as good as the five of a learner's; and bars go to files, too.
    usual = {"HF_HUB_DOWNLOAD_TIMEOUT": "1", "TQDM_POSITION": "-1"}
    return {**kept, **usual, "HF_ENDPOINT": endpoint, "HF_HOME": str(home), **more}


def is_embedded(report):
    """The embedded DINO came, and one notice in both languages says so and names the model."""
    said = [
        line for line in report["said"].splitlines() if not re.match("내려받는|Downloading", line)
    ]
    korean, *_, english, _, _ = said
    assert len(said) == 6  # three lines a language
    assert f"{NAME} 대신 내장 DINO를 씁니다" in korean
    assert f"Using the embedded DINO instead of {NAME}" in english
    return report["source"] == "embedded"
