"""The hub, for real: a server on this machine, and a process that takes it for the hub."""

import errno
import json
import os
import pickle
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import save

from helpers import faults, hub, models

ROOT = Path(__file__).resolve().parents[2]
NAME = "test_vit.r160_in1k"  # timm's smallest ViT, 0.4 M parameters
URL_PATH = f"/timm/{NAME}/resolve/main/model.safetensors"

# A learner's Python: loads each model named on its input, and reports.
CLIENT = """
import contextlib, io, json, signal, sys, time, warnings
warnings.simplefilter("error")
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored if the tests run with "&"
from helpers import download, models
download.QUIET, download.GIVE_UP = 3, 5
for line in sys.stdin:
    said, start = io.StringIO(), time.monotonic()
    with contextlib.redirect_stdout(said):
        name, slow = line.split()
        download.SLOW = int(slow)
        model = models.load_model(name)
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
    def __init__(self, endpoint, home, preexec_fn=None, **environment):
        hidden = ("HF_HUB_OFFLINE", "HF_HUB_CACHE", "DINO_MODEL")
        kept = {key: value for key, value in os.environ.items() if key not in hidden}
        self.home = Path(home)
        self.process = subprocess.Popen(
            [sys.executable, "-c", CLIENT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            preexec_fn=preexec_fn,
            env={**kept, "HF_ENDPOINT": endpoint, "HF_HOME": str(home), **environment},
        )

    def load(self, name, slow=600):
        """Load a model; a download of more than ``slow`` seconds is one to warn of."""
        self.process.stdin.write(f"{name} {slow}\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def cached_weights(self):
        """Weights files in the cache: the blobs, not the links to them."""
        return [
            file
            for file in self.home.glob("hub/models--*/blobs/*")
            if file.is_file() and file.suffix != ".incomplete"
        ]

    def part_files(self):
        return list(self.home.glob("hub/models--*/blobs/*.incomplete"))

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


def outcome(report, korean="다음에는 됩니다", english="the next try works"):
    """What the notice gave as the reason, for the READMEs' table; and what came of it."""
    assert is_embedded(report)
    first, *_, fourth, _, _ = report["said"].splitlines()
    return (
        f'내장 DINO로 이어 갑니다: "{first.split(": ", 1)[1].rstrip(".")}". {korean}',
        f'embedded DINO: "{fourth.split(": ", 1)[1].rstrip(".")}"; {english}',
    )


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


def test_no_hub_gives_the_embedded_dino_within_5_s(client, dead_port, fault):
    report = client.load(NAME)
    assert is_embedded(report) and report["seconds"] < 5
    assert "the hub cannot be reached" in report["said"]
    said = re.sub(r" ?\(\w+\)", "", report["said"])  # which names the network library's own error
    fault(
        ("허브에 연결할 수 없음", "the hub can't be reached"),
        outcome({**report, "said": said}, "5초 안에", "within 5 s"),
    )


def test_hub_that_accepts_and_hangs_gives_the_embedded_dino_within_5_s(client, server, fault):
    server.mode = "hang"
    report = client.load(NAME)
    assert is_embedded(report) and report["seconds"] < 5
    assert server.requests.count(f"HEAD {URL_PATH}") <= 1  # no retries
    fault(
        ("허브가 받기만 하고 대답하지 않음", "the hub accepts and never answers"),
        outcome(report, "5초 안에", "within 5 s"),
    )


def test_404_says_so(client, server, fault):
    server.mode = "404"
    report = client.load(NAME)
    assert is_embedded(report) and report["seconds"] < 5
    assert "the hub has no such weights (404)" in report["said"]
    fault(("404", "404"), outcome(report, "5초 안에", "within 5 s"))


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


def test_a_download_with_one_wrong_bit_is_noticed_by_its_hash_and_never_kept(client, server, fault):
    server.mode = "flipped"
    report = client.load(NAME)
    assert is_embedded(report) and "the downloaded file is damaged" in report["said"]
    assert server.requests.count(f"GET {URL_PATH}") == 2
    assert client.cached_weights() == []
    server.mode = "ok"
    assert client.load(NAME)["source"] == "hub"
    fault(
        ("길이는 같고 한 비트가 다른 파일", "a file of the right length with one wrong bit"),
        outcome(report, "두 번 받아 보고 남기지 않습니다", "tried twice, never kept"),
    )


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


