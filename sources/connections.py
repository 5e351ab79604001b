"""HTTP connections that look where they go, before they go there; for ``web``."""

import http.client
import ipaddress
import socket
import urllib.error
import urllib.parse
import urllib.request
from functools import partial

REDIRECTS = 5


class WebError(OSError):
    """Nothing was downloaded; the arguments say why, in Korean and in English."""


class Visit:
    """One download, which another thread can end."""

    def __init__(self, seconds):
        self.seconds, self.left, self.sockets = seconds, False, []

    def open(self, request):
        """The response to a urllib request."""
        opener = urllib.request.OpenerDirector()  # not build_opener: it would know ftp and file
        for handler in (
            urllib.request.ProxyHandler(),
            _Handler(self),
            _Redirects(),
            urllib.request.HTTPDefaultErrorHandler(),
            urllib.request.HTTPErrorProcessor(),
        ):
            opener.add_handler(handler)
        return opener.open(request, timeout=self.seconds)

    def connect(self, host, port, timeout, anywhere):
        """A socket to a host; unless it may be anywhere, never to a local address."""
        trouble = None
        for *_, place in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            if not anywhere and _is_local(place[0]):
                raise _sent_home()
            try:
                connection = socket.create_connection(place[:2], timeout)
            except OSError as error:
                trouble = error
                continue
            self.sockets.append(connection)
            if self.left:
                self.leave()
            return connection
        raise trouble or OSError(host)

    def leave(self):
        """End the download, wherever it is."""
        self.left = True
        for connection in self.sockets:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:  # closed already
                pass


class _Handler(urllib.request.AbstractHTTPHandler):
    """urllib's own, with connections that look where they go."""

    def __init__(self, visit):
        super().__init__()
        self.visit = visit

    def http_open(self, request):
        return self.do_open(self._connection(_Plain, request), request)

    def https_open(self, request):
        return self.do_open(self._connection(_Secure, request), request)

    http_request = https_request = urllib.request.AbstractHTTPHandler.do_request_

    def _connection(self, kind, request):
        sent_on = getattr(request, "sent_on", False)
        if proxied := request.has_proxy() or request._tunnel_host:
            if sent_on:  # the proxy connects, so all we can do is to look the name up as well
                _look_up(urllib.parse.urlsplit(request.full_url).hostname)

        def make(*args, **kwargs):
            connection = kind(*args, **kwargs)
            connection.sockets = self.visit.sockets
            connection.go = partial(self.visit.connect, anywhere=proxied or not sent_on)
            return connection

        return make


class _Plain(http.client.HTTPConnection):
    def connect(self):
        self.sock = self.go(self.host, self.port, self.timeout)
        if self._tunnel_host:  # through a proxy
            self._tunnel()


class _Secure(http.client.HTTPSConnection, _Plain):
    def connect(self):
        super().connect()  # of HTTPSConnection, which calls _Plain's and then speaks TLS
        self.sockets.append(self.sock)


class _Redirects(urllib.request.HTTPRedirectHandler):
    max_redirections = REDIRECTS
    max_repeats = REDIRECTS

    def redirect_request(self, request, file, code, message, headers, url):
        if not url.lower().startswith(("http://", "https://")):  # urllib itself would allow ftp
            raise urllib.error.HTTPError(url, code, message, headers, file)
        new = super().redirect_request(request, file, code, message, headers, url)
        new.sent_on = True
        return new


def _look_up(host):
    try:
        found = socket.getaddrinfo(host, None)
    except OSError:  # a name that only the proxy knows
        return
    if any(_is_local(place[0]) for *_, place in found):
        raise _sent_home()


def _is_local(address):
    address = ipaddress.ip_address(address.split("%")[0])
    return not address.is_global or address.is_multicast


def _sent_home():
    return WebError(
        "이 컴퓨터나 집 안 네트워크의 주소로 넘깁니다",
        "it sends us on to an address of this network",
    )
