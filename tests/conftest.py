"""What several tests share: a photo, the embedded DINO, and a hub of our own on this machine."""

import hashlib
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

    ``mode`` is how it behaves: "ok", "404", "hang" (accepts, never answers), "corrupt" (bytes of
    the right length) or "flipped" (one bit of the last number is another: it loads, and is wrong).
    ``named`` says whether it tells the SHA-256 of its file, as the hub does for large ones.
    ``stop()`` closes the port, ``start()`` opens the same one again.
    """

    COMMIT = "0123456789abcdef" * 2 + "01234567"

    def __init__(self, path, data):
        self.path, self.data = path, data
        self.mode, self.named, self.requests, self.port = "ok", True, [], 0
        self.start()

    def start(self):
        self.released = threading.Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), self._handler())
        self.server.daemon_threads = True
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.released.set()
        self.server.shutdown()
        self.server.server_close()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.port}"

    def _handler(hub):  # noqa: N805  the handler's own self is another one
        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self):
                hub.requests.append(f"{self.command} {self.path}")
                if hub.mode == "hang":
                    hub.released.wait(60)
                found = hub.mode in ("ok", "corrupt", "flipped") and self.path == hub.path
                self.send_response(200 if found else 404)
                self.send_header("Content-Length", str(len(hub.data)) if found else "0")
                digest = hashlib.sha256(hub.data).hexdigest()
                self.send_header("ETag", f'"{digest if hub.named else digest[:40]}"')
                self.send_header("X-Repo-Commit", hub.COMMIT)
                self.end_headers()
                return found

            def do_GET(self):
                if self.do_HEAD():
                    flipped = hub.data[:-1] + bytes([hub.data[-1] ^ 1])
                    sent = {"corrupt": b"\xff" * len(hub.data), "flipped": flipped}
                    self.wfile.write(sent.get(hub.mode, hub.data))

            def log_message(self, *args):
                pass

        return Handler


@pytest.fixture(scope="module")
def loopback_hub():
    """Start a ``LoopbackHub``; all are stopped at the end."""
    hubs = []

    def start(path, data):
        hubs.append(LoopbackHub(path, data))
        return hubs[-1]

    yield start
    for hub in hubs:
        hub.stop()
