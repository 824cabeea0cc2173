"""An installation without TensorFlow."""

from __future__ import annotations

import pytest

from cluster_core.errors import RunError
from cluster_core.training import installed
from cluster_core.training.runs.folder import list_runs, submit_run
from tests.samples import OWNER


@pytest.fixture(autouse=True)
def without_tensorflow(monkeypatch):
    monkeypatch.setattr(installed, "find_spec", lambda name: None)
    installed.can_train.cache_clear()
    yield
    installed.can_train.cache_clear()


def test_training_is_refused_with_what_to_install(workspace, config):
    with pytest.raises(RunError, match="TensorFlow is not installed"):
        submit_run(OWNER, workspace, config)
    assert list_runs(workspace) == ()
