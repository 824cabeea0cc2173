"""Downloads from well-behaved and hostile servers."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
import time

import pytest

from cluster_core.data.web import connections
from cluster_core.data.web.addresses import read_address
from cluster_core.data.web.client import FetchLimits, WebClient
from cluster_core.errors import DatasetError, DownloadError
from tests.data.web.web_server import HOME, QUICK, allow_home, answer_lookups, serving


@pytest.fixture
def server():
    with serving() as web:
        yield web


@pytest.fixture(autouse=True)
def _home(monkeypatch):
    allow_home(monkeypatch)


@pytest.fixture
def target(tmp_path):
    return tmp_path / "draft"


def fetch(address: str, target, limits: FetchLimits = QUICK) -> bytes:
    WebClient(limits).fetch(read_address(address), target)
    return target.read_bytes()


def fail_to_fetch(address: str, target, limits: FetchLimits = QUICK) -> str:
    with pytest.raises(DownloadError, match=r"[.]$") as caught:
        fetch(address, target, limits)
    return str(caught.value)


def test_file_is_stored_as_sent(server, target):
    body = bytes(range(256)) * 1000
    address = server.add("/a%20b.png?x=1", body, Content_Encoding="gzip")
    assert fetch(address, target) == body


def test_request_identifies_the_client(server, target):
    fetch(server.add("/a", b"x"), target)
    (headers,) = server.headers
    assert headers["Host"] == f"{HOME}:{server.server_port}"
    assert headers["Accept-Encoding"] == "identity"
    assert headers["User-Agent"].startswith("ClusterLab/")
    assert not {"Cookie", "Authorization", "Referer"} & set(headers)


def test_file_without_declared_length_is_fetched(server, target):
    def answer(request):
        request.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 100_000)

    server.pages["/a"] = answer
    assert fetch(server.url("/a"), target) == b"x" * 100_000


def test_chunked_file_is_fetched(server, target):
    def answer(request):
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        request.wfile.write(head + b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")

    server.pages["/a"] = answer
    assert fetch(server.url("/a"), target) == b"abcde"


def test_environment_proxies_are_ignored(server, target, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert fetch(server.add("/a", b"x"), target) == b"x"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_is_followed(server, target, status):
    server.add("/b", b"there")
    assert fetch(server.add("/a", b"here", status, Location="/b"), target) == b"there"


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("http://127.0.0.2:{port}/b", "not on the public internet (127.0.0.2)"),
        ("http://localhost.:{port}/b", "not on the public internet"),
        ("http://[::1]:{port}/b", "not on the public internet (::1)"),
        ("http://169.254.169.254/latest/meta-data", "not on the public internet"),
        ("//2130706434:{port}/b", "not on the public internet (127.0.0.2)"),
        ("file:///etc/passwd", "not a web address"),
        ("ftp://127.0.0.1/b", "not a web address"),
        ("http://me:secret@127.0.0.1:{port}/b", "user name"),
        ("http://127.0.0.1:22/b", "port 22"),
    ],
)
def test_redirect_to_forbidden_address_is_rejected(server, target, location, reason, monkeypatch):
    if "localhost" in location:
        answer_lookups(monkeypatch, [HOME], ["127.0.0.2"])
    server.add("/b", b"secret")
    address = server.add("/a", b"", 302, Location=location.format(port=server.server_port))
    assert reason in fail_to_fetch(address, target)
    assert server.asked == {"/a": 1}


def test_redirect_loop_is_stopped(server, target):
    address = server.add("/a", b"", 302, Location="/a")
    assert "redirects too often" in fail_to_fetch(address, target)
    assert server.asked["/a"] == QUICK.max_redirects + 1


def test_connection_goes_to_the_checked_address(server, target, monkeypatch):
    asked = answer_lookups(monkeypatch, [HOME], ["127.0.0.2"])
    server.add("/a", b"x")
    assert fetch(server.url("/a", "rebinding.example"), target) == b"x"
    assert asked == ["rebinding.example"]
    assert server.headers[0]["Host"] == f"rebinding.example:{server.server_port}"


def test_name_is_checked_again_on_retry(server, target, monkeypatch):
    asked = answer_lookups(monkeypatch, [HOME], ["127.0.0.2"])
    server.add("/a", b"", 503)
    reason = fail_to_fetch(server.url("/a", "rebinding.example"), target)
    assert "not on the public internet (127.0.0.2)" in reason
    assert asked == ["rebinding.example"] * 2
    assert server.asked == {"/a": 1}


def test_every_address_of_a_server_is_tried(server, target, monkeypatch):
    monkeypatch.setattr("cluster_core.data.web.addresses.is_public", lambda ip: True)
    answer_lookups(monkeypatch, ["127.0.0.3", HOME])
    server.add("/a", b"x")
    assert fetch(server.url("/a", "two.example"), target) == b"x"


def test_oversized_declared_length_is_rejected(server, target):
    address = server.add("/a", b"", Content_Length="1000001")
    limits = FetchLimits(max_bytes=1_000_000)
    assert "larger than 1 MB" in fail_to_fetch(address, target, limits)
    assert not target.read_bytes()


def test_oversized_body_without_declared_length_is_cut(server, target):
    address = server.drip("/a", b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 200_000, b"x" * 50_000)
    limits = FetchLimits(max_bytes=150_000)
    assert "larger than 0.15 MB" in fail_to_fetch(address, target, limits)
    assert target.stat().st_size < 250_000


@pytest.mark.parametrize(
    ("head", "byte"),
    [
        (b"", b"H"),
        (b"HTTP/1.1 200 OK\r\nX: ", b"x"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    ],
)
def test_dripping_server_is_cut_at_the_deadline(server, target, head, byte):
    start_s = time.monotonic()
    limits = FetchLimits(read_timeout_s=5, total_timeout_s=0.4, retry_waits_s=())
    reason = fail_to_fetch(server.drip("/a", head, byte), target, limits)
    assert "longer than 0.4 seconds" in reason
    assert time.monotonic() - start_s < 2


def test_silent_server_times_out(server, target):
    server.pages["/a"] = lambda _: server.is_over.wait(5)
    limits = FetchLimits(read_timeout_s=0.1, total_timeout_s=5, retry_waits_s=(0.01,))
    assert "did not answer within 0.1 seconds" in fail_to_fetch(server.url("/a"), target, limits)
    assert server.asked["/a"] == 2


def test_server_without_tls_handshake_is_cut_at_the_deadline(target):
    with socket.create_server((HOME, 0)) as silent:
        address = f"https://{HOME}:{silent.getsockname()[1]}/a"
        limits = FetchLimits(read_timeout_s=5, total_timeout_s=0.3, retry_waits_s=())
        assert "longer than 0.3 seconds" in fail_to_fetch(address, target, limits)


def test_closing_the_client_stops_downloads_at_once(server, target):
    address = server.drip("/a", b"HTTP/1.1 200 OK\r\n", b"")
    client = WebClient(FetchLimits(read_timeout_s=10, total_timeout_s=10))
    timer = threading.Timer(0.2, client.close)
    timer.start()
    start_s = time.monotonic()
    with pytest.raises(DownloadError, match="was stopped"):
        client.fetch(read_address(address), target)
    assert time.monotonic() - start_s < 2
    timer.join()
    with pytest.raises(DownloadError, match="was stopped"):
        client.fetch(read_address(address), target)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_busy_server_is_retried(server, target, status):
    address = server.add("/a", b"busy", status, Retry_After="0")
    busy = server.pages["/a"]

    def answer(request):
        if server.asked["/a"] == 2:
            server.add("/a", b"picture")
        busy(request)

    server.pages["/a"] = answer
    assert fetch(address, target) == b"picture"
    assert server.asked["/a"] == 3


@pytest.mark.parametrize(
    "wait", ["3600", "-1", "soon", "9" * 5000, "Wed, 21 Oct 2065 07:28:00 GMT"]
)
def test_retry_after_is_limited(server, target, wait):
    address = server.add("/a", b"", 503, Retry_After=wait)
    start_s = time.monotonic()
    assert "busy or out of order (503 Service Unavailable)" in fail_to_fetch(address, target)
    assert server.asked["/a"] == 3
    assert time.monotonic() - start_s < 2


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (404, "There is nothing at this address (404 Not Found)"),
        (410, "There is nothing at this address (410 Gone)"),
        (403, "does not give this file to everyone (403 Forbidden)"),
        (401, "does not give this file to everyone"),
        (418, "did not send a file (418"),
        (204, "did not send a file (204 No Content)"),
        (206, "did not send a file (206"),
        (302, "did not send a file (302 Found)"),
        (799, "did not send a file (799)"),
    ],
)
def test_error_status_is_reported_without_retry(server, target, status, reason):
    assert reason in fail_to_fetch(server.add("/a", b"", status), target)
    assert server.asked["/a"] == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nabc\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
    ],
)
def test_broken_response_is_reported_after_retries(server, target, answer):
    server.pages["/a"] = lambda request: request.wfile.write(answer)
    assert "refused or lost the connection" in fail_to_fetch(server.url("/a"), target)
    assert server.asked["/a"] == 3


def test_refused_connection_is_reported(target):
    with socket.create_server((HOME, 0)) as closed:
        port = closed.getsockname()[1]
    assert "refused or lost the connection" in fail_to_fetch(f"http://{HOME}:{port}/a", target)


def test_disk_error_is_not_blamed_on_the_server(server, tmp_path):
    address = server.add("/a", b"x")
    with pytest.raises(DatasetError, match="could not be stored"):
        fetch(address, tmp_path / "nowhere" / "draft")
    assert server.asked["/a"] == 1


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A self-signed certificate of stars.example and its key, in one file."""
    folder = tmp_path_factory.mktemp("certificate")
    files = ["-keyout", str(folder / "key"), "-out", str(folder / "certificate")]
    names = ["-subj", "/CN=stars.example", "-addext", "subjectAltName=DNS:stars.example"]
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    try:
        subprocess.run(
            ["openssl", "req", "-x509", *kind, *files, *names], check=True, capture_output=True
        )
    except OSError:
        pytest.skip("there is no openssl")
    both = folder / "both"
    both.write_bytes((folder / "key").read_bytes() + (folder / "certificate").read_bytes())
    return both


@pytest.fixture
def https(server, certificate):
    """The port of a TLS server, and the list of names that clients request (SNI)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    names = []
    context.sni_callback = lambda _, name, __: names.append(name)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # clients disconnect if they do not trust it
    return server.server_port, names


def test_certificate_must_match_the_name(https, server, target, certificate, monkeypatch):
    port, names = https
    trust = ssl.create_default_context(cafile=certificate)
    monkeypatch.setattr(connections, "_load_trusted_certificates", lambda: trust)
    answer_lookups(monkeypatch, [HOME], [HOME])
    server.add("/a", b"x")
    assert fetch(f"https://stars.example:{port}/a", target) == b"x"
    assert names == ["stars.example"]
    assert server.headers[0]["Host"] == f"stars.example:{port}"
    reason = fail_to_fetch(f"https://others.example:{port}/a", target)
    assert "identity of the server others.example could not be verified" in reason
    assert server.asked["/a"] == 1


def test_self_signed_certificate_is_rejected(https, server, target, monkeypatch):
    port, _ = https
    answer_lookups(monkeypatch, [HOME])
    server.add("/a", b"x")
    assert "could not be verified" in fail_to_fetch(f"https://stars.example:{port}/a", target)
    assert not server.asked
