"""The network in the explorer's page: which goes there, when, and for the camera."""

import copy

import pytest
import timm
import torch
from safetensors.torch import load

import explorer
from bilingual import BadInput
from explorer import live
from explorer.network import in_page, weights


def test_the_network_comes_on_request_and_is_stored_nowhere(asked, embedded):
    ask, view, sent = asked
    assert len(str(view.get_state())) < 3_000_000 and "weights" not in view.network
    assert sum(len(str(x)) for x in view._repr_mimebundle_()[0].values()) < 300_000
    ask(ask="network")
    ((content, buffers),) = sent
    files = dict(zip(content["network"], buffers, strict=True))
    for name, numbers in load(files["weights"]).items():
        assert torch.equal(numbers.float(), embedded.state_dict()[name])


def test_a_changed_model_is_another_network(embedded, photo):
    """Its own numbers go to the page, in full precision where half would change them."""
    changed = copy.deepcopy(embedded)
    with torch.no_grad():
        changed.blocks[0].attn.proj.bias += 1e-4
    assert in_page(changed)["key"] != in_page(embedded)["key"]
    assert load(weights(changed))["norm.bias"].dtype == torch.float32


@pytest.mark.parametrize("name", ["vit_small_patch16_224", "vit_small_patch16_dinov3"])
def test_other_networks_stay_with_the_kernel(name, photo, embedded, monkeypatch):
    """Large ones, and those that are none of timm's plain kind however small."""
    size = {} if name == "vit_small_patch16_224" else {"depth": 1}
    model = timm.create_model(name, num_classes=0, dynamic_img_size=True, **size).eval()
    assert in_page(model) == {}
    with pytest.raises(BadInput, match="(?s)작은 기본형.*small ViTs"):
        explorer.camera(model)
    gelu = copy.deepcopy(embedded)
    gelu.blocks[0].mlp.act = torch.nn.GELU("tanh")
    assert in_page(gelu) == {}


def test_the_camera_says_that_it_heard_and_sends_its_page(embedded):
    view, sent = explorer.camera(embedded), []
    view.send = lambda content, buffers=(): sent.append((content, list(buffers)))
    view._answer(view, {"ask": "page"}, [])
    assert sent == [({"heard": True}, []), ({}, [live.page(embedded).encode()])]
