"""Classes of counter-examples: recognised, left out of the classes to tell apart, and split."""

from __future__ import annotations

import pytest

from cluster_core.data.counter_classes import (
    TICKED,
    is_counter_name,
    list_counter_classes,
    tick_counter_class,
)
from cluster_core.data.editing.classes import add_class, rename_class
from cluster_core.data.index import scan_dataset
from cluster_core.data.signature import compute_signature
from cluster_core.data.splits import split_dataset
from cluster_core.errors import AccessError, DatasetError
from cluster_core.storage.cache_file import CacheFile
from tests.samples import COLOURS, OWNER, VISITOR, write_photos

GREEN = {"green stars": (60, 250, 80)}


@pytest.fixture
def image_dir(tmp_path):
    return write_photos(tmp_path / "sky_photos", 12, {**COLOURS, **GREEN})


def scan(image_dir):
    with CacheFile(image_dir.parent / "cache") as cache:
        return scan_dataset(image_dir, cache)


def split(index, testing=20):
    return split_dataset(index, testing_percentage=testing, validation_percentage=20)


@pytest.mark.parametrize(
    "name", ["none_of_these", "None of these", "none-of-these", "NONE  OF_THESE", " none of these "]
)
def test_any_spelling_of_the_name_is_recognised(name):
    assert is_counter_name(name)


@pytest.mark.parametrize("name", ["none", "none of those", "noneofthese", "not none of these", ""])
def test_other_names_are_not_recognised(name):
    assert not is_counter_name(name)


def test_ticked_class_is_left_out_of_the_classes_until_unticked(image_dir):
    before, signature = scan(image_dir), compute_signature(image_dir)
    assert before.counter_labels == ()
    tick_counter_class(OWNER, image_dir, "green stars", True)
    index = scan(image_dir)
    assert index.labels == ("blue stars", "red stars")
    assert (index.counter_labels, len(index.counter_pictures)) == (("green stars",), 12)
    assert {picture.label for picture in index.pictures} == set(index.labels)
    assert list(index.all_counts.items())[-1] == ("green stars", 12)
    assert index.sha256 != before.sha256
    assert compute_signature(image_dir) != signature
    tick_counter_class(OWNER, image_dir, "green stars", False)
    assert scan(image_dir) == before


def test_counter_examples_do_not_change_the_split_of_the_classes(image_dir):
    green = image_dir / "green stars"
    green.rename(image_dir.parent / "elsewhere")
    without = split(scan(image_dir))
    (image_dir.parent / "elsewhere").rename(image_dir / "none_of_these")
    found = split(scan(image_dir))
    for side in ("training", "validation", "testing", "set_aside"):
        assert getattr(found, side) == getattr(without, side)
    assert (len(found.counter_training), len(found.counter_testing)) == (10, 2)
    assert not set(found.counter_training) & set(found.counter_testing)
    assert not split(scan(image_dir), testing=0).counter_testing


def test_dataset_needs_two_classes_besides_the_counter_examples(image_dir):
    tick_counter_class(OWNER, image_dir, "green stars", True)
    tick_counter_class(OWNER, image_dir, "red stars", True)
    with pytest.raises(DatasetError, match=r"only one class.*green stars does not count"):
        split(scan(image_dir))
    tick_counter_class(OWNER, image_dir, "blue stars", True)
    with pytest.raises(DatasetError, match=r"no class in .* but blue stars"):
        split(scan(image_dir))


def test_tick_follows_a_renamed_class_and_not_a_new_one_of_the_name(image_dir):
    tick_counter_class(OWNER, image_dir, "green stars", True)
    rename_class(OWNER, image_dir, "green stars", "others")
    assert list_counter_classes(image_dir, ["others", "green stars"]) == ("others",)
    (image_dir / "others").rename(image_dir.parent / "trash")
    add_class(OWNER, image_dir, "others")
    assert list_counter_classes(image_dir, ["others"]) == ()


@pytest.mark.parametrize("content", ["", "{", '{"a": 1}', "7", "[7, null]", "[" * 9_000])
def test_damaged_record_counts_as_no_tick(image_dir, content):
    (image_dir / TICKED).write_text(content)
    assert scan(image_dir).counter_labels == ()
    tick_counter_class(OWNER, image_dir, "green stars", True)
    assert scan(image_dir).counter_labels == ("green stars",)


def test_tick_in_a_deleted_dataset_creates_nothing(tmp_path):
    with pytest.raises(DatasetError):
        tick_counter_class(OWNER, tmp_path / "gone_photos", "a", True)
    assert not (tmp_path / "gone_photos").exists()


def test_public_demo_forbids_ticks(image_dir):
    with pytest.raises(AccessError):
        tick_counter_class(VISITOR, image_dir, "green stars", True)
    assert list_counter_classes(image_dir, ["green stars"]) == ()
