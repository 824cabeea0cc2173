"""Weights from Keras: complete, of the right content, over https, or one clear reason."""

from __future__ import annotations

import hashlib
import threading
import urllib.request
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from cluster_core.errors import DownloadError
from cluster_core.model.backbones import weights_download
from cluster_core.model.backbones.registry import get_backbone
from cluster_core.model.backbones.weights_download import download_weights, open_https

SMALL = get_backbone("mobilenet_0.25_128")
WEIGHTS = bytes(range(256)) * 2_000
MD5 = hashlib.md5(WEIGHTS, usedforsecurity=False).hexdigest()
SHA256 = hashlib.sha256(WEIGHTS).hexdigest()


class Server(ThreadingHTTPServer):
    """Sends one file, or whatever a test wants."""

    status, body, declared = 200, WEIGHTS, len(WEIGHTS)

    class RequestHandlerClass(BaseHTTPRequestHandler):
        def do_GET(self):
            server: Any = self.server
            self.send_response(server.status)
            self.send_header("Content-Length", str(server.declared))
            self.end_headers()
            self.wfile.write(server.body)

        def log_message(self, *_):
            pass


@pytest.fixture
def server(monkeypatch):
    """A local server in place of Keras'."""
    with Server(("127.0.0.1", 0), Server.RequestHandlerClass) as found:
        threading.Thread(target=found.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{found.server_port}/weights.h5"
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        monkeypatch.setattr(
            weights_download, "open_https", lambda _: opener.open(address, timeout=5)
        )
        yield found
        found.shutdown()


def test_download_is_saved_with_its_hash_and_reports_progress(server, tmp_path):
    seen = []
    path = download_weights(SMALL, tmp_path / "models", lambda *at: seen.append(at))
    assert path.read_bytes() == WEIGHTS
    assert seen[-1] == (len(WEIGHTS), len(WEIGHTS))
    assert len(seen) >= 4
    assert sorted(file.name for file in path.parent.iterdir()) == [
        SMALL.weights_file,
        f"{SMALL.weights_file}.sha256",
    ]
    record = path.with_name(f"{path.name}.sha256").read_text()
    assert record == f"{SHA256}  {SMALL.weights_file}\n"


@pytest.mark.parametrize("published", [MD5, SHA256])
def test_published_hash_is_checked(server, tmp_path, published):
    spec = replace(SMALL, weights_hash=published)
    assert download_weights(spec, tmp_path).read_bytes() == WEIGHTS
    server.body = b"x" * len(WEIGHTS)
    with pytest.raises(DownloadError, match="another content than expected"):
        download_weights(spec, tmp_path / "again")
    assert list((tmp_path / "again").iterdir()) == []


def test_later_download_must_match_the_first(server, tmp_path):
    path = download_weights(SMALL, tmp_path)
    path.unlink()
    server.body = b"x" * len(WEIGHTS)
    with pytest.raises(DownloadError, match="another content than expected"):
        download_weights(SMALL, tmp_path)
    assert not path.exists()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"status": 404}, r"did not send mobilenet_2_5_128_tf_no_top.h5 \(404 Not Found\)"),
        ({"declared": len(WEIGHTS) + 9}, "was lost"),
        ({"declared": 10**9}, "larger than it should be"),
    ],
)
def test_failed_download_is_explained_and_leaves_nothing(server, tmp_path, changes, reason):
    for name, value in changes.items():
        setattr(server, name, value)
    with pytest.raises(DownloadError, match=reason):
        download_weights(SMALL, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_stopped_download_leaves_nothing(server, tmp_path):
    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download_weights(SMALL, tmp_path, stop)
    assert list(tmp_path.iterdir()) == []


def test_missing_connection_is_named(tmp_path, monkeypatch):
    def refuse(address):
        assert address == SMALL.weights_url
        raise urllib.error.URLError(OSError(-3, "Temporary failure in name resolution"))

    monkeypatch.setattr(weights_download, "open_https", refuse)
    with pytest.raises(
        DownloadError, match=r"^there is no connection to storage\.googleapis\.com$"
    ):
        download_weights(SMALL, tmp_path)


@pytest.mark.parametrize("scheme", ["http", "file", "ftp"])
def test_only_https_is_opened(scheme):
    with pytest.raises(OSError, match=f"unknown url type: {scheme}"):
        open_https(f"{scheme}://127.0.0.1/weights.h5")
