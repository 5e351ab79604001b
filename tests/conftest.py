"""What several tests share: a photo, the embedded DINO, and a hub of our own on this machine."""

import hashlib
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
import torch
from PIL import Image


@pytest.fixture(scope="session")
def photo():
    """A small non-square photo: a colour gradient with a white square left of the middle."""
    y, x = np.mgrid[0:60, 0:90]
    pixels = np.stack([x * 2, y * 3, 255 - x * 2], axis=-1).astype(np.uint8)
    pixels[20:35, 25:40] = 255
    return Image.fromarray(pixels)


@pytest.fixture(scope="session")
def embedded():
    from helpers import models

    return models.load_model("embedded")


@pytest.fixture
def randomised():
    """Give every parameter of a model a random value, so that none of them is 0 or 1 by chance."""

    def randomise(model, seed=0):
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.normal_(std=0.4, generator=generator)
        return model.eval()

    return randomise


class LoopbackHub:
    """The few replies of a model hub that a download needs (HEAD and GET of one file).

    ``mode`` is how it behaves: "ok", "hang" (accepts, never answers), "corrupt" (bytes of the right
    length), "flipped" (one bit of the last number is another: it loads, and is wrong), "pickle",
    "portal" (a page of its own for everything), "portal elsewhere" (sends us on to such a page),
    "cut once", "always cut" (half, then the line is cut), "short" (half, and says that is all),
    "stall" (half, then nothing), "slow" (``rate`` bytes a second), "HEAD once" (and then "hang"),
    "get 429" and "get 503" (after a good HEAD), "GET 503 once", "HEAD 503 once", or a status of
    ``REFUSALS``. ``requests`` and ``ranges`` tell what was asked for.
    ``named`` says whether it tells the SHA-256 of its file, as the hub does for large ones.
    ``certificate`` is (certificate, key), two PEM files, for https.
    ``stop()`` closes the port, ``start()`` opens the same one again.
    """

    REFUSALS = {
        "404": (404, {}),
        "no repository": (401, {"X-Error-Code": "RepoNotFound"}),
        "no revision": (404, {"X-Error-Code": "RevisionNotFound"}),
        "no file": (404, {"X-Error-Code": "EntryNotFound"}),
        "gated 401": (401, {"X-Error-Code": "GatedRepo"}),
        "gated 403": (403, {"X-Error-Code": "GatedRepo"}),
        "429": (429, {"Retry-After": "120"}),
        "503": (503, {}),
    }
    COMMIT = "0123456789abcdef" * 2 + "01234567"

    def __init__(self, path, data, certificate=None):
        self.path, self.data, self.certificate = path, data, certificate
        self.mode, self.named, self.port = "ok", True, 0
        self.requests, self.ranges = [], []
        self.rate, self.pickle = 1e6, b""
        self.start()

    def start(self):
        self.released = threading.Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), self._handler())
        self.server.daemon_threads = True
        if self.certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*self.certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.released.set()
        self.server.shutdown()
        self.server.server_close()

    @property
    def address(self):
        return f"{'https' if self.certificate else 'http'}://127.0.0.1:{self.port}"

    def _handler(hub):  # noqa: N805  the handler's own self is another one
        class Handler(BaseHTTPRequestHandler):
            def reply(self, status, headers, length=0):
                self.send_response(status)
                for name, value in {"Content-Length": length, **headers}.items():
                    self.send_header(name, str(value))
                self.end_headers()

            def do_HEAD(self):
                hub.requests.append(f"{self.command} {self.path}")
                hub.ranges.append(self.headers.get("Range"))
                if hub.mode == "hang":
                    hub.released.wait(60)
                hub.mode = "hang" if hub.mode == "HEAD once" else hub.mode
                if hub.mode == "portal elsewhere" and self.path != "/login":
                    return self.reply(302, {"Location": "/login"})
                if hub.mode.startswith("portal"):
                    return self.reply(200, {}, 10)
                refusal = hub.REFUSALS.get("404" if self.path != hub.path else hub.mode)
                if self.command == "GET" and hub.mode.startswith("get "):
                    refusal = hub.REFUSALS[hub.mode.removeprefix("get ")]
                if (self.path, hub.mode) == (hub.path, f"{self.command} 503 once"):
                    hub.mode, refusal = "ok", hub.REFUSALS["503"]
                if refusal:
                    return self.reply(*refusal)
                start = int(self.headers.get("Range", "bytes=0-")[len("bytes=") :].split("-")[0])
                digest = hashlib.sha256(hub.data).hexdigest()
                named = {
                    "ETag": f'"{digest if hub.named else digest[:40]}"',
                    "X-Repo-Commit": hub.COMMIT,
                }
                if start:
                    named["Content-Range"] = f"bytes {start}-{len(hub.data) - 1}/{len(hub.data)}"
                short = self.command == "GET" and hub.mode == "short"
                length = (len(hub.data) // 2 if short else len(hub.data)) - start
                self.reply(206 if start else 200, named, length)
                return hub.data[start : start + length]

            def do_GET(self):
                data = self.do_HEAD()
                if not data:
                    return
                if hub.mode in ("corrupt", "flipped", "pickle"):
                    data = {
                        "corrupt": b"\xff" * len(data),
                        "flipped": data[:-1] + bytes([data[-1] ^ 1]),
                        "pickle": hub.pickle.ljust(len(data), b"."),
                    }[hub.mode]
                if hub.mode == "slow":
                    step = int(hub.rate / 10)
                    try:
                        for at in range(0, len(data), step):
                            self.wfile.write(data[at : at + step])
                            hub.released.wait(0.1)
                    except OSError:  # the learner has had enough
                        pass
                elif hub.mode in ("cut once", "always cut", "stall"):
                    if not (hub.mode == "stall" and "Range" in self.headers):
                        self.wfile.write(data[: len(data) // 2])
                        self.wfile.flush()
                    if hub.mode == "stall":
                        hub.released.wait(30)
                    if hub.mode == "cut once":
                        hub.mode = "ok"
                    self.close_connection = True
                else:
                    self.wfile.write(data)

            def log_message(self, *args):
                pass

        return Handler


@pytest.fixture(scope="module")
def loopback_hub():
    """Start a ``LoopbackHub``; all are stopped at the end."""
    hubs = []

    def start(*args):
        hubs.append(LoopbackHub(*args))
        return hubs[-1]

    yield start
    for hub in hubs:
        hub.stop()
