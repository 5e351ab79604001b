"""A hub on this machine, and a learner who takes it for the hub."""

import pytest
import timm
import torch
from learner import URL_PATH, Client
from safetensors.torch import save


@pytest.fixture(scope="module")
def checkpoint():
    torch.manual_seed(1)
    return timm.create_model("test_vit").state_dict()


@pytest.fixture(scope="module")
def shared_server(loopback_hub):
    return loopback_hub(URL_PATH, b"")


@pytest.fixture
def server(shared_server, checkpoint):
    """A hub that works."""
    shared_server.data, shared_server.mode, shared_server.named = save(checkpoint), "ok", True
    shared_server.requests.clear()
    shared_server.ranges.clear()
    return shared_server


@pytest.fixture(scope="module")
def shared_client(shared_server, tmp_path_factory):
    client = Client(shared_server.address, tmp_path_factory.mktemp("hub"))
    yield client
    client.close()


@pytest.fixture
def client(server, shared_client):
    """A learner with an empty cache."""
    shared_client.clear_cache()
    return shared_client