# By the hub's behaviour: what it is called in the READMEs' table, and what is said.
REFUSED = {
    "no repository": (
        ("그런 모델이 없음(401 RepoNotFound)", "no such model (401 RepoNotFound)"),
        ("그 모델이 없습니다(401)", "has no such model (401)"),
    ),
    "no revision": (
        ("그런 판이 없음(404)", "no such revision (404)"),
        ("그 모델의 그 판이 없습니다(404)", "has no such revision of the model (404)"),
    ),
    "no file": (
        ("파일이 없음(404)", "no such file (404)"),
        ("safetensors 파일이 없습니다(404)", "has no safetensors file of the model (404)"),
    ),
    "gated 401": (
        ("허락이 필요한 모델(401)", "a gated model (401)"),
        ("허락받은 사람만", "only to those it knows (401)"),
    ),
    "gated 403": (
        ("허락이 필요한 모델(403)", "a gated model (403)"),
        ("허락받은 사람만", "only to those it knows (403)"),
    ),
    "429": (
        ("429, 120초 뒤에 오라고 함", "429, retry after 120 s"),
        ("120초 뒤에 다시", "wait 120 s and run again"),
    ),
    "503": (
        ("503", "503"),
        ("허브가 고장 났습니다(503)", "the hub is out of order (503)"),
    ),
    "get 429": (  # the client adds a second
        ("파일을 받을 때 429", "429 when the file is asked for"),
        ("121초 뒤에 다시", "wait 121 s and run again"),
    ),
    "get 503": (
        ("파일을 받을 때 계속 503", "503 for good when the file is asked for"),
        ("허브가 고장 났습니다(503)", "the hub is out of order (503)"),
    ),
    "portal": (
        ("네트워크의 로그인 화면이 대답함", "a network's login page answers"),
        ("허브가 아닌 것이 대답했습니다", "something else answered in the hub's place"),
    ),
    "short": (
        ("파일이 짧게 옴", "the file comes short"),
        ("파일이 오다가 끊겼습니다", "the download was cut off"),
    ),
    "always cut": (
        ("받을 때마다 끊김", "cut off every time"),
        ("파일이 오다가 끊겼습니다", "the download was cut off"),
    ),
    "stall": (
        ("반쯤 오고 멈춤", "half the file, then nothing"),
        ("내려받기가 멈추었습니다", "the download stopped moving"),
    ),
}


@pytest.mark.parametrize("mode", REFUSED)
def test_each_fault_says_what_happened_and_the_next_try_works(client, server, mode, fault):
    server.mode = mode
    tried, expected = REFUSED[mode]
    report = client.load(NAME)
    said = report["said"].splitlines()
    if mode == "stall":  # two lines before it ends: nothing came for a while
        assert "No data for 3 s" in said[1] and "데이터가 오지 않습니다" in said[0]
    report["said"] = "\n".join(
        line for line in said if "No data" not in line and "초째" not in line
    )
    assert is_embedded(report) and report["seconds"] < 20
    for words in expected:
        assert words in report["said"]
    assert client.cached_weights() == [] and client.part_files() == []
    server.mode = "ok"
    assert client.load(NAME)["source"] == "hub"
    fault(tried, outcome(report))


def test_cut_once_goes_on_where_it_was(client, server, checkpoint, fault):
    server.mode = "cut once"
    report = client.load(NAME)
    assert report["source"] == "hub" and report["said"] == ""
    assert report["norm"] == pytest.approx(float(checkpoint["patch_embed.proj.weight"].norm()))
    fault(
        ("한 번 끊김", "cut off once"),
        ("끊긴 데서 이어 받습니다", "it goes on where it was"),
    )


