from __future__ import annotations

from dataclasses import replace

import pytest

from cluster_core.answers import found_fields
from cluster_core.answers.found_fields import FoundCluster, FoundField, find_found, keep_found
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


def keep(room, name: str = "a.jpg") -> int:
    number = room.add_picture(name, name.encode()).number
    keep_found(room, number, "m", FOUND)
    return number


def test_found_clusters_are_kept_until_their_picture_is_removed(room):
    number, other = keep(room), keep(room, "b.jpg")
    assert find_found(room, number, "m") == FOUND
    assert find_found(room, number, "another model") is None
    again = replace(FOUND, by_catalogue=False, problem="There are too few stars.")
    keep_found(room, number, "m", again)
    assert find_found(room, number, "m") == again
    room.remove([number])
    assert find_found(room, number, "m") is None
    assert find_found(room, other, "m") == FOUND


def test_damaged_file_counts_as_nothing_found(room):
    number = keep(room)
    (path,) = (room.folder / FIELDS).iterdir()
    data = path.read_bytes()
    for cut in range(0, len(data), 7):
        path.write_bytes(data[:cut] + bytes([data[cut] ^ 0xFF]) + data[cut + 1 :])
        found = find_found(room, number, "m")
        assert found is None or isinstance(found, FoundField)
        path.write_bytes(data[:cut])
        assert find_found(room, number, "m") is None


def test_only_the_newest_and_not_too_much_is_kept(room, monkeypatch):
    monkeypatch.setattr(found_fields, "_MAX_KEPT", 2)
    numbers = [keep(room, f"{n}.jpg") for n in range(4)]
    kept = [n for n in numbers if find_found(room, n, "m")]
    assert len(kept) == 2
    assert numbers[-1] in kept
    monkeypatch.setattr(found_fields, "_MAX_BYTES", 10)
    keep(room, "large.jpg")
    assert len(list((room.folder / FIELDS).iterdir())) == 2


def test_search_that_outlives_its_room_leaves_nothing_behind(room):
    number = keep(room)
    room.clear()
    keep_found(room, number, "m", FOUND)
    assert not room.folder.exists()
