"""The line-up of lesson 09: what can be had, and how it is loaded."""

import weakref
from types import SimpleNamespace

import pytest
import timm
import torch
from learner import NAME as TINY

from helpers import models
from sources import hub, names
from sources.faults import HubError
from topics import metadata, zoo
from topics.zoo import Entry

# --- what can be had ---


def test_offline_the_rest_is_skipped_in_both_languages(capsys):
    """The whole suite runs with the hub switched off (conftest.py beside the Makefile)."""
    ready = zoo.available(zoo.LINE_UP)
    assert [entry.label for entry in ready] == ["untrained", "embedded DINO"]
    here, ko, ko2, en, en2 = capsys.readouterr().out.splitlines()
    absent = ", ".join(entry.label for entry in zoo.LINE_UP[2:])
    assert here == "여기 있습니다 · here: untrained, embedded DINO"
    assert ko.startswith(f"건너뜁니다: {absent}. 허브 접속이 꺼져 있고(HF_HUB_OFFLINE=1), ")
    assert en.startswith(f"Skipped: {absent}; the hub is switched off (HF_HUB_OFFLINE=1), ")
    assert "다른 모델이 대신하지 않습니다" in ko2 and "Nothing takes their place." in en2


def test_where_nothing_is_here_no_list_says_so(capsys):
    assert zoo.available(zoo.LINE_UP[3:4]) == ()
    assert capsys.readouterr().out.startswith("건너뜁니다: DINO S/16. ")


def test_download_is_announced_with_its_size(monkeypatch, capsys):
    places = {}

    def whereabouts(repositories):
        places.update(dict.fromkeys(repositories, "hub"))
        places["timm/vit_small_patch16_224.dino"] = "cache"
        return places

    monkeypatch.setattr(hub, "whereabouts", whereabouts)
    ready = zoo.available(zoo.LINE_UP[:6])
    assert ready == zoo.LINE_UP[:6] and len(places) == 4
    here, download = capsys.readouterr().out.splitlines()
    assert here.endswith("untrained, embedded DINO, DINO S/16")
    assert download == ("내려받습니다 · to download: supervised S/16, DINO S/8, DINO B/16 (517 MB)")


def test_untrained_timm_model_needs_no_hub(capsys):
    ready = zoo.available([Entry("blank", TINY, pretrained=False)])
    assert [entry.label for entry in ready] == ["blank"]
    assert capsys.readouterr().out == "여기 있습니다 · here: blank\n"


class Answer(Exception):
    def __init__(self, status):
        self.response = SimpleNamespace(status_code=status, headers={})


@pytest.mark.parametrize(
    "error, lost", [(None, 0), (Answer(404), 1), (Answer(503), 3), (OSError("no route"), 3)]
)
def test_one_request_for_all(monkeypatch, error, lost):
    asked = []

    def ask(repository):
        asked.append(repository)
        if error:
            raise error

    monkeypatch.setattr(hub, "_ask_first", ask)
    monkeypatch.setattr(hub, "_cached", lambda name: "file" if name == "b" else None)
    places = hub.whereabouts(["b", "a", "c", "d"])
    assert asked == ["a"] and places.pop("b") == "cache"
    errors = [name for name, place in places.items() if isinstance(place, HubError)]
    assert errors == ["a", "c", "d"][:lost]
    assert all(place == "hub" for name, place in places.items() if name not in errors)


def test_no_request_when_all_is_cached(monkeypatch):
    monkeypatch.setattr(hub, "_ask_first", lambda name: pytest.fail("asked"))
    monkeypatch.setattr(hub, "_cached", lambda name: "file")
    assert hub.whereabouts(["a", "b"]) == {"a": "cache", "b": "cache"}


# --- loading ---


def test_this_model_or_none(capsys):
    with pytest.raises(HubError, match="switched off"):
        models.load_model(TINY, fallback=False)
    with pytest.raises(HubError, match="switched off"):
        zoo.load(Entry("tiny", TINY))
    assert capsys.readouterr().out == ""


def test_what_cannot_be_had_after_all_is_skipped_and_never_replaced(capsys):
    line_up = (zoo.LINE_UP[1], Entry("tiny", TINY), zoo.LINE_UP[0])
    sources = zoo.run_all(lambda model: model.weights.source, line_up)
    assert sources == {"embedded DINO": "embedded", "untrained": "untrained"}
    said = capsys.readouterr().out
    assert said.count("건너뜁니다: tiny.") == 1 and said.count("Skipped: tiny;") == 1


def test_random_weights_are_the_same_in_every_run_and_leave_the_dice_alone(embedded):
    torch.manual_seed(7)
    expected = torch.rand(3)
    one = zoo.load(zoo.LINE_UP[0]).patch_embed.proj.weight
    torch.manual_seed(7)
    two = zoo.load(zoo.LINE_UP[0]).patch_embed.proj.weight
    assert torch.equal(one, two) and torch.equal(torch.rand(3), expected)
    assert not torch.equal(one, embedded.patch_embed.proj.weight)


def test_seeds_of_random_weights_differ_and_come_again():
    first, second = (zoo.load(e).patch_embed.proj.weight for e in zoo.untrained(seeds=2))
    assert not torch.equal(first, second)
    assert torch.equal(first, zoo.load(zoo.LINE_UP[0]).patch_embed.proj.weight)
    assert [e.label for e in zoo.untrained(TINY)] == [f"untrained {i}" for i in range(3)]


def test_a_folder_of_your_own_needs_no_hub(tmp_path, photo, capsys):
    """As timm saves it, head and all: described, found, loaded and drawn under its own name."""
    net = timm.create_model("test_vit", num_classes=3)
    timm.models.save_for_hf(net, tmp_path / "mine", safe_serialization=True)
    entry = Entry("mine", str(tmp_path / "mine"))
    assert metadata.describe(entry).grid == (10, 10)
    assert zoo.available([entry]) == (entry,)
    (look,) = zoo.looks(photo, [entry]).values()
    assert look.caption.endswith("mine (file)") and set(look.maps) == {"attention", "norm"}
    fig = zoo.draw_looks({"mine": look}, "norm", alpha=1)
    assert fig.axes[0].texts[0].get_text().endswith("mine (file)")
    weight = zoo.load(entry).blocks[0].attn.qkv.weight
    assert torch.equal(weight, net.blocks[0].attn.qkv.weight)


def test_one_model_in_memory_at_a_time(monkeypatch):
    """The last one is gone before the next one is even loaded."""
    seen, load = [], zoo.load

    def load_alone(entry):
        assert all(model() is None for model in seen)
        return load(entry)

    monkeypatch.setattr(zoo, "load", load_alone)
    zoo.run_all(lambda model: seen.append(weakref.ref(model)), zoo.LINE_UP[:2])
    assert len(seen) == 2


def test_wrong_name_is_an_error_not_a_skip():
    for ask in (zoo.available, metadata.table):
        with pytest.raises(names.ModelError, match="no such model"):
            ask([Entry("typo", "vit_smal_patch16_224.dino")])
