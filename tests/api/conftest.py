"""A running server of the API, and a client that sends exactly what a test wants."""

from __future__ import annotations

import http.client
import io
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from typing import Any

import pytest
import uvicorn
from PIL import Image
from starlette.applications import Starlette
from starlette.types import ASGIApp

from cluster_core.api.app import make_api
from cluster_core.api.routes import PREFIX
from cluster_core.workspace import Workspace
from tests.samples import COLOURS, draw_blob

BOUNDARY = "xxxxBOUNDARYxxxx"
FORM = f"multipart/form-data; boundary={BOUNDARY}"
LABEL = "red stars"
PATIENCE_S = 30


@dataclass(frozen=True)
class Reply:
    """What the server answered."""

    status: int
    headers: Message
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def sentence(self) -> str:
        """The sentence of a problem, whose form is checked."""
        assert self.headers["content-type"] == "application/problem+json"
        assert self.json["type"] == "about:blank"
        assert self.json["status"] == self.status
        sentence = self.json["detail"]
        assert sentence.endswith((".", "?"))
        assert "Traceback" not in sentence
        return sentence


@dataclass(frozen=True)
class Server:
    """A running API."""

    port: int
    workspace: Workspace

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{PREFIX}"

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send a request, and return the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            connection.request(method, PREFIX + path, body, dict(headers or {}))
            response = connection.getresponse()
            return Reply(response.status, response.headers, response.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Reply:
        return self.ask("GET", path, headers=_spell(headers))

    def classify(self, body: Any, content_type: str = "image/png", **headers: str) -> Reply:
        """Send pictures to the only trained model."""
        path = f"/models/{self.model_id}/classify"
        return self.ask("POST", path, body, {"Content-Type": content_type, **_spell(headers)})

    @property
    def model_id(self) -> str:
        (folder,) = self.workspace.bundles.iterdir()
        return folder.name


def _spell(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


@contextmanager
def run_app(app: ASGIApp) -> Iterator[int]:
    """Serve an application on a free port."""
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            deadline_s = time.monotonic() + PATIENCE_S
            while not server.started and time.monotonic() < deadline_s:
                time.sleep(0.005)
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(PATIENCE_S)


@pytest.fixture(scope="package")
def listening() -> Iterator[tuple[Starlette, int]]:
    """An application that a server shows during all these tests, and its port."""
    app = Starlette()  # starting and stopping a server takes longer than most tests
    with run_app(app) as port:
        yield app, port


@pytest.fixture
def serve(trained: Workspace, listening: tuple[Starlette, int]) -> Iterator[Callable[..., Server]]:
    """A function that starts the API, with a limit of pictures a minute."""
    app, port = listening

    def start(per_minute: int = 0) -> Server:
        app.mount(PREFIX, make_api(trained, per_minute))
        return Server(port, trained)

    yield start
    app.routes.clear()


@pytest.fixture
def server(serve) -> Server:
    """The API for a workspace with one trained model."""
    return serve()


def make_picture(label: str = LABEL, seed: int = 7) -> bytes:
    file = io.BytesIO()
    Image.fromarray(draw_blob(seed, COLOURS[label])).save(file, "PNG")
    return file.getvalue()


def make_form(*files: tuple[str, bytes]) -> bytes:
    """Return the body of a form with files."""
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n".encode()
        + data
        + b"\r\n"
        for name, data in files
    ]
    return b"".join([*parts, f"--{BOUNDARY}--\r\n".encode()])
