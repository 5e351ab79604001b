"""The hub, for real: a server on this machine, and a process that takes it for the hub."""

import re
import signal
import subprocess
import sys
import threading
import time

import pytest
from learner import NAME, ROOT, URL_PATH, Client, is_embedded, learners, once

from helpers import models
from sources import faults, hub


def test_first_downloads_then_reads_the_cache_without_any_request(client, server, checkpoint):
    first = client.load()
    assert first["source"] == "hub" and not first["training"]
    korean, english = first["said"].splitlines()
    assert korean.startswith(f"내려받는 중: timm/{NAME} (1 MB).") and "■" in korean
    assert english.startswith(f"Downloading: timm/{NAME} (1 MB). Interrupt the kernel")
    assert first["caption"] == f"{NAME} (hub)"
    assert first["norm"] == pytest.approx(float(checkpoint["patch_embed.proj.weight"].norm()))
    assert f"GET {URL_PATH}" in server.requests

    server.requests.clear()
    server.mode = "hang"
    second = client.load()
    assert second["source"] == "cache" and second["said"] == second["bar"] == ""
    assert second["norm"] == first["norm"]
    assert server.requests == []


def test_the_progress_bar_ends_at_all_of_it(client, server):
    bar = client.load()["bar"]
    assert re.findall(r"\d+%", bar)[-1] == "100%"
    size = f"{len(server.data) / 1e6:.2f}M"
    assert bar.rstrip().rpartition("\r")[2].count(size) == 2  # so many of so many


def test_no_hub_and_nothing_in_the_cache(client, server):
    server.stop()
    try:
        report = client.load()
    finally:
        server.start()
    assert is_embedded(report) and "the hub cannot be reached (ConnectError)" in report["said"]
    assert "connect to the internet and run again" in report["said"]


def test_hub_that_accepts_and_hangs(client, server):
    server.mode = "hang"
    report = client.load()
    assert is_embedded(report) and "the hub cannot be reached (TimeoutError)" in report["said"]
    assert server.requests == [f"HEAD {URL_PATH}"]  # one short question, no retries


def test_wait_is_bounded_even_where_timeouts_do_not_reach(monkeypatch):
    """Looking up a host's name can hang for longer than any timeout given to the request."""
    release = threading.Event()
    monkeypatch.setattr(hub.client, "get_hf_file_metadata", lambda *a, **k: release.wait(20))
    monkeypatch.setattr(hub, "SECONDS", 0.1)
    try:
        with pytest.raises(faults.HubError, match="cannot be reached .TimeoutError"):
            hub.weights_file("timm/no-such-model")
    finally:
        release.set()


def test_offline_makes_no_request_and_speaks_to_whoever_can_act(server, tmp_path):
    said = once(server.address, tmp_path, HF_HUB_OFFLINE="1")
    assert server.requests == []
    assert "(HF_HUB_OFFLINE=1), and this machine has no copy" in said
    assert "ask your teacher" in said and "강의자" in said


def test_offline_a_cache_without_its_note_of_main_is_enough(client, server):
    """Copied from another machine, or cleaned up: refs/main is missing, the weights are there."""
    client.load()
    for note in client.home.glob("hub/models--*/refs/main"):
        note.unlink()
    server.requests.clear()
    assert once(server.address, client.home, HF_HUB_OFFLINE="1").splitlines() == ["cache"]
    assert client.load()["source"] == "cache" and server.requests == []


# --- what the hub refuses, or something else answers ---

REFUSED = {
    "404": ("그 가중치가 없습니다(404)", "has no such weights (404)"),
    "no repository": ("그 모델이 없습니다(401)", "has no such model (401)"),
    "no revision": ("그 모델의 그 버전이 없습니다(404)", "has no such revision of the model (404)"),
    "no file": ("safetensors 파일이 없습니다(404)", "has no safetensors file of the model (404)"),
    "gated 401": ("승인을 받은 사람만", "only to those it knows (401)"),
    "gated 403": ("HF_TOKEN을 설정한 뒤", "only to those it knows (403)"),
    "429": ("120초 뒤에 다시", "wait 120 s and run again"),
    "503": ("허브에 장애가 생겼습니다(503)", "the hub is out of order (503)"),
    "get 429": ("120초 뒤에 다시", "wait 120 s and run again"),
    "get 503": ("허브에 장애가 생겼습니다(503)", "the hub is out of order (503)"),
    "portal": ("허브가 아닌 곳에서 응답했습니다", "sign in to the network in a browser"),
    "portal elsewhere": ("허브가 아닌 곳에서 응답했습니다", "sign in to the network in a browser"),
    "short": ("내려받는 도중에 연결이 끊겼습니다", "the download was cut off"),
}
SLOW = {
    "always cut": ("내려받는 도중에 연결이 끊겼습니다", "the download was cut off"),
    "stall": ("내려받기가 멈추었습니다", "the download stopped moving"),
}


