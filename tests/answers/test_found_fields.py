from __future__ import annotations

import os
from dataclasses import replace

import pytest

from cluster_core.answers import found_fields
from cluster_core.answers.found_fields import (
    FoundCluster,
    FoundField,
    load_field_result,
    save_field_result,
)
from cluster_core.answers.picture_files import FIELDS
from cluster_core.answers.rooms import create_room

FOUND = FoundField(
    "night.fits",
    b"drawn",
    (FoundCluster("M 38", "open clusters, 98%", b"one"), FoundCluster("2", "unsure", b"two")),
    b"name\n",
    True,
    None,
)


@pytest.fixture
def room(workspace):
    return create_room(workspace)


def keep(room, name: str = "a.jpg", mtime_s: int | None = None) -> int:
    number = room.add_picture(name, name.encode()).number
    save_field_result(room, number, "m", FOUND)
    if mtime_s is not None:
        os.utime(room.folder / FIELDS / f"{number}-m.zip", (mtime_s, mtime_s))
    return number


def test_found_clusters_are_kept_until_their_picture_is_removed(room):
    number, other = keep(room), keep(room, "b.jpg")
    assert load_field_result(room, number, "m") == FOUND
    assert load_field_result(room, number, "another model") is None
    again = replace(FOUND, by_catalogue=False, problem="There are too few stars.")
    save_field_result(room, number, "m", again)
    assert load_field_result(room, number, "m") == again
    room.remove([number])
    assert load_field_result(room, number, "m") is None
    assert load_field_result(room, other, "m") == FOUND


def test_damaged_file_counts_as_nothing_found(room):
    number = keep(room)
    (path,) = (room.folder / FIELDS).iterdir()
    data = path.read_bytes()
    for cut in range(0, len(data), 7):
        path.write_bytes(data[:cut] + bytes([data[cut] ^ 0xFF]) + data[cut + 1 :])
        found = load_field_result(room, number, "m")
        assert found is None or isinstance(found, FoundField)
        path.write_bytes(data[:cut])
        assert load_field_result(room, number, "m") is None


def test_only_the_newest_and_not_too_much_is_kept(room, monkeypatch):
    monkeypatch.setattr(found_fields, "_MAX_KEPT", 2)
    numbers = [keep(room, f"{n}.jpg", mtime_s=n) for n in range(4)]
    assert [n for n in numbers if load_field_result(room, n, "m")] == numbers[2:]
    monkeypatch.setattr(found_fields, "_MAX_BYTES", 10)
    keep(room, "large.jpg")
    assert len(list((room.folder / FIELDS).iterdir())) == 2


def test_search_that_outlives_its_picture_leaves_nothing_behind(room):
    number = keep(room)
    room.remove([number])
    save_field_result(room, number, "m", FOUND)
    assert not list((room.folder / FIELDS).iterdir())


def test_search_that_outlives_its_room_leaves_nothing_behind(room):
    number = keep(room)
    room.clear()
    save_field_result(room, number, "m", FOUND)
    assert not room.folder.exists()
