"""Weights from the hub that are damaged, not the model's, or a pickle."""

import pickle
from pathlib import Path

import pytest
import torch
from learner import URL_PATH, is_embedded
from safetensors.torch import save


def test_damaged_file_in_the_cache_is_replaced(client, server):
    """Another program put it there, and looked at nothing."""
    good = client.load()
    (file,) = client.cached_weights()
    data = file.read_bytes()
    for damaged in (b"\xff" * len(data), data[:-1] + bytes([data[-1] ^ 1]), data[:-9]):
        file.unlink()
        file.write_bytes(damaged)
        again = client.load()
        assert again["source"] == "hub" and again["norm"] == good["norm"]
        assert client.cached_weights()[0].read_bytes() == data


@pytest.mark.parametrize("mode, named", [("corrupt", True), ("flipped", True), ("corrupt", False)])
def test_damaged_download_is_tried_twice_and_never_kept(client, server, mode, named):
    """By its SHA-256, where the hub tells it; else when it is loaded."""
    server.mode, server.named = mode, named
    report = client.load()
    assert is_embedded(report) and "damaged" in report["said"] and "깨졌" in report["said"]
    assert server.requests.count(f"GET {URL_PATH}") == 2
    assert client.cached_weights() == []
    server.mode = "ok"
    assert client.load()["source"] == "hub"


def changed(name, value):
    return lambda state: {**state, name: value(state[name])}


UNFIT = {
    "a missing key": lambda state: {k: v for k, v in state.items() if k != "norm.weight"},
    "other keys": lambda state: {f"encoder.{key}": value for key, value in state.items()},
    "another shape": changed("norm.weight", lambda v: v[:-1].clone()),
    "a NaN": changed("norm.weight", lambda v: torch.full_like(v, float("nan"))),
    "an infinity": changed(
        "norm.weight", lambda v: v.clone().index_fill_(0, torch.tensor(3), torch.inf)
    ),
}


@pytest.mark.parametrize("what", UNFIT)
def test_weights_that_do_not_fit_are_named_and_never_kept(client, server, checkpoint, what):
    good, server.data = server.data, save(UNFIT[what](checkpoint))
    report = client.load()
    key = "encoder.blocks." if what == "other keys" else "norm.weight"
    assert is_embedded(report) and "not this model's weights (model.safetensors)" in report["said"]
    assert f"유한하지 않은 것: {key}" in report["said"] and f"not finite: {key}" in report["said"]
    assert server.requests.count(f"GET {URL_PATH}") == 2
    assert client.cached_weights() == []
    server.data = good
    assert client.load()["source"] == "hub"


def test_unfit_weights_already_in_the_cache_are_replaced(client, server, checkpoint):
    """Of a name that tells no SHA-256."""
    server.named = False
    good = client.load()
    (file,) = client.cached_weights()
    file.unlink()
    file.write_bytes(save(UNFIT["a NaN"](checkpoint)))
    again = client.load()
    assert again["source"] == "hub" and again["norm"] == good["norm"]


class Malicious:
    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return Path.touch, (self.target,)


@pytest.mark.parametrize("named", [True, False])
def test_pickle_in_the_place_of_weights_never_runs(client, server, tmp_path, named):
    ran = tmp_path / "ran"
    server.pickle = pickle.dumps(Malicious(ran))
    pickle.loads(server.pickle)
    assert ran.exists()  # it would run
    ran.unlink()
    server.mode, server.named = "pickle", named
    assert is_embedded(client.load()) and not ran.exists() and client.cached_weights() == []
    assert not any("pytorch_model" in request for request in server.requests)


def test_pickled_weights_lying_in_the_cache_are_never_opened(client, server, tmp_path):
    ran = tmp_path / "ran"
    client.load()
    (weights,) = client.home.glob("hub/models--*/snapshots/*/model.safetensors")
    (weights.parent / "pytorch_model.bin").write_bytes(pickle.dumps(Malicious(ran)))
    assert client.load()["source"] == "cache"
    weights.unlink()  # now the pickle is all there is
    server.mode = "404"
    assert is_embedded(client.load()) and not ran.exists()
