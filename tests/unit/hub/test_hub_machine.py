"""What stands between a learner and the hub: certificates, proxies, full disks, consoles."""

import errno
import io
import shutil
import subprocess
import sys

import pytest
from learner import URL_PATH, once
from safetensors.torch import save

from helpers import models
from sources import faults


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
