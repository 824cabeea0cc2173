"""What the pages say in an installation without TensorFlow."""

from __future__ import annotations

import pytest

from cluster_core.training import installed
from tests.pages.opening import open_file


@pytest.mark.parametrize("name", ["training.py", "hyperparameters.py"])
def test_pages_say_in_one_sentence_that_training_is_not_installed(workspace, monkeypatch, name):
    monkeypatch.setattr(installed, "find_spec", lambda name: None)
    installed.can_train.cache_clear()
    try:
        page = open_file(name)
    finally:
        installed.can_train.cache_clear()
    told = [info.value for info in page.info if "TensorFlow" in info.value]
    assert told == [installed.CLASSIFIES_ONLY]
