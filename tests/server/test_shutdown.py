"""A server that is told to stop answers what it has begun, and puts its training back."""

import contextlib
import http.client
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time

import pytest
from PIL import Image

from cluster_core.training.config import TrainConfig
from cluster_core.training.runs import RunState, load_status, submit_run
from cluster_core.workspace import ROOT_VARIABLE
from tests.samples import OWNER, REPOSITORY

PATIENCE_S = 300  # a training has low priority, also beside other programs
APP = ("-m", "streamlit", "run", "app.py", "--server.headless=true", "--server.address=127.0.0.1")
API = ("-m", "cluster_core", "serve")

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM")


@contextlib.contextmanager
def running(workspace, command, path):
    """Run a server until the block has ended it; yield its process and port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    option = f"--server.port={port}" if command is APP else f"--port={port}"
    environment = os.environ | {ROOT_VARIABLE: str(workspace.root), "CLUSTER_LAB_LOG": "json"}
    process = subprocess.Popen(
        [sys.executable, *command, option],
        cwd=REPOSITORY,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        wait_for(lambda: get_status(port, path) == 200)
        yield process, port
    finally:
        process.kill()
        process.wait()


def wait_for(condition):
    deadline_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline_s, "timed out"
        time.sleep(0.05)


def get_status(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    with contextlib.suppress(OSError), contextlib.closing(connection):
        connection.request("GET", path)
        return connection.getresponse().status


def make_jpeg():
    file = io.BytesIO()
    Image.effect_noise((300, 300), 60).convert("RGB").save(file, "JPEG")
    return file.getvalue()


@pytest.mark.parametrize(
    ("command", "path"), [(APP, "/_stcore/health"), (API, "/api/v1/health")], ids=["app", "api"]
)
def test_request_in_flight_is_answered(workspace, command, path):
    body = make_jpeg()
    half = len(body) // 2
    with running(workspace, command, path) as (process, port):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
        connection.putrequest("POST", "/api/v1/models/starter/classify")
        connection.putheader("Content-Type", "image/jpeg")
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body[:half])
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        wait_for(lambda: get_status(port, path) is None)  # nobody else is let in
        connection.send(body[half:])
        response = connection.getresponse()
        assert response.status == 200
        assert json.loads(response.read())["answers"][0]["label"]
        connection.close()
        log, _ = process.communicate(timeout=PATIENCE_S)
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    (logged,) = (line for line in lines if line["route"] == "/api/v1/models/{id}/classify")
    assert logged["status"] == 200
    assert "Traceback" not in log


def test_training_is_put_back_into_the_queue(workspace, photos):
    run_id = submit_run(OWNER, workspace, TrainConfig(photos, how_many_training_steps=100_000)).id
    with running(workspace, APP, "/_stcore/health") as (process, _):
        wait_for(lambda: load_status(workspace, run_id).state is RunState.RUNNING)
        process.send_signal(signal.SIGTERM)
        log, _ = process.communicate(timeout=PATIENCE_S)
    status = load_status(workspace, run_id)
    assert (status.state, status.attempts) == (RunState.QUEUED, 0)
    assert "training_interrupted" in log
    assert "Traceback" not in log
