"""The hub, for real: a server on this machine, and a process that takes it for the hub."""

import errno
import io
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

from helpers import models
from sources import faults, hub

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


# --- files that are not what they should be ---


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


# --- this machine, and the way to the hub ---


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


def test_certificate_that_is_not_the_hubs(loopback_hub, checkpoint, tmp_path):
    """A network that opens encrypted connections; with its certificate, all is well."""
    openssl = shutil.which("openssl") or pytest.skip("makes the certificate")
    key, pem = tmp_path / "key.pem", tmp_path / "school.pem"
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    kind = ["-newkey", "rsa:2048", "-nodes", "-days", "2"]
    made = [openssl, "req", "-x509", *kind, *subject, "-keyout", key, "-out", pem]
    subprocess.run(made, check=True, capture_output=True)
    server = loopback_hub(URL_PATH, save(checkpoint), (pem, key))
    said = once(server.address, tmp_path, SSL_CERT_FILE="")
    assert "허브의 인증서가 아닙니다" in said and "the certificate is not the hub's" in said
    assert said.count("SSL_CERT_FILE") == 2 and "internet" not in said
    assert once(server.address, tmp_path, SSL_CERT_FILE=str(pem)).splitlines()[-1] == "hub"


def test_proxy_is_named_without_its_password(tmp_path):
    proxy = "127.0.0.1:9"  # where nobody is
    account = {"http_proxy": f"http://me:secret@{proxy}", "no_proxy": ""}
    said = once("http://hub.invalid", tmp_path, **account)
    assert f"프록시 {proxy}를 거쳐 허브에 연결할 수 없습니다(" in said
    assert f"through the proxy {proxy} (" in said and "secret" not in said
    assert "check the proxy's address (HTTPS_PROXY)" in said


@pytest.mark.parametrize(
    "number, words",
    [
        (errno.ENOSPC, ("디스크가 가득 찼습니다", "the disk is full")),
        (errno.EROFS, ("캐시 폴더에 파일을 저장할 수 없습니다", "cannot be written")),
        (errno.EACCES, ("캐시 폴더에 파일을 저장할 수 없습니다", "cannot be written")),
    ],
)
def test_disk_faults_have_words(number, words):
    error = faults.explain(OSError(number, ""))
    assert words[0] in error.why[0] and words[1] in error.why[1]
    assert error.why[0] in error.ko and error.remedy[1] in error.en


def test_disk_that_fills_up_on_the_way(server, tmp_path):
    """A limit on the size of files stands in for a full disk; both end in a failed write."""
    resource = pytest.importorskip("resource")
    limit = len(server.data) // 2

    def small():
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    said = once(server.address, tmp_path, small)
    assert "디스크가 가득 찼습니다" in said and "the disk is full; free some space" in said
    assert list(tmp_path.glob("hub/models--*/blobs/*")) == []


def test_cache_that_cannot_be_written(server, tmp_path):
    (tmp_path / "hub").write_text("a file where the folder should be")
    said = once(server.address, tmp_path)
    assert (
        "캐시 폴더에 파일을 저장할 수 없습니다" in said and "cannot be written; set HF_HOME" in said
    )


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp949", "utf-8"])
def test_notices_in_a_narrow_encoding(monkeypatch, encoding):
    """A console of Windows: what it has no letter for is a question mark, not an error."""
    console = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", console)
    models.load_model("DINO_vits16")  # the hub is off, and the name is not timm's
    console.flush()
    said = console.buffer.getvalue().decode(encoding)
    assert "name in timm: DINO_vits16" in said and "Using the embedded DINO" in said
    assert ("내장" in said) == (encoding in ("cp949", "utf-8"))
    assert ("→" in said) == (encoding in ("cp949", "utf-8"))


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
