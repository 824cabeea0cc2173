"""Small records in a dataset's folder: damage to one never costs more than itself."""

from __future__ import annotations

import json

import filelock
import pytest

from cluster_core.data import hidden_records
from cluster_core.data.hidden_records import DAMAGED, change_record, load_record
from cluster_core.errors import DatasetError
from tests.samples import OWNER


@pytest.fixture
def path(tmp_path):
    (tmp_path / "stars_photos").mkdir()
    return tmp_path / "stars_photos" / ".marks.json"


def add(path, mark):
    change_record(
        OWNER, path, lambda: [*(load_record(path) or []), mark], "The mark could not be kept"
    )


def test_changes_add_up(path):
    add(path, "a")
    add(path, "b")
    assert load_record(path) == ["a", "b"]


def test_damaged_record_is_kept_beside_the_new_one(path):
    add(path, "a")
    path.write_text(path.read_text()[:-1])
    add(path, "b")
    assert load_record(path) == ["b"]
    assert json.loads((path.parent / (path.name + DAMAGED)).read_text() + "]") == ["a"]


def test_record_that_cannot_be_read_is_not_replaced(path):
    path.mkdir()
    with pytest.raises(DatasetError, match="The mark could not be kept"):
        add(path, "b")
    assert path.is_dir()


def test_record_that_another_program_holds_is_not_waited_for_without_end(path, monkeypatch):
    monkeypatch.setattr(hidden_records, "_LOCK_TIMEOUT_S", 0.05)
    with (
        filelock.FileLock(path.with_suffix(".lock")),
        pytest.raises(DatasetError, match="try again in a moment"),
    ):
        add(path, "b")
