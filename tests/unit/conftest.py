"""What several unit tests share: small models, a hub and its learner, and what a check says."""

import pytest
import timm
import torch
from families import SMALL
from learner import URL_PATH, Client
from safetensors.torch import save

DYNAMIC = {"dynamic_img_size": True, "dynamic_img_pad": True, "num_classes": 0}
FAMILIES = {name: (model, {"img_size": side}) for name, (model, side) in SMALL.items()} | {
    "ViT with q and k norm": ("vit_tiny_patch16_224", {"img_size": 64, "qk_norm": True}),
    "DeiT distilled": ("deit_tiny_distilled_patch16_224", {"img_size": 64}),
    "EVA-02 (separate q, k, v)": ("eva02_tiny_patch14_224", {"img_size": 56}),
    "DINOv3 with q, k, v biases": ("vit_small_patch16_dinov3_qkvb", {"img_size": 64}),
}


@pytest.fixture(params=FAMILIES)
def model(request, randomised):
    name, kwargs = FAMILIES[request.param]
    return randomised(timm.create_model(name, depth=2, **kwargs, **DYNAMIC))


@pytest.fixture(autouse=True)
def outputs(tmp_path, monkeypatch):
    """A folder of each test's own: its checks leave no answers to the lessons' tests."""
    monkeypatch.setenv("DINO_OUTPUTS", str(tmp_path / "outputs"))
    return tmp_path / "outputs"


@pytest.fixture
def said(capsys):
    """Run a check and return what it printed."""

    def run(check, *args, **kwargs):
        assert check(*args, **kwargs) is None
        return capsys.readouterr().out

    return run


# --- a hub on this machine, and a learner who takes it for the hub (test_hub*.py) ---


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
