"""Photos from web addresses, within bounds of size and time. Every server here is our own."""

import gzip
import http.client
import socket
import ssl
import threading
import time
import urllib.error
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from scenes import saved

from helpers.images import load_photo
from sources import web
from sources.kinds import PhotoError

PAGE = b"<!DOCTYPE html><html><body><img src='cat.jpg'></body></html>"


@pytest.fixture(scope="module")
def picture(photo):
    return saved(photo, "PNG")


@pytest.fixture
def server(picture):
    """A web server; the path decides how it behaves. `server.seen` are the requests it got."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append((self.path, dict(self.headers)))
            name, _, wanted = self.path.partition("?")
            name = name.rpartition("/")[2]  # a proxy is asked for the whole address
            if name == "missing.png":
                return self.send_error(404)
            if name in ("on", "count"):  # to the address, or so many times more
                if name == "count":
                    wanted = f"/count?{int(wanted) - 1}" if int(wanted) > 1 else "/a.png"
                self.send_response(302)
                self.send_header("Location", wanted)
                return self.end_headers()
            while name == "slow-headers":
                time.sleep(0.05)
                self.wfile.write(b"H")
            self.send_response(200)
            if name == "says-huge.png":
                self.send_header("Content-Length", "999999999")
            if name == "cut.png":
                self.send_header("Content-Length", str(len(picture) + 100))
            if name == "bomb.png":  # 30 kB that a reader of gzip would make 30 MB of
                self.send_header("Content-Encoding", "gzip")
            self.end_headers()
            if name in ("%EC%82%AC%EC%A7%84.png", "a.png", "cut.png", "says-huge.png"):  # 사진.png
                self.wfile.write(picture)
            if name == "page.jpg":
                self.wfile.write(PAGE)
            if name == "bomb.png":
                self.wfile.write(gzip.compress(bytes(30_000_000)))
            while name == "slow.png":  # a byte now and then, for ever
                time.sleep(0.05)
                self.wfile.write(b"x")
            while name == "huge.png":
                self.wfile.write(b"x" * 50_000)

        def handle(self):
            try:
                super().handle()
            except OSError:  # the reader hung up, as it should
                hung_up.set()

        def log_message(self, *args):
            pass

    seen, hung_up = [], threading.Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.seen, server.hung_up = seen, hung_up
    threading.Thread(target=server.serve_forever, daemon=True).start()
    server.at = f"http://127.0.0.1:{server.server_port}"
    yield server
    server.shutdown()
    server.server_close()


def refused(url):
    """What load_photo says of an address, in one language a line."""
    with pytest.raises(PhotoError) as caught:
        load_photo(url)
    assert not any("가" <= sign <= "힣" for sign in caught.value.en)
    return caught.value


@pytest.mark.parametrize("path", ["a.png", "사진.png", "count?5", "on?/a.png"])
def test_a_photo_comes(server, photo, path):
    """Also from this very machine, and where it sends us on to this machine."""
    loaded = load_photo(f"  {server.at}/{path}\n")
    assert np.array_equal(np.asarray(loaded), np.asarray(photo))
    assert server.seen[0][1]["Accept-Encoding"] == "identity"


def test_another_host_of_this_network_may_be_sent_on_to(server, photo):
    loaded = load_photo(f"{server.at}/on?http://localhost:{server.server_port}/a.png")
    assert np.array_equal(np.asarray(loaded), np.asarray(photo))


@pytest.mark.parametrize(
    "path, english",
    [
        ("missing.png", "the server does not give it: HTTP 404 Not Found)"),
        ("says-huge.png", "it is larger than 1 MB)"),
        ("huge.png", "it is larger than 1 MB)"),
        ("cut.png", "the download was cut off)"),
        ("slow.png", "it did not arrive within 0.5 seconds)"),
        ("slow-headers", "it did not arrive within 0.5 seconds)"),
        ("count?20", "it sends us on too often, or to where no web is)"),
        ("on?/on", "it sends us on too often, or to where no web is)"),
        ("on?file:///etc/passwd", "it sends us on too often, or to where no web is)"),
    ],
)
def test_bounded_and_said_in_both_languages(server, monkeypatch, path, english):
    monkeypatch.setattr(web, "BYTES", 1_000_000)
    if path.startswith("slow"):
        monkeypatch.setattr(web, "SECONDS", 0.5)
    error = refused(f"{server.at}/{path}")
    assert error.ko.startswith(f"사진을 내려받지 못했습니다: {server.at}/{path} (")
    assert error.en.startswith(f"Could not download the photo: {server.at}/{path} ({english}")
    if path in ("slow.png", "huge.png"):
        assert server.hung_up.wait(30)  # no thread goes on downloading


def test_nobody_is_there():
    with socket.socket() as taken:  # bound, but not listening
        taken.bind(("127.0.0.1", 0))
        error = refused(f"http://127.0.0.1:{taken.getsockname()[1]}/a.png")
    assert "연결하지 못했습니다" in error.ko and "could not connect" in error.en


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_server_that_accepts_and_hangs(monkeypatch, scheme):
    monkeypatch.setattr(web, "SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        error = refused(f"{scheme}://127.0.0.1:{silent.getsockname()[1]}/a.png")
    assert "did not arrive within 0.3 seconds" in error.en


def test_a_name_that_takes_for_ever_to_look_up(monkeypatch):
    found = threading.Event()
    monkeypatch.setattr(web, "SECONDS", 0.3)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: found.wait(60))
    assert "did not arrive" in refused("http://example.org/a.png").en
    found.set()


def test_a_certificate_that_nobody_here_signed(monkeypatch):
    def open_it(*args, **kwargs):
        raise urllib.error.URLError(ssl.SSLCertVerificationError(1, "self-signed certificate"))

    monkeypatch.setattr(web.urllib.request.OpenerDirector, "open", open_it)
    error = refused("https://school.example/a.png")
    assert "SSL_CERT_FILE" in error.ko and "SSL_CERT_FILE" in error.en
    assert "could not connect" not in error.en


def test_a_proxy_is_used_and_named_without_its_password(server, monkeypatch):
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("http_proxy", server.at)
    assert load_photo("http://no-such-name.example/on?http://x.example/a.png")
    assert [path for path, _ in server.seen] == [
        "http://no-such-name.example/on?http://x.example/a.png",
        "http://x.example/a.png",
    ]
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        monkeypatch.setenv("http_proxy", f"http://me:secret@{place}")
        error = refused("http://no-such-name.example/a.png")
    assert f"http_proxy={place}" in error.ko and f"http_proxy={place}" in error.en
    assert "secret" not in str(error)


def test_a_line_that_breaks_off(monkeypatch):
    def open_it(*args, **kwargs):
        raise http.client.RemoteDisconnected("Remote end closed connection without response")

    monkeypatch.setattr(web.urllib.request.OpenerDirector, "open", open_it)
    assert "could not connect: Remote end closed" in refused("http://school.example/a.png").en


# --- what comes is no photo, or the address is none ---


def test_a_web_page(server):
    error = refused(f"{server.at}/page.jpg")
    assert error.ko.startswith("사진이 아니라 웹페이지입니다") and "‘이미지 주소 복사’" in error.ko
    assert error.en.startswith("Not a photo, but a web page") and "Copy image address" in error.en


def test_packed_bytes_are_not_unpacked(server):
    assert refused(f"{server.at}/bomb.png").en.startswith("Not a photo")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/a.png",
        "file:///etc/passwd",
        "file:/etc/passwd",
        "data:image/png;base64," + "iVBORw0KGgo" * 1000,
        "FTP://example.org/a.png",
        "gopher://127.0.0.1/x",
    ],
)
def test_only_http_addresses(url):
    error = refused(url)
    assert error.ko.startswith("http나 https 주소만") and "사진을 저장해" in error.ko
    assert error.en.startswith("Only http(s) addresses") and "Save the photo as a file" in error.en
    assert len(error.en) < 400


@pytest.mark.parametrize("url", ["http://", "http://[::1", "http://a b/", "https://:0/x"])
def test_addresses_that_are_none(url):
    assert refused(url).en.startswith("Could not download the photo")


def test_hosts_and_paths_in_hangul():
    assert web._ascii("http://한국.kr/사진 1.jpg?이름=고양이&a=%20#x") == (
        "http://xn--3e0b707e.kr/%EC%82%AC%EC%A7%84%201.jpg"
        "?%EC%9D%B4%EB%A6%84=%EA%B3%A0%EC%96%91%EC%9D%B4&a=%20#x"
    )
