"""An installation without TensorFlow."""

from __future__ import annotations

import pytest

from cluster_core.errors import RunError
from cluster_core.training import installed
from cluster_core.training.runs.folder import list_runs, submit_run
from tests.pages.opening import open_file
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


@pytest.mark.parametrize("name", ["training.py", "hyperparameters.py"])
def test_pages_say_it_in_one_sentence(workspace, name):
    page = open_file(name)
    assert [info.value for info in page.info if "TensorFlow" in info.value] == [
        installed.CLASSIFIES_ONLY
    ]