@pytest.mark.parametrize("method", ["HEAD", "GET"])
def test_503_once_is_asked_again(client, server, method, fault):
    server.mode = f"{method} 503 once"
    report = client.load(NAME)
    assert report["source"] == "hub" and report["said"] == ""
    fault(("503 한 번", "503 once"), ("다시 물어서 받습니다", "asked again, and it comes"))


def test_slow_download_may_finish(client, server):
    server.mode, server.rate = "slow", len(server.data) / 7  # longer than a stall may last
    report = client.load(NAME)
    assert report["source"] == "hub" and report["said"] == "" and report["seconds"] > 6


def test_hopelessly_slow_download_says_how_long_and_can_be_stopped(client, server, fault):
    """10 kB a second; the learner interrupts the kernel and goes on with the embedded DINO."""
    server.mode, server.rate = "slow", 10e3

    def press():
        """■, once the download has gone on for long enough to be found slow."""
        until = time.monotonic() + 30
        while not client.part_files() and time.monotonic() < until:
            time.sleep(0.1)
        time.sleep(6)
        client.process.send_signal(signal.SIGINT)

    presser = threading.Thread(target=press)
    presser.start()
    report = client.load(NAME, slow=30)
    presser.join()
    korean, english, *rest = report["said"].splitlines()
    assert "분 걸립니다" in korean and "minutes" in english and "Interrupt (■" in english
    assert is_embedded({**report, "said": "\n".join(rest)})
    assert "you interrupted the loading" in report["said"] and report["seconds"] < 15
    assert client.cached_weights() == [] and client.part_files() == []
    server.mode = "ok"
    assert client.load(NAME)["source"] == "hub"
    said = {**report, "said": "\n".join(rest)}
    fault(
        ("10 kB/s로 오는 중에 ■를 누름", "10 kB a second, and ■ pressed amid it"),
        outcome(said, "걸릴 시간을 미리 알려 줍니다", "it had said how long it would take"),
    )


def test_two_processes_may_want_the_same_model_at_once(client, server, fault):
    server.mode, server.rate = "slow", len(server.data) / 4
    other = Client(server.address, client.home)
    try:
        reports = []
        thread = threading.Thread(target=lambda: reports.append(other.load(NAME)))
        thread.start()
        reports.append(client.load(NAME))
        thread.join()
    finally:
        other.close()
    assert all(report["source"] in ("hub", "cache") for report in reports)
    assert reports[0]["norm"] == reports[1]["norm"] and len(client.cached_weights()) == 1
    fault(
        ("노트북 두 개가 같은 모델을 동시에 받음", "two notebooks download the same model"),
        ("둘 다 쓰고 파일은 하나입니다", "both have it, and there is one file"),
    )


def test_a_wrong_bit_already_in_the_cache_is_found(client, server):
    """Another program put it there, and looked at nothing."""
    client.load(NAME)
    (file,) = client.cached_weights()
    data = file.read_bytes()
    file.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert client.load(NAME)["source"] == "hub"
    assert client.cached_weights()[0].read_bytes() == data


class Malicious:
    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return Path.touch, (self.target,)


@pytest.mark.parametrize("named", [True, False])
def test_pickle_in_the_place_of_weights_never_runs(client, server, tmp_path, named, fault):
    ran = tmp_path / "ran"
    server.pickle = pickle.dumps(Malicious(ran))
    pickle.loads(server.pickle)
    assert ran.exists()  # it would run
    ran.unlink()
    server.mode, server.named = "pickle", named
    try:
        report = client.load(NAME)
    finally:
        server.named = True
    assert is_embedded(report) and not ran.exists() and client.cached_weights() == []
    assert not any("pytorch_model" in request for request in server.requests)
    fault(
        ("가중치 대신 코드가 든 피클", "a pickle with code in the place of weights"),
        outcome(report, "실행되지 않습니다", "it does not run"),
    )


