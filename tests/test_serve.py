"""The `serve` command: a server without pages, which starts without Streamlit or TensorFlow."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner

from cluster_core import cli
from cluster_core.api.rates import RATE_VARIABLE
from tests.browser.conftest import find_free_port
from tests.samples import REPOSITORY, draw_blob, run_python, save_picture


def test_server_answers_and_ends_without_an_error(workspace, tmp_path: Path):
    port = find_free_port()
    command = [sys.executable, "-m", "cluster_core", "serve", "--port", str(port)]
    with subprocess.Popen(
        command, cwd=REPOSITORY, stderr=subprocess.PIPE, text=True, env=os.environ
    ) as process:
        assert process.stderr is not None
        assert (
            process.stderr.readline() == f"Serving at http://127.0.0.1:{port}/ (stop with Ctrl-C)\n"
        )
        picture = save_picture(tmp_path / "a.png", draw_blob(1)).read_bytes()
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/api/v1/models/starter/classify",
            picture,
            {"Content-Type": "image/png"},
        )
        with urllib.request.urlopen(request, timeout=30) as response:
            assert json.load(response)["model_id"] == "starter"
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30) as response:
            assert response.url.endswith("/api/v1/docs")
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) in (0, -signal.SIGTERM)
        assert "Traceback" not in process.stderr.read()


def test_server_loads_neither_streamlit_nor_tensorflow(workspace):
    code = (
        "import sys; from cluster_core.serve import make_app; make_app();"
        "print([n for n in ('streamlit', 'tensorflow', 'keras', 'pandas') if n in sys.modules])"
    )
    outcome = run_python("-c", code)
    assert outcome.stdout == "[]\n", outcome.stderr


def test_taken_port_is_one_sentence(workspace):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = CliRunner().invoke(cli.main, ["serve", "--port", str(port)])
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"Error: The server cannot listen on 127.0.0.1, port {port}")


@pytest.mark.parametrize("value", ["-1", "many"])
def test_odd_rate_is_one_sentence(workspace, monkeypatch, value):
    monkeypatch.setenv(RATE_VARIABLE, value)
    result = CliRunner().invoke(cli.main, ["serve"])
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: {RATE_VARIABLE} must be a whole number")
