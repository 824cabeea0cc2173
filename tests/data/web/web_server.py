"""A local web server that can misbehave, and helpers that let the client contact it."""

from __future__ import annotations

import io
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from PIL import Image

from cluster_core.data.web import addresses
from cluster_core.data.web.client import FetchLimits
from tests.samples import draw_blob

HOME = "127.0.0.1"
QUICK = FetchLimits(
    connect_timeout_s=1,
    read_timeout_s=1,
    total_timeout_s=5,
    retry_waits_s=(0.01, 0.01),
    max_retry_wait_s=0.05,
)


def make_picture(seed: int = 0, kind: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.fromarray(draw_blob(seed)).save(file, kind)
    return file.getvalue()


class WebServer(ThreadingHTTPServer):
    """Answers each path with a function of the request.

    Attributes
    ----------
    pages : dict of str to callable
        The function for each path.
    asked : Counter of str
        Number of requests for each path.
    headers : list of dict
        Headers of each request.
    is_over : threading.Event
        Set when the server shuts down.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__((HOME, 0), _Handler)
        self.pages: dict[str, Callable[[BaseHTTPRequestHandler], None]] = {}
        self.asked: Counter[str] = Counter()
        self.headers: list[dict[str, str]] = []
        self.is_over = threading.Event()

    def url(self, path: str, host: str = HOME) -> str:
        return f"http://{host}:{self.server_port}{path}"

    def add(self, path: str, body: bytes, status: int = 200, **headers: str) -> str:
        """Serve `body` at a path, and return the address."""

        def answer(request: BaseHTTPRequestHandler) -> None:
            request.send_response(status)
            for name, value in ({"Content_Length": str(len(body))} | headers).items():
                request.send_header(name.replace("_", "-"), value)
            request.end_headers()
            request.wfile.write(body)

        self.pages[path] = answer
        return self.url(path)

    def drip(self, path: str, head: bytes, byte: bytes) -> str:
        """Serve `head` at a path, then `byte` every 50 ms, and return the address."""

        def answer(request: BaseHTTPRequestHandler) -> None:
            request.wfile.write(head)
            for _ in range(200):
                request.wfile.write(byte)
                if self.is_over.wait(0.05):
                    return

        self.pages[path] = answer
        return self.url(path)


class _Handler(BaseHTTPRequestHandler):
    server: WebServer

    def do_GET(self) -> None:
        self.server.asked[self.path] += 1
        self.server.headers.append(dict(self.headers))
        try:
            self.server.pages[self.path](self)
        except OSError:  # the client has disconnected
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving() -> Iterator[WebServer]:
    server = WebServer()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server
    finally:
        server.is_over.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


def allow_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """Treat 127.0.0.1 as a public address during a test; 127.0.0.2 stays private."""
    is_public = addresses.is_public
    monkeypatch.setattr(addresses, "is_public", lambda ip: str(ip) == HOME or is_public(ip))


def answer_lookups(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Replace name lookups by a sequence of answers; return a list that collects the names."""
    remaining = iter(answers)
    asked: list[str] = []

    def look_up(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in next(remaining)]

    monkeypatch.setattr(addresses.socket, "getaddrinfo", look_up)
    return asked
