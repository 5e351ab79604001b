"""Photos from web addresses: bounded in size, time and place. Every server here is our own."""

import gzip
import io
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from PIL import Image

from helpers import connections, web
from helpers.images import PhotoError, load_photo

SECONDS, BYTES = web.SECONDS, web.BYTES  # as shipped; tests make them smaller
PAGE = b"<!DOCTYPE html><html><body><img src='cat.jpg'></body></html>"


@pytest.fixture(scope="module")
def picture(photo):
    buffer = io.BytesIO()
    photo.save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def server(picture):
    """A web server; the path decides how it behaves. `server.seen` are the requests it got."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append((self.path, dict(self.headers)))
            name, _, wanted = self.path[1:].partition("?")
            if name == "missing.png":
                return self.send_error(404)
            if name == "on":  # to the address after the question mark
                self.send_response(302)
                self.send_header("Location", wanted)
                return self.end_headers()
            if name == "count":
                self.send_response(302)
                self.send_header(
                    "Location", f"/count?{int(wanted) - 1}" if wanted > "1" else "/a.png"
                )
                return self.end_headers()
            if name == "slow-headers":
                while True:
                    time.sleep(0.05)
                    self.wfile.write(b"HTTP/1.1 200 OK\r\n"[:1])
            self.send_response(200)
            if name == "says-huge.png":
                self.send_header("Content-Length", "999999999")
            if name == "cut.png":
                self.send_header("Content-Length", str(len(picture) + 100))
            if name == "bomb.png":  # 30 kB that a reader of gzip would make 30 MB of
                self.send_header("Content-Encoding", "gzip")
            self.end_headers()
            if name in ("%EC%82%AC%EC%A7%84.png", "a.png", "cut.png"):  # 사진.png
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


def error(url):
    """(Korean line, English line) of what load_photo says of an address."""
    with pytest.raises(PhotoError) as caught:
        load_photo(url)
    korean, english = str(caught.value).splitlines()
    return korean, english


@pytest.mark.parametrize("path", ["a.png", "사진.png"])
def test_a_photo_comes(server, photo, path):
    """Also from this very machine, if its address was typed: localhost is no secret to a reader."""
    loaded = load_photo(f"{server.at}/{path}")
    assert np.array_equal(np.asarray(loaded), np.asarray(photo))
    assert server.seen[0][1]["Accept-Encoding"] == "identity"


def test_a_few_redirects_are_followed(server, monkeypatch):
    monkeypatch.setattr(connections, "_is_local", lambda address: False)
    assert load_photo(f"{server.at}/count?5").mode == "RGB"


def test_spaces_around_an_address(server):
    assert load_photo(f"  {server.at}/a.png\n").mode == "RGB"


@pytest.mark.parametrize(
    "path, english",
    [
        ("missing.png", "the server does not give it: HTTP 404"),
        ("says-huge.png", "it is larger than 1 MB"),
        ("huge.png", "it is larger than 1 MB"),
        ("cut.png", "the download was cut off"),
        ("slow.png", "it did not arrive within 0.5 seconds"),
        ("slow-headers", "it did not arrive within 0.5 seconds"),
        ("count?6", "it sends us on too often"),
        ("on?/on", "it sends us on too often"),
        ("on?ftp://127.0.0.1/a.png", "it sends us on too often, or to where no web is"),
        ("on?file:///etc/passwd", "it sends us on too often, or to where no web is"),
    ],
)
def test_bounded_and_said_in_both_languages(server, monkeypatch, path, english, fault):
    monkeypatch.setattr(web, "BYTES", 1_000_000)
    monkeypatch.setattr(web, "SECONDS", 0.5)
    monkeypatch.setattr(connections, "_is_local", lambda address: False)
    start = time.monotonic()
    said = error(f"{server.at}/{path}")
    assert time.monotonic() - start < 2
    assert said[0].startswith(f"사진을 내려받지 못했습니다: {server.at}/{path}")
    assert said[1].startswith(f"Could not download the photo: {server.at}/{path} ({english}")
    if path in ("slow.png", "huge.png"):
        assert server.hung_up.wait(2)  # no thread goes on downloading
    tried = {
        "slow.png": ("끝없이 느린 사진 주소", "a photo's address that drips for ever"),
        "huge.png": ("끝없이 큰 사진 주소", "a photo's address without end"),
        "count?6": ("자꾸 다른 곳으로 넘기는 주소", "an address that sends us on and on"),
    }
    if path in tried:
        whys = [line.partition(" (")[2].partition(")")[0] for line in said[:2]]
        for small, large in (("0.5", f"{SECONDS}"), ("1 MB", f"{BYTES / 1e6:.0f} MB")):
            whys = [why.replace(small, large) for why in whys]
        fault(tried[path], (f'거절합니다: "{whys[0]}"', f'refused: "{whys[1]}"'))


@pytest.mark.parametrize("path", ["slow.png", "slow-headers"])
def test_what_came_until_we_hung_up_is_not_the_file(server, monkeypatch, path):
    """A line that is shut reads like the end of a file, and may do so while we still look."""

    class SlowlyLeft(connections.Visit):
        def leave(self):
            super().leave()
            time.sleep(0.5)

    monkeypatch.setattr(web, "Visit", SlowlyLeft)
    monkeypatch.setattr(web, "SECONDS", 0.3)
    assert "did not arrive within 0.3 seconds" in error(f"{server.at}/{path}")[1]


def test_nobody_is_there():
    with socket.socket() as taken:  # bound, but not listening
        taken.bind(("127.0.0.1", 0))
        said = error(f"http://127.0.0.1:{taken.getsockname()[1]}/a.png")
    assert "연결하지 못했습니다" in said[0] and "could not connect" in said[1]


def test_a_server_that_accepts_and_hangs(monkeypatch):
    monkeypatch.setattr(web, "SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        said = error(f"http://127.0.0.1:{silent.getsockname()[1]}/a.png")
        assert "did not arrive within 0.3 seconds" in said[1]
        said = error(f"https://127.0.0.1:{silent.getsockname()[1]}/a.png")
        assert "did not arrive within 0.3 seconds" in said[1]


def test_a_name_that_takes_for_ever_to_look_up(monkeypatch):
    monkeypatch.setattr(web, "SECONDS", 0.3)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: time.sleep(5))
    start = time.monotonic()
    assert "did not arrive" in error("http://example.org/a.png")[1]
    assert time.monotonic() - start < 2


# --- redirects to local addresses ---

LOCAL = """
127.0.0.1 0.0.0.0 10.1.2.3 172.16.0.1 192.168.0.1 169.254.169.254 100.64.0.1 224.0.0.1 ::1
fe80::1%eth0 fd00::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 :: ff02::1 255.255.255.255""".split()
PUBLIC = "8.8.8.8 1.1.1.1 2606:4700::1111 ::ffff:8.8.8.8".split()


@pytest.mark.parametrize("address", LOCAL)
def test_local_addresses(address):
    assert connections._is_local(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses(address):
    assert not connections._is_local(address)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001"])
def test_no_redirect_to_a_local_address(server, host, fault):
    said = error(f"{server.at}/on?http://{host}:{server.server_port}/a.png")
    assert "이 컴퓨터나 집 안 네트워크" in said[0]
    assert "it sends us on to an address of this network" in said[1]
    assert [path.partition("?")[0] for path, _ in server.seen] == ["/on"]
    if host == "127.0.0.1":
        fault(
            (
                "이 컴퓨터나 교실 네트워크로 넘기는 주소",
                "an address that sends us into this network",
            ),
            ("따라가지 않습니다", "not followed"),
        )


def test_a_name_that_changes_its_mind(server, monkeypatch):
    """DNS rebinding: the name is looked up once, and what was looked at is what is connected to."""
    look_up, connected = socket.getaddrinfo, []
    answers = iter(["8.8.8.8", "127.0.0.1"])

    def rebind(host, port, *args, **kwargs):
        if host == "rebind.example":
            return look_up(next(answers), port, *args, **kwargs)
        return look_up(host, port, *args, **kwargs)

    def connect(place, *args, create=socket.create_connection):
        connected.append(place[0])
        if place[0] == "8.8.8.8":
            raise ConnectionRefusedError("not in a test")
        return create(place, *args)

    monkeypatch.setattr(socket, "getaddrinfo", rebind)
    monkeypatch.setattr(socket, "create_connection", connect)
    error(f"{server.at}/on?http://rebind.example:{server.server_port}/a.png")
    assert connected == ["127.0.0.1", "8.8.8.8"]


def test_a_proxy_is_used_and_redirects_are_looked_at_all_the_same(server, monkeypatch):
    monkeypatch.setenv("http_proxy", server.at)
    monkeypatch.setenv("no_proxy", "")
    error("http://no-such-name.example/missing.png")
    assert server.seen[-1][0] == "http://no-such-name.example/missing.png"
    connections._look_up("no-such-name.example")  # only the proxy may know it
    with pytest.raises(web.WebError):
        connections._look_up("localhost")


# --- what comes is no photo, or the address is none ---


def test_a_web_page(server):
    said = error(f"{server.at}/page.jpg")
    assert said[0].startswith("사진이 아니라 웹페이지입니다") and "‘이미지 주소 복사’" in said[0]
    assert said[1].startswith("Not a photo, but a web page") and "Copy image address" in said[1]


def test_packed_bytes_are_not_unpacked(server):
    assert error(f"{server.at}/bomb.png")[1].startswith("Not a photo")


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
    korean, english = error(url)
    assert korean.startswith("http나 https 주소만") and "사진을 파일로 저장해" in korean
    assert english.startswith("Only http(s) addresses") and "Save the photo as a file" in english
    assert len(english) < 400


@pytest.mark.parametrize(
    "url", ["http://", "http://[::1", "http://a b/", "http://..", "https://:0/x"]
)
def test_addresses_that_are_none(url, monkeypatch):
    monkeypatch.setattr(web, "SECONDS", 2)
    assert error(url)[1].startswith("Could not download the photo")


def test_hosts_and_paths_in_hangul():
    assert web._ascii("http://한국.kr/사진 1.jpg?이름=고양이&a=%20#x") == (
        "http://xn--3e0b707e.kr/%EC%82%AC%EC%A7%84%201.jpg"
        "?%EC%9D%B4%EB%A6%84=%EA%B3%A0%EC%96%91%EC%9D%B4&a=%20#x"
    )


def test_interrupting_leaves_no_download_behind(server, monkeypatch):
    monkeypatch.setattr(
        threading.Thread, "join", lambda self, timeout=None: time.sleep(0.2) or boom()
    )

    def boom():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load_photo(f"{server.at}/slow.png")
    monkeypatch.undo()
    assert server.hung_up.wait(2)


def test_image_is_read_as_ever(server):
    assert isinstance(load_photo(f"{server.at}/a.png"), Image.Image)
