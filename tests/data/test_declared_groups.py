"""Groups that `groups.csv` and visitors declare."""

from __future__ import annotations

import pytest

from cluster_core.data import declared_groups
from cluster_core.data.declared_groups import (
    GROUPS_FILE,
    MAX_BYTES,
    SAME_OBJECTS,
    load_same_objects,
    mark_same_object,
    read_groups_file,
    unmark_same_object,
)
from cluster_core.data.groups import group_pictures, list_copies
from cluster_core.data.index import scan_dataset
from cluster_core.data.signature import compute_signature
from cluster_core.data.splits import split_dataset
from cluster_core.errors import AccessError, DatasetError
from cluster_core.storage.cache_file import CacheFile
from tests.samples import OWNER, VISITOR, write_photos


@pytest.fixture
def dataset(workspace):
    return write_photos(workspace.cluster_photos, 12)


def scan(workspace):
    with CacheFile(workspace.bottlenecks) as cache:
        return scan_dataset(workspace.cluster_photos, cache)


def write_groups(dataset, text: str) -> None:
    (dataset / GROUPS_FILE).write_text(text, "utf-8")


def list_groups(index) -> list[set[str]]:
    """Return the names of the pictures of each group of several."""
    numbers = group_pictures(index.pictures, list_copies(index.pictures))
    groups: dict[int, set[str]] = {}
    for number, picture in zip(numbers, index.pictures, strict=True):
        groups.setdefault(number, set()).add(picture.path.name)
    return [names for names in groups.values() if len(names) > 1]


@pytest.mark.parametrize(
    "text",
    [
        "file,group\nblue stars/field 0.png,Rigel\nfield 10003.png,Rigel\n",
        "\ufeffGroup;File\r\nRigel;blue stars\\field 0.png\r\n\r\nRigel;./field 10003.png\r\n",
        'file\tgroup\tnote\n"field 0.png"\tRigel\tfaint\nred stars/field 10003.png\tRigel\t\n',
    ],
)
def test_pictures_of_a_group_are_joined_across_classes(workspace, dataset, text):
    write_groups(dataset, text)
    index = scan(workspace)
    assert list_groups(index) == [{"field 0.png", "field 10003.png"}]
    assert index.notes == ()


def test_group_is_on_one_side_of_the_split(workspace, dataset):
    names = [path.name for path in sorted(dataset.glob("*/*"))[:8]]
    write_groups(dataset, "file,group\n" + "".join(f"{name},one\n" for name in names))
    split = split_dataset(scan(workspace), testing_percentage=20, validation_percentage=20)
    sides = [
        side
        for side in (split.training, split.validation, split.testing)
        if {picture.path.name for picture in side} & set(names)
    ]
    assert len(sides) == 1


def test_unknown_files_are_reported_with_their_line(workspace, dataset):
    write_groups(dataset, "file,group\nfield 0.png,a\ngone.png,a\nred stars/field 0.png,a\n")
    assert scan(workspace).notes == (
        "groups.csv names 2 files that are not pictures of this dataset, for example gone.png "
        "(line 3).",
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1, must name the columns file and group, but file is missing"),
        ("file,object\na.png,b\n", "line 1, .* but group is missing"),
        ("file,group\na.png,b\nc.png,\n", "line 3, has no group"),
        ("file,group\n,b\n", "line 2, has no file"),
        ("file,group\na.png,b,c\n", "line 2, has more values than columns"),
        ('file,group\n"a.png,b\n', "line 2, cannot be read"),
    ],
)
def test_invalid_line_is_named(workspace, dataset, text, message):
    write_groups(dataset, text)
    with pytest.raises(DatasetError, match=message):
        scan(workspace)


def test_file_that_is_no_text_or_too_large_is_rejected(dataset):
    (dataset / GROUPS_FILE).write_bytes(b"file,group\n\xff,a\n")
    with pytest.raises(DatasetError, match="UTF-8"):
        read_groups_file(dataset)
    with (dataset / GROUPS_FILE).open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(DatasetError, match="20 MB"):
        read_groups_file(dataset)


def test_marked_pictures_are_one_object_until_the_mark_is_taken_back(workspace, dataset):
    hashes = [picture.sha256 for picture in scan(workspace).pictures[:3]]
    before, signature = scan(workspace), compute_signature(dataset)
    mark_same_object(OWNER, dataset, hashes)
    mark_same_object(OWNER, dataset, hashes)
    assert [len(group) for group in list_groups(scan(workspace))] == [3]
    assert compute_signature(dataset) != signature
    assert scan(workspace).sha256 != before.sha256
    unmark_same_object(OWNER, dataset, hashes)
    assert list_groups(scan(workspace)) == []
    assert scan(workspace) == before


def test_mark_holds_when_a_picture_is_moved(workspace, dataset):
    one, *_, other = scan(workspace).pictures
    mark_same_object(OWNER, dataset, [one.sha256, other.sha256])
    one.path.rename(dataset / other.label / "moved.png")
    assert list_groups(scan(workspace)) == [{"moved.png", other.path.name}]


@pytest.mark.parametrize(
    "content", ["", "{", "{}", "[1]", '[["a", 1]]', '[["\\ud800"]]', '[{"a": []}]']
)
def test_damaged_record_counts_as_empty(dataset, content):
    (dataset / SAME_OBJECTS).write_text(content)
    assert load_same_objects(dataset) == ()


def test_visitor_of_a_public_demo_may_not_mark_pictures(dataset):
    with pytest.raises(AccessError):
        mark_same_object(VISITOR, dataset, ["0" * 64])
    assert load_same_objects(dataset) == ()


def test_file_with_too_many_lines_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(declared_groups, "MAX_LINES", 2)
    (tmp_path / "groups.csv").write_text("file,group\na,1\nb,1\nc,1\n")
    with pytest.raises(DatasetError, match="more than 2 lines"):
        read_groups_file(tmp_path)
