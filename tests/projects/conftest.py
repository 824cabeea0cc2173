"""A workspace with something of everything that a project's file holds."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from cluster_core.data.confirmed_labels import CONFIRMED, confirm_label
from cluster_core.model.bundle.collection import set_default_model
from cluster_core.storage.hashing import hash_file
from cluster_core.training.config import TrainConfig
from cluster_core.training.runs.folder import save_status, submit_run
from cluster_core.training.runs.status import RunState
from cluster_core.workspace import Workspace
from tests.labelling.samples import draw_files, make_queue
from tests.samples import OWNER, write_photos


def finish_run(workspace: Workspace, config: TrainConfig, bundle: str | None = None) -> str:
    """Submit a run, and record that it has finished."""
    status = submit_run(OWNER, workspace, config)
    ended = replace(status, state=RunState.FINISHED, ended=status.created, bundle=bundle)
    save_status(workspace, ended)
    (workspace.runs / status.id / "evaluations.jsonl").write_text("[0, 0.5, 0.7, 0.5, 0.7, 9]\n")
    return status.id


@pytest.fixture
def filled(trained: Workspace) -> Workspace:
    """A workspace with two datasets, marks, a model, a finished training and a queue."""
    stars = write_photos(trained.root / "stars_photos", 3)
    (stars / "empty class").mkdir()
    picture = min((stars / "red stars").iterdir())
    confirm_label(OWNER, stars, hash_file(picture), "red stars")
    os.utime(picture, (10**9, 10**9))
    (stars / "groups.csv").write_text("file,group\nfield 0.png,one\n")
    write_photos(trained.root / "moons_photos", 2, first_seed=50)
    (model,) = trained.bundles.iterdir()
    set_default_model(OWNER, trained, model.name)
    finish_run(trained, TrainConfig(stars, summaries_dir=Path("/elsewhere")), model.name)
    make_queue(trained, draw_files(2))
    assert json.loads((stars / CONFIRMED).read_text())
    return trained


@pytest.fixture
def other(tmp_path: Path) -> Workspace:
    """Another workspace, which does not exist yet."""
    return Workspace(tmp_path / "elsewhere" / "tf_files")
