"""The hub, for real: a server on this machine, and a process that takes it for the hub."""

import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import save

from helpers import hub

ROOT = Path(__file__).resolve().parents[2]
NAME = "test_vit.r160_in1k"  # timm's smallest ViT, 0.4 M parameters
URL_PATH = f"/timm/{NAME}/resolve/main/model.safetensors"

# A learner's Python: loads each model named on its input, and reports.
CLIENT = """
import contextlib, io, json, sys, time, warnings
warnings.simplefilter("error")
from helpers import models
for line in sys.stdin:
    said, start = io.StringIO(), time.monotonic()
    with contextlib.redirect_stdout(said):
        model = models.load_model(line.strip())
    print(json.dumps({
        "seconds": time.monotonic() - start,
        "source": model.weights.source,
        "caption": str(model.weights),
        "said": said.getvalue(),
        "norm": float(model.patch_embed.proj.weight.norm()),
        "training": model.training,
    }), flush=True)
"""


class Client:
    def __init__(self, endpoint, home, **environment):
        hidden = ("HF_HUB_OFFLINE", "HF_HUB_CACHE", "DINO_MODEL")
        kept = {key: value for key, value in os.environ.items() if key not in hidden}
        self.home = Path(home)
        self.process = subprocess.Popen(
            [sys.executable, "-c", CLIENT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**kept, "HF_ENDPOINT": endpoint, "HF_HOME": str(home), **environment},
        )

    def load(self, name):
        self.process.stdin.write(name + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def cached_weights(self):
        """Weights files in the cache: the blobs, not the links to them."""
        return [file for file in self.home.glob("hub/models--*/blobs/*") if file.is_file()]

    def clear_cache(self):
        shutil.rmtree(self.home / "hub", ignore_errors=True)

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=30)


@pytest.fixture(scope="module")
def checkpoint():
    torch.manual_seed(1)
    return timm.create_model("test_vit").state_dict()


@pytest.fixture(scope="module")
def server(loopback_hub, checkpoint):
    return loopback_hub(URL_PATH, save(checkpoint))


@pytest.fixture(scope="module")
def shared_client(server, tmp_path_factory):
    client = Client(server.address, tmp_path_factory.mktemp("hub"))
    yield client
    client.close()


@pytest.fixture
def client(server, shared_client):
    """A learner with an empty cache, and a hub that works."""
    shared_client.clear_cache()
    server.mode = "ok"
    server.requests.clear()
    return shared_client


@pytest.fixture
def dead_port(server):
    server.stop()
    yield
    server.start()


def is_embedded(report):
    """The embedded DINO came, and one notice in both languages says so and names the model."""
    korean, *_, english, _, _ = said = report["said"].splitlines()
    assert len(said) == 6  # one notice, three lines a language
    assert f"{NAME} 대신 내장 DINO를 씁니다" in korean
    assert f"Using the embedded DINO instead of {NAME}" in english
    return report["source"] == "embedded"


def test_first_downloads_then_reads_the_cache_without_any_request(client, server, checkpoint):
    first = client.load(NAME)
    assert first["source"] == "hub" and first["said"] == "" and not first["training"]
    assert first["caption"] == f"{NAME} (hub)"
    assert first["norm"] == pytest.approx(float(checkpoint["patch_embed.proj.weight"].norm()))
    assert f"GET {URL_PATH}" in server.requests

    server.requests.clear()
    server.mode = "hang"
    second = client.load(NAME)
    assert second["source"] == "cache" and second["said"] == ""
    assert second["norm"] == first["norm"]
    assert server.requests == []


def test_cache_is_enough_when_the_hub_is_gone(client, server):
    client.load(NAME)
    server.stop()
    try:
        assert client.load(NAME)["source"] == "cache"
    finally:
        server.start()


def test_no_hub_gives_the_embedded_dino_within_5_s(client, dead_port):
    report = client.load(NAME)
    assert is_embedded(report) and report["seconds"] < 5
    assert "the hub cannot be reached" in report["said"]


def test_hub_that_accepts_and_hangs_gives_the_embedded_dino_within_5_s(client, server):
    server.mode = "hang"
    report = client.load(NAME)
    assert is_embedded(report) and report["seconds"] < 5
    assert server.requests.count(f"HEAD {URL_PATH}") <= 1  # no retries


def test_404_says_so(client, server):
    server.mode = "404"
    report = client.load(NAME)
    assert is_embedded(report) and report["seconds"] < 5
    assert "the hub has no such weights (404)" in report["said"]


def test_damaged_file_in_the_cache_is_replaced(client, server):
    good = client.load(NAME)
    (file,) = client.cached_weights()
    file.write_bytes(b"\xff" * file.stat().st_size)
    server.requests.clear()
    again = client.load(NAME)
    assert again["source"] == "hub" and again["norm"] == good["norm"]
    assert f"GET {URL_PATH}" in server.requests


def test_damaged_download_is_tried_twice_and_never_kept(client, server):
    server.mode = "corrupt"
    report = client.load(NAME)
    assert is_embedded(report) and "the downloaded file is damaged" in report["said"]
    assert server.requests.count(f"GET {URL_PATH}") == 2
    assert client.cached_weights() == []
    server.mode = "ok"
    assert client.load(NAME)["source"] == "hub"


def test_a_download_with_one_wrong_bit_is_noticed_by_its_hash_and_never_kept(client, server):
    server.mode = "flipped"
    report = client.load(NAME)
    assert is_embedded(report) and "the downloaded file is damaged" in report["said"]
    assert server.requests.count(f"GET {URL_PATH}") == 2
    assert client.cached_weights() == []
    server.mode = "ok"
    assert client.load(NAME)["source"] == "hub"


def test_without_a_hash_a_damaged_download_is_noticed_when_it_is_loaded(client, server):
    server.named = False
    try:
        server.mode = "ok"
        assert client.load(NAME)["source"] == "hub"
        client.clear_cache()
        server.mode = "corrupt"
        report = client.load(NAME)
    finally:
        server.named = True
    assert is_embedded(report) and "the downloaded file is damaged" in report["said"]
    assert client.cached_weights() == []


def test_offline_makes_no_request_at_all(server, tmp_path):
    server.mode = "ok"
    server.requests.clear()
    client = Client(server.address, tmp_path, HF_HUB_OFFLINE="1")
    try:
        report = client.load(NAME)
    finally:
        client.close()
    assert is_embedded(report) and "HF_HUB_OFFLINE=1" in report["said"]
    assert server.requests == []


def test_wait_is_bounded_even_where_timeouts_do_not_reach(monkeypatch):
    """Looking up a host's name can hang for longer than any timeout given to the request."""
    release = threading.Event()
    monkeypatch.setattr(hub, "get_hf_file_metadata", lambda *args, **kwargs: release.wait(20))
    monkeypatch.setattr(hub, "SECONDS", 0.1)
    with pytest.raises(hub.HubError, match="cannot be reached .TimeoutError"):
        hub.weights_file("timm/no-such-model")
    release.set()