@pytest.mark.parametrize(
    "mode", [*REFUSED, *(pytest.param(mode, marks=pytest.mark.slow) for mode in SLOW)]
)
def test_each_fault_says_what_happened_and_the_next_try_works(client, server, mode):
    server.mode = mode
    report = client.load()
    assert is_embedded(report)
    for words in (REFUSED | SLOW)[mode]:
        assert words in report["said"]
    # A login page is known by its first answer: nothing is announced that will not come.
    assert ("Downloading" in report["said"]) == (mode in (*SLOW, "get 429", "get 503", "short"))
    assert client.cached_weights() == [] and client.part_files() == []
    assert server.requests.count(f"GET {URL_PATH}") <= 12  # the client's tries have an end
    server.mode = "ok"
    assert client.load()["source"] == "hub"


@pytest.mark.slow
def test_hub_that_is_gone_after_its_first_answer(client, server):
    """The client asks a second time; left alone, it would go on asking for six minutes."""
    server.mode = "HEAD once"
    assert is_embedded(client.load())
    assert client.cached_weights() == [] and client.part_files() == []


def test_cut_once_goes_on_where_it_was(client, server, checkpoint):
    server.mode = "cut once"
    report = client.load()
    assert report["source"] == "hub"
    assert report["norm"] == pytest.approx(float(checkpoint["patch_embed.proj.weight"].norm()))
    assert re.findall(r"\d+%", report["bar"])[-1] == "100%"
    assert len([get for get in server.ranges if get]) == 1  # not from the start again


@pytest.mark.parametrize("method", ["HEAD", "GET"])
def test_503_once_is_asked_again(client, server, method):
    server.mode = f"{method} 503 once"
    assert client.load()["source"] == "hub"


@pytest.mark.parametrize("mode", ["slow", "stall"])
def test_interrupted_download_leaves_nothing_behind(client, server, mode):
    """■, while the bytes drip or no longer come."""
    server.mode, server.rate = mode, 10e3
    client.ask()
    while not client.part_files():
        time.sleep(0.05)
    client.process.send_signal(signal.SIGINT)
    report = client.answer()
    assert is_embedded(report) and "you interrupted the loading" in report["said"]
    assert client.cached_weights() == [] and client.part_files() == []
    server.mode = "ok"
    assert client.load()["source"] == "hub"


@pytest.mark.slow
def test_two_processes_may_want_the_same_model_at_once(client, server):
    server.mode, server.rate = "slow", len(server.data) / 4
    other = Client(server.address, client.home)
    try:
        for each in (client, other):
            each.ask()
        reports = [each.answer() for each in (client, other)]
    finally:
        other.close()
    assert all(report["source"] in ("hub", "cache") for report in reports)
    assert reports[0]["norm"] == reports[1]["norm"] and len(client.cached_weights()) == 1


def test_loading_leaves_the_hubs_client_as_it_was(server, tmp_path):
    """Other cells download with it, too; and nothing red is said of a cut that is over already."""
    server.mode = "cut once"
    code = f"""
from huggingface_hub import constants, get_session
from huggingface_hub.utils import logging
def state():
    hooks = {{name: len(hooks) for name, hooks in get_session().event_hooks.items()}}
    return vars(constants).copy(), hooks, logging.get_verbosity()
before = state()
from sources import hub
print(hub.weights_file("timm/{NAME}")[1], state() == before)
"""
    learner = learners(server.address, tmp_path, {})
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=learner, capture_output=True, text=True
    )
    assert done.stdout.splitlines()[-1] == "hub True", done.stderr
    assert "Error" not in done.stderr


# --- interrupts ---


def interrupt(*args, **kwargs):
    raise KeyboardInterrupt


def test_an_interrupt_amid_loading_gives_the_embedded_dino(monkeypatch, capsys):
    """Whatever was going on: looking, downloading, or reading a file from the cache."""
    build = models._build
    monkeypatch.setattr(hub, "weights_file", lambda repository: ("a file", "cache"))
    monkeypatch.setattr(
        models,
        "_build",
        lambda name, *a, **k: (interrupt if name == NAME else build)(name, *a, **k),
    )
    assert models.load_model(NAME).weights.source == "embedded"
    said = capsys.readouterr().out
    assert "불러오기를 중단했습니다" in said and "중단하지 말고 다시 실행하세요" in said
    assert "you interrupted the loading" in said and "give it time and run again" in said


def test_without_fallback_an_interrupt_stays_one(monkeypatch):
    monkeypatch.setattr(hub, "weights_file", interrupt)
    with pytest.raises(KeyboardInterrupt):
        models.load_model(NAME, fallback=False)