def test_pickled_weights_lying_in_the_cache_are_never_opened(client, server, tmp_path):
    ran = tmp_path / "ran"
    client.load(NAME)
    (weights,) = client.home.glob("hub/models--*/snapshots/*/model.safetensors")
    (weights.parent / "pytorch_model.bin").write_bytes(pickle.dumps(Malicious(ran)))
    assert client.load(NAME)["source"] == "cache"
    weights.unlink()  # now the pickle is all there is
    server.mode = "404"
    assert is_embedded(client.load(NAME)) and not ran.exists()


def test_no_code_of_ours_unpickles():
    """torch.load only with weights_only=True; no pickle, joblib or dill anywhere."""
    for folder in ("helpers", "training", "tools", "benchmarks", "notebooks"):
        for file in (ROOT / folder).rglob("*"):
            if file.suffix not in (".py", ".ipynb") or ".ipynb_checkpoints" in file.parts:
                continue
            text = file.read_text(encoding="utf-8")
            assert not re.search(r"\b(import|from) (pickle|joblib|dill)\b", text), file
            for call in re.finditer(r"torch\.load\(", text):
                assert "weights_only=True" in text[call.end() : call.end() + 120], file


@pytest.mark.parametrize(
    "number, words",
    [
        (errno.ENOSPC, ("디스크가 가득 찼습니다", "the disk is full")),
        (errno.EROFS, ("캐시 폴더에 쓸 수 없습니다", "cannot be written")),
        (errno.EACCES, ("캐시 폴더에 쓸 수 없습니다", "cannot be written")),
    ],
)
def test_disk_faults_have_words(number, words):
    error = faults.explain(**faults.facts(OSError(number, "")))
    assert (words[0] in error.why[0]) and (words[1] in error.why[1])


def test_disk_that_fills_up_on_the_way(client, server, tmp_path, fault):
    """A limit on the size of files stands in for a full disk; both end in a failed write."""
    resource = pytest.importorskip("resource")
    limit = len(server.data) // 2
    full = Client(
        server.address,
        tmp_path,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    try:
        report = full.load(NAME)
    finally:
        full.close()
    assert is_embedded(report) and "the disk is full" in report["said"]
    assert full.cached_weights() == [] and full.part_files() == []
    fault(
        ("받다가 디스크가 가득 참", "the disk fills up on the way"),
        outcome(report, "반쪽 파일이 남지 않습니다", "no half a file is left"),
    )


def test_cache_that_cannot_be_written(server, tmp_path, fault):
    (tmp_path / "hub").write_text("a file where the folder should be")
    server.mode = "ok"
    client = Client(server.address, tmp_path)
    try:
        report = client.load(NAME)
    finally:
        client.close()
    assert is_embedded(report) and "cannot be written" in report["said"]
    assert "set HF_HOME" in report["said"]
    fault(
        ("쓸 수 없는 캐시", "a cache that can't be written"),
        outcome(report, "HF_HOME을 정하라고 알려 줍니다", "it says to set HF_HOME"),
    )


def test_kernel_that_dies_takes_its_download_along(client, server):
    server.mode, server.rate = "slow", 10e3
    other = Client(server.address, client.home)
    other.process.stdin.write(f"{NAME} 600\n")
    other.process.stdin.flush()
    until = time.monotonic() + 30
    while not client.part_files() and time.monotonic() < until:
        time.sleep(0.1)
    assert client.part_files()
    other.process.kill()
    other.process.wait()
    until = time.monotonic() + 10
    while client.part_files() and time.monotonic() < until:
        time.sleep(0.1)
    assert client.part_files() == []  # the client of the hub cleans up only if it is let go


def test_a_download_that_is_told_to_end_twice_still_tidies_up():
    """Our own wish to end it, and the parent's closed pipe, come at about the same time."""
    code = """
import signal, time
from helpers import download
signal.signal(signal.SIGTERM, download._end)
try:
    print("ready", flush=True)
    time.sleep(30)
finally:
    time.sleep(0.5)
    print("tidied", flush=True)
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stdout.readline() == "ready\n"
    process.terminate()
    time.sleep(0.2)
    process.terminate()
    assert process.communicate(timeout=10)[0] == "tidied\n" and process.returncode == 1


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
