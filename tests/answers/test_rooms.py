from __future__ import annotations

import os
import time
from dataclasses import replace

import pytest

from cluster_core.access import PUBLIC_VARIABLE, Access
from cluster_core.answers import rooms
from cluster_core.answers.rooms import (
    create_room,
    find_room,
    get_limits,
    require_space,
    sweep_rooms,
)
from cluster_core.errors import DatasetError


def age(workspace, room, seconds: float) -> None:
    folder = workspace.answers / room.id
    then = time.time() - seconds
    for path in (folder / "log.jsonl", folder):
        os.utime(path, (then, then))


def test_room_is_found_by_its_id_only(workspace):
    room = create_room(workspace)
    assert len(room.id) == 32
    assert find_room(workspace, room.id).id == room.id
    assert create_room(workspace).id != room.id


def test_visitor_opens_visitors_rooms_only(workspace):
    visitor = Access.visitor()
    own, theirs = create_room(workspace), create_room(workspace, visitor)
    assert find_room(workspace, own.id, visitor) is None
    assert find_room(workspace, theirs.id, visitor).id == theirs.id
    assert find_room(workspace, theirs.id).id == theirs.id


@pytest.mark.parametrize(
    "room_id", ["", "0" * 32, "..", "../" * 10, "A" * 32, "a" * 31, "a" * 3_000, "\0", "a\n" * 16]
)
def test_other_ids_find_nothing(workspace, room_id):
    create_room(workspace)
    assert find_room(workspace, room_id) is None


def test_link_is_never_followed(workspace, tmp_path):
    room = create_room(workspace)
    link = workspace.answers / ("0" * 32)
    link.symlink_to(workspace.answers / room.id)
    assert find_room(workspace, link.name) is None
    os.rename(workspace.answers, tmp_path / "elsewhere")
    workspace.answers.symlink_to(tmp_path / "elsewhere")
    assert find_room(workspace, room.id) is None
    with pytest.raises(DatasetError, match="is a link"):
        create_room(workspace)


def test_sweep_removes_what_was_not_used_for_long(workspace):
    old, recent = create_room(workspace), create_room(workspace)
    (workspace.answers / "something else").mkdir()
    age(workspace, old, get_limits().max_age_s + 60)
    age(workspace, recent, get_limits().max_age_s - 600)
    assert sweep_rooms(workspace)[0] == 1
    assert find_room(workspace, old.id) is None
    assert find_room(workspace, recent.id) is not None
    assert (workspace.answers / "something else").is_dir()


def test_room_in_use_is_not_swept(workspace):
    room = create_room(workspace)
    age(workspace, room, get_limits().max_age_s + 60)
    find_room(workspace, room.id)
    sweep_rooms(workspace)
    assert find_room(workspace, room.id) is not None


def test_full_server_removes_the_room_that_was_unused_for_longest(workspace, monkeypatch):
    monkeypatch.setattr(rooms, "OWN_COMPUTER", replace(rooms.OWN_COMPUTER, max_total_bytes=1_000))
    first, second = create_room(workspace), create_room(workspace)
    first.add_picture("a.jpg", b"a" * 700)
    second.add_picture("b.jpg", b"b" * 700)
    with pytest.raises(DatasetError, match="in a few minutes"):
        require_space(workspace)  # both are in use
    age(workspace, first, 2_000)
    age(workspace, second, 1_000)
    require_space(workspace)
    assert find_room(workspace, first.id) is None
    assert find_room(workspace, second.id) is not None


def test_public_demo_keeps_less(workspace, monkeypatch):
    own = get_limits()
    monkeypatch.setenv(PUBLIC_VARIABLE, "1")
    demo = get_limits()
    assert demo.max_bytes < own.max_bytes
    assert demo.max_pictures < own.max_pictures
    assert demo.max_age_s < own.max_age_s
    assert create_room(workspace).add_picture("a.jpg", b"one") is not None
