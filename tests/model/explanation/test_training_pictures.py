from __future__ import annotations

from dataclasses import replace

import pytest

from cluster_core.data.index import scan_dataset
from cluster_core.data.splits import split_dataset
from cluster_core.model.bundle.selection import choose_bundle
from cluster_core.model.explanation.training_pictures import find_training_pictures
from cluster_core.storage.cache_file import CacheFile


@pytest.fixture
def bundle(trained):
    return choose_bundle(None, trained)


@pytest.fixture
def index(photos, trained):
    with CacheFile(trained.bottlenecks) as cache:
        return scan_dataset(photos, cache)


def test_unchanged_dataset_gives_the_training_side_of_its_split(bundle, index):
    found = find_training_pictures(bundle, index)
    split = split_dataset(index, testing_percentage=20, validation_percentage=20)
    assert found.is_exact
    assert found.pictures == split.training


def test_changed_dataset_gives_all_pictures_of_the_classes(bundle, index):
    changed = replace(index, pictures=index.pictures[1:])
    found = find_training_pictures(bundle, changed)
    assert not found.is_exact
    assert found.pictures == changed.pictures


@pytest.mark.parametrize("value", ["none", None, [], 1e400, 10**400, {"a": 1}])
def test_malformed_settings_are_not_trusted(bundle, index, value):
    settings = {**bundle.settings, "testing_percentage": value}
    found = find_training_pictures(replace(bundle, settings=settings), index)
    assert not found.is_exact
