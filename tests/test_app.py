"""The server: a warm worker where training is allowed, and never TensorFlow in its own process."""

from __future__ import annotations

import json

import pytest
import streamlit as st

from cluster_core.access import PUBLIC_VARIABLE
from pages.components import lifespan as lifespan_module
from tests.samples import run_async, run_python

SCRIPT = """
import asyncio, json, sys
from app import app, lifespan
from cluster_core.training.jobs.supervisor import find_supervisor
from pages.components import signed_in
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest

signed_in.is_at_own_machine = lambda *_: True  # AppTest has no connection
ContextProxy.cookies = {}

async def serve():
    async with lifespan(app):
        during = find_supervisor() is not None
        for page in sys.argv[1:]:
            assert not AppTest.from_file(f"pages/{page}.py", default_timeout=30).run().exception
    return during, find_supervisor() is None

during, is_over = asyncio.run(serve())
names = ("tensorflow", "keras", "fastapi", "pandas", "pyarrow", "altair")
heavy = [name for name in names if name in sys.modules]
print(json.dumps([during, is_over, heavy]))
"""


def serve(*pages: str, **environment: str) -> list:
    outcome = run_python("-c", SCRIPT, *pages, env=environment)
    assert outcome.returncode == 0, outcome.stderr
    return json.loads(outcome.stdout.splitlines()[-1])


def test_a_server_keeps_a_worker_and_loads_no_heavy_library(workspace):
    pages = ("main", "home", "dataset", "classify", "hyperparameters", "training", "models")
    assert serve(*pages) == [True, True, []]


def test_a_public_demo_has_no_worker(workspace):
    assert serve("main", "classify", CLUSTER_LAB_PUBLIC_DEMO="1") == [False, True, []]
    assert not (workspace.root / ".jobs.lock").exists()


def test_an_odd_number_of_trainings_at_once_is_told_when_the_server_starts(workspace):
    outcome = run_python("-c", "import app", env={"CLUSTER_LAB_TRAININGS_AT_ONCE": "0"})
    assert outcome.returncode == 1
    (line,) = outcome.stderr.splitlines()
    assert line.startswith("Error: CLUSTER_LAB_TRAININGS_AT_ONCE must be a whole number")
    assert not workspace.root.exists()


@pytest.mark.parametrize("is_public", [False, True])
def test_server_removes_what_a_killed_one_left_unless_it_is_public(
    workspace, monkeypatch, is_public
):
    leftovers = [
        workspace.incoming / "killed" / "0",
        workspace.root / ".graph.pb.999999999.01234567.part",
        workspace.cluster_photos / "open" / ".a.jpg.999999999.01234567.part",
    ]
    for path in leftovers:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    if is_public:
        monkeypatch.setenv(PUBLIC_VARIABLE, "1")
    monkeypatch.setattr(lifespan_module, "can_train", lambda: False)

    async def serve_once() -> None:
        async with lifespan_module.lifespan(st.App("pages/main.py")):
            pass

    run_async(serve_once)
    assert [path.exists() for path in leftovers] == [is_public] * 3
