"""The jobs of this process, one for each room and model."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from cluster_core.answers.answering import Answerer
from cluster_core.answers.jobs import AnsweringJob
from cluster_core.workspace import Workspace

_PATIENCE_S = 10.0
_jobs: dict[tuple[Path, str, str], AnsweringJob] = {}
_jobs_lock = threading.Lock()


def obtain_job(workspace: Workspace, room_id: str, answerer: Answerer) -> AnsweringJob:
    """Return the job of a room and a model in this process; make one if there is none."""
    key = _make_key(workspace, room_id, answerer.model.manifest_sha256)
    forget_cleared(workspace)
    with _jobs_lock:
        if key not in _jobs:
            _jobs[key] = AnsweringJob(workspace, room_id, answerer)
        return _jobs[key]


def find_job(workspace: Workspace, room_id: str, model: str) -> AnsweringJob | None:
    """Return the job of a room and a model, by the hash of its manifest, or None."""
    return _jobs.get(_make_key(workspace, room_id, model))


def forget_cleared(workspace: Workspace) -> None:
    """Close the jobs of rooms that were cleared or swept."""
    root = workspace.root.absolute()
    with _jobs_lock:
        for key in [key for key in _jobs if key[0] == root]:
            if not (workspace.answers / key[1]).is_dir():
                _jobs.pop(key).close()


def stop_jobs() -> None:
    """Close all jobs, and wait a few seconds for their threads to end."""
    with _jobs_lock:
        jobs = list(_jobs.values())
        _jobs.clear()
    for job in jobs:
        job.close()
    end_s = time.monotonic() + _PATIENCE_S
    for job in jobs:
        job.wait(max(0.0, end_s - time.monotonic()))


def _make_key(workspace: Workspace, room_id: str, model: str) -> tuple[Path, str, str]:
    return workspace.root.absolute(), room_id, model
