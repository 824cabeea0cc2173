"""Labels that a person confirmed, remembered in the dataset's folder."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from cluster_core.data.class_folders import list_labels
from cluster_core.data.confirmed_labels import (
    CONFIRMED,
    confirm_label,
    load_confirmed,
    withdraw_confirmation,
)
from cluster_core.errors import AccessError, DatasetError
from tests.samples import OWNER, VISITOR

ONE, OTHER = "a" * 64, "b" * 64


@pytest.fixture
def image_dir(tmp_path):
    folder = tmp_path / "sky_photos"
    (folder / "open").mkdir(parents=True)
    return folder


def test_confirmed_label_is_remembered_until_withdrawn(image_dir):
    assert load_confirmed(image_dir) == {}
    confirm_label(OWNER, image_dir, ONE, "open")
    confirm_label(OWNER, image_dir, OTHER, "Käfer ☀")
    assert load_confirmed(image_dir) == {ONE: "open", OTHER: "Käfer ☀"}
    withdraw_confirmation(OWNER, image_dir, ONE)
    assert load_confirmed(image_dir) == {OTHER: "Käfer ☀"}


def test_labels_confirmed_at_the_same_time_are_all_kept(image_dir):
    hashes = [f"{number:064x}" for number in range(40)]
    with ThreadPoolExecutor(8) as executor:
        list(executor.map(lambda sha256: confirm_label(OWNER, image_dir, sha256, "open"), hashes))
    assert set(load_confirmed(image_dir)) == set(hashes)


def test_record_is_not_a_class(image_dir):
    confirm_label(OWNER, image_dir, ONE, "open")
    assert list_labels(image_dir) == ("open",)


@pytest.mark.parametrize("content", ["", "[]", "{", '{"a": 1}', '{"a": ["b"]}', "[" * 10_000, "7"])
def test_damaged_record_counts_as_empty_and_is_replaced(image_dir, content):
    (image_dir / CONFIRMED).write_text(content)
    assert load_confirmed(image_dir) == {}
    confirm_label(OWNER, image_dir, ONE, "open")
    assert load_confirmed(image_dir) == {ONE: "open"}


def test_deleted_dataset_is_not_created_again(image_dir):
    with pytest.raises(DatasetError, match="could not be confirmed"):
        confirm_label(OWNER, image_dir / "gone", ONE, "open")
    assert not (image_dir / "gone").exists()


def test_public_demo_confirms_nothing(image_dir):
    with pytest.raises(AccessError):
        confirm_label(VISITOR, image_dir, ONE, "open")
    with pytest.raises(AccessError):
        withdraw_confirmation(VISITOR, image_dir, ONE)
    assert load_confirmed(image_dir) == {}
