"""A web address in, the bytes behind it out: within bounds of size and time."""

import re
import ssl
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from concurrent.futures import Future
from pathlib import Path, PurePosixPath

from bilingual import plain
from sources.kinds import PhotoError

SECONDS = 10
BYTES = 25_000_000


def download(url):
    """The bytes behind an http(s) address, which may hold Hangul.

    PhotoError: not http(s), more than ``BYTES``, longer than ``SECONDS``, or what the web has else.
    """
    shown = plain(url)
    if not url.lower().startswith(("http://", "https://")):
        raise PhotoError(
            f"http나 https 주소만 쓸 수 있습니다: {shown}. 사진을 저장해 파일 이름을 쓰세요.",
            f"Only http(s) addresses can be used: {shown}. Save the photo as a file, use its name.",
        )

    try:
        return within(SECONDS, _fetch, url)
    except Exception as error:
        ko, en = (plain(why) for why in _why(error, url.partition(":")[0].lower()))
        raise PhotoError(
            f"사진을 내려받지 못했습니다: {shown} ({ko}). 브라우저에서 저장해 그 파일을 쓰세요.",
            f"Could not download the photo: {shown} ({en}). Save it in a browser, use the file.",
        ) from error


def stem(source):
    """The name of a photo file or address without its end, as any system takes it for a file."""
    path = Path(source).as_posix()
    if "://" in source:
        path = urllib.parse.unquote(urllib.parse.urlsplit(source).path)
    return re.sub(r'[\x00-\x1f<>:"\\|?*]', "_", PurePosixPath(path).stem)[:80] or "photo"


def within(seconds, call, *args):
    """What a call returns or raises; TimeoutError if it takes longer.

    It runs in a thread of its own: looking up a host's name, trying several addresses in a row, or
    headers that drip, know no time limit.
    """
    done = Future()

    def work():
        try:
            done.set_result(call(*args))
        except Exception as error:
            done.set_exception(error)

    threading.Thread(target=work, daemon=True).start()  # an executor's would be waited for at exit
    return done.result(timeout=seconds)


def _fetch(url):
    limit = f"{BYTES / 1e6:.0f} MB"
    too_long = PhotoError(f"{limit}보다 큽니다", f"it is larger than {limit}")
    request = urllib.request.Request(_ascii(url), headers={"User-Agent": "dino-tutorial"})
    data, deadline = bytearray(), time.monotonic() + SECONDS
    # An opener of its own: urlopen keeps the proxies of the first call.
    with urllib.request.build_opener().open(request, timeout=SECONDS) as response:
        while chunk := response.read1(65536):
            data += chunk
            if len(data) + (response.length or 0) > BYTES:  # length: what the server still owes
                raise too_long
            if time.monotonic() > deadline:
                raise TimeoutError
        if response.length:
            raise PhotoError("내려받는 도중에 연결이 끊겼습니다", "the download was cut off")
    return bytes(data)


def _why(error, scheme):
    """(Korean, English) of what went wrong."""
    reason = getattr(error, "reason", error)  # of a URLError, what is behind it
    proxy = urllib.request.getproxies().get(scheme, "").rpartition("@")[2]  # without its password
    if isinstance(error, PhotoError):
        return error.ko, error.en
    if isinstance(error, urllib.error.HTTPError) and 300 <= error.code < 400:
        ko = "다른 주소로 너무 여러 번, 또는 웹이 아닌 곳으로 보냅니다"
        return ko, "it sends us on too often, or to where no web is"
    if isinstance(error, urllib.error.HTTPError):
        said = f"HTTP {error.code} {reason}"
        return f"서버가 오류를 돌려주었습니다: {said}", f"the server does not give it: {said}"
    if isinstance(reason, ssl.SSLCertVerificationError):
        return (
            "서버의 인증서를 확인할 수 없습니다. 네트워크가 자체 인증서를 쓴다면 그 파일의 경로를 "
            "환경 변수 SSL_CERT_FILE에 넣으세요",
            "the server's certificate cannot be verified; if your network has one of its own, put "
            "the path of its file into the environment variable SSL_CERT_FILE",
        )
    ko, en = f"연결하지 못했습니다: {reason}", f"could not connect: {reason}"
    if isinstance(reason, TimeoutError):
        ko, en = f"{SECONDS}초 안에 받지 못했습니다", f"it did not arrive within {SECONDS} seconds"
    if proxy:
        set_to = f"{scheme}_proxy={proxy}"
        return f"{ko}. 프록시 설정 {set_to}도 확인하세요", f"{en}; check the proxy, too: {set_to}"
    return ko, en


def _ascii(url):
    """An address as the web wants it: those copied from a Korean page often hold plain Hangul."""
    parts = urllib.parse.urlsplit(url)
    place = parts.netloc if parts.netloc.isascii() else parts.netloc.encode("idna").decode()
    keep = "/?#[]@!$&'()*+,;=%~:"
    return urllib.parse.quote(urllib.parse.urlunsplit(parts._replace(netloc=place)), safe=keep)
