"""A web address in, the bytes behind it out: within bounds of size, time and place."""

import threading
import urllib.error
import urllib.parse
import urllib.request

from sources.connections import Visit, WebError

SECONDS = 10
BYTES = 25_000_000


def download(url):
    """Fetch what is behind an http(s) address.

    The address itself may be local, such as ``http://localhost:8000/cat.jpg``: who types it can
    reach that place anyway. A page that sends us on (a redirect) cannot send us there: each address
    that a host's name stands for is looked at before that very address is connected to.

    Parameters
    ----------
    url : str
        May hold Hangul.

    Returns
    -------
    bytes

    Raises
    ------
    WebError
        Not http(s), more than ``BYTES``, longer than ``SECONDS`` in all, more than ``REDIRECTS``
        redirects, one to a local address, or whatever else the web has.
    """
    result = {}
    visit = Visit(SECONDS)

    def work():
        try:
            result["data"] = _fetch(visit, url)
        except Exception as error:
            result["error"] = error

    # In a thread, since looking up a name, and a server that sends a byte now and then, know no
    # time limit of their own.
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        thread.join(SECONDS)
    finally:
        in_time = not thread.is_alive()
        visit.leave()  # which, to a download under way, looks like the end of the file
    if in_time and "data" in result:
        return result["data"]
    raise _why(result["error"] if in_time else TimeoutError())


def _why(error):
    if isinstance(error, WebError):
        return error
    if isinstance(error, TimeoutError) or isinstance(getattr(error, "reason", 0), TimeoutError):
        return WebError(
            f"{SECONDS}초 안에 오지 않았습니다", f"it did not arrive within {SECONDS} seconds"
        )
    if isinstance(error, urllib.error.HTTPError):
        if error.code in (301, 302, 303, 307, 308):
            return WebError(
                "너무 여러 번, 또는 웹이 아닌 곳으로 넘깁니다",
                "it sends us on too often, or to where no web is",
            )
        said = f"HTTP {error.code} {error.reason}"
        return WebError(f"서버가 주지 않습니다: {said}", f"the server does not give it: {said}")
    if isinstance(error, urllib.error.URLError):
        error = error.reason
    return WebError(f"연결하지 못했습니다: {error}", f"could not connect: {error}")


def _fetch(visit, url):
    data = bytearray()
    request = urllib.request.Request(_ascii(url), headers={"User-Agent": "dino-tutorial"})
    with visit.open(request) as response:
        if int(response.headers.get("Content-Length") or 0) > BYTES:
            raise _too_long()
        while chunk := response.read1(65536):
            data += chunk
            if len(data) > BYTES:
                raise _too_long()
        if response.length:  # how much the server still owes
            raise WebError("내려받다가 끊겼습니다", "the download was cut off")
    return bytes(data)


def _ascii(url):
    """An address as the web wants it: those copied from a Korean page often hold plain Hangul."""
    parts = urllib.parse.urlsplit(url.strip())
    place = parts.netloc if parts.netloc.isascii() else parts.netloc.encode("idna").decode()
    keep = "/?#[]@!$&'()*+,;=%~:"
    return urllib.parse.quote(urllib.parse.urlunsplit(parts._replace(netloc=place)), safe=keep)


def _too_long():
    limit = f"{BYTES / 1e6:.0f} MB"
    return WebError(f"{limit}보다 큽니다", f"it is larger than {limit}")
