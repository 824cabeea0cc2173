"""Throw-away workspaces of a demo's visitors: ids, limits, time to live, and what they confine."""

from __future__ import annotations

import io
import os
import re
import time
import zipfile
from pathlib import Path

import pytest

from cluster_core.access import PUBLIC_VARIABLE, Access, Action, quota
from cluster_core.access import visitor_workspaces as visitors
from cluster_core.access.quota import measure
from cluster_core.access.visitor_workspaces import (
    EMPTY_LIFETIME_S,
    LIFETIME_S,
    WHOLE_LIFETIME_S,
    WORKSPACES_VARIABLE,
    count_visitor_workspaces,
    create_visitor_workspace,
    find_visitor_workspace,
    list_expired,
    mark_used,
    remove_if_expired,
    remove_visitor_workspace,
)
from cluster_core.data.archives.dataset_archive import import_archive
from cluster_core.data.editing.classes import add_class
from cluster_core.data.editing.pictures import add_picture, move_pictures
from cluster_core.errors import AccessError, ConfigError, DatasetError
from cluster_core.events import EVENTS
from cluster_core.workspace import Workspace
from tests.samples import OWNER, draw_blob, save_picture


@pytest.fixture
def demo(monkeypatch):
    monkeypatch.setenv(PUBLIC_VARIABLE, "1")
    monkeypatch.setenv(WORKSPACES_VARIABLE, "2")


@pytest.fixture
def key(demo, workspace) -> str:
    return create_visitor_workspace(workspace)


@pytest.fixture
def own(key, workspace) -> Workspace:
    found = find_visitor_workspace(workspace, key)
    assert found is not None
    return found


@pytest.mark.parametrize("value", ["", "0"])
def test_none_are_offered_unless_asked_for(value, workspace, monkeypatch):
    monkeypatch.setenv(PUBLIC_VARIABLE, "1")
    monkeypatch.setenv(WORKSPACES_VARIABLE, value)
    with pytest.raises(AccessError):
        create_visitor_workspace(workspace)
    assert not workspace.root.exists()


def test_only_a_demo_offers_them(monkeypatch):
    monkeypatch.setenv(WORKSPACES_VARIABLE, "2")
    assert count_visitor_workspaces() == 0


@pytest.mark.parametrize("value", ["-1", "101", "many", "1.5", "²", "000000005"])
def test_invalid_number_of_workspaces_is_reported(value, monkeypatch):
    monkeypatch.setenv(WORKSPACES_VARIABLE, value)
    with pytest.raises(ConfigError, match="whole number from 0 to 100"):
        count_visitor_workspaces()


def test_key_is_128_random_bits_and_neither_logged_nor_a_path(demo, workspace, caplog):
    EVENTS.setLevel("INFO")
    try:
        ids = [create_visitor_workspace(workspace) for _ in range(2)]
        with pytest.raises(AccessError, match="All workspaces of this server are in use"):
            create_visitor_workspace(workspace)
        remove_visitor_workspace(find_visitor_workspace(workspace, ids[0]))
    finally:
        EVENTS.setLevel("WARNING")
    assert len(set(ids)) == 2
    assert all(re.fullmatch("[0-9a-f]{32}", one) for one in ids)
    logged = [f"{record.message} {record.fields}" for record in caplog.records]
    assert [line.split()[0] for line in logged] == [
        "visitor_workspace_created",
        "visitor_workspace_created",
        "refused",
        "visitor_workspace_deleted",
    ]
    assert not any(one in line for one in ids for line in logged)
    assert not any(one in str(path) for one in ids for path in workspace.root.rglob("*"))


@pytest.mark.parametrize("forged", ["", "..", "0" * 32, "A" * 32, "../" * 11, "٣" * 32, "é\ud800"])
def test_forged_key_finds_nothing(forged, own, workspace):
    assert find_visitor_workspace(workspace, own.root.name) is None  # a folder is not its key
    assert find_visitor_workspace(workspace, forged) is None


def shift(path: Path, seconds: float) -> None:
    """Make a file or folder older than now."""
    then_s = time.time() - seconds
    os.utime(path, (then_s, then_s))


def test_unused_workspaces_expire(own, key, workspace):
    own.runs.mkdir()
    shift(own.root / visitors._USED, LIFETIME_S - 5)
    assert list_expired(workspace) == []
    shift(own.root / visitors._USED, LIFETIME_S + 5)
    assert find_visitor_workspace(workspace, key) == own  # a mere request, which is no use
    assert list_expired(workspace) == [own]
    mark_used(own)
    assert list_expired(workspace) == []


def test_workspace_used_just_before_the_sweep_reaches_it_stays(own, workspace):
    own.runs.mkdir()
    shift(own.root / visitors._USED, LIFETIME_S + 5)
    (listed,) = list_expired(workspace)
    mark_used(own)
    remove_if_expired(listed)
    assert own.root.is_dir()
    (own.root / visitors._USED).unlink()  # as in a folder that was written to after its deletion
    remove_if_expired(listed)
    assert not own.root.exists()


def test_use_keeps_neither_an_empty_workspace_nor_any_for_ever(own, workspace):
    shift(own.root, EMPTY_LIFETIME_S + 5)
    mark_used(own)
    assert list_expired(workspace) == [own]
    own.runs.mkdir()
    assert list_expired(workspace) == []
    shift(own.root / visitors._CREATED, WHOLE_LIFETIME_S + 5)
    mark_used(own)
    assert list_expired(workspace) == [own]


def test_by_products_of_a_training_take_no_room(own, monkeypatch):
    for path in (own.training_summaries / "sky" / "events", own.retrained_graph):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(2_000))
    kept = own.bottlenecks / "kept"
    kept.parent.mkdir()
    kept.write_bytes(bytes(600))
    monkeypatch.setattr(quota, "MAX_BYTES", 1_000)
    quota.drop_byproducts(own)
    assert (measure(own).n_bytes, kept.exists()) == (600, True)
    monkeypatch.setattr(quota, "MAX_BYTES", 500)
    quota.drop_byproducts(own)
    assert measure(own).n_bytes == 0


def test_visitor_changes_only_their_own_workspace(own, workspace):
    access = Access.visitor_in(own)
    other = Workspace(workspace.root / "visitors" / ("1" * 32))
    mine = own.root / "shapes_photos"
    add_class(access, mine, "round")
    (own.root / "link_photos").symlink_to(workspace.root / "pupils_photos")
    for theirs in (
        workspace.root / "pupils_photos",
        other.root / "shapes_photos",
        own.root / ".." / "shapes_photos",
        own.root / "link_photos",
    ):
        with pytest.raises(AccessError, match="only in your own workspace"):
            add_class(access, theirs, "round")
    with pytest.raises(AccessError):
        access.require(Action.TRAIN)  # a forgotten path opens nothing
    with pytest.raises(DatasetError):
        move_pictures(access, mine, [workspace.root / "pupils_photos/anna/1.png"], "round")


def test_visitor_may_make_a_dataset_and_a_model_and_nothing_else(own):
    access = Access.visitor_in(own)
    assert {action for action in Action if not access.allows(action)} == {
        Action.DOWNLOAD,
        Action.EVALUATE,
        Action.LABEL_QUEUES,
        Action.IMPORT_MODELS,
        Action.EXPORT_MODELS,
        Action.PUBLISH,
        Action.MANAGE_KEYS,
        Action.SAVE_PROJECT,
        Action.ADD_NETWORKS,
        Action.RUN_TENSORBOARD,
        Action.READ_FOLDERS,
        Action.SORT_FILES,
        Action.SOLVE,
    }


@pytest.mark.parametrize(
    ("limit", "value", "sentence"),
    [
        ("MAX_PICTURES", 2, "up to 2 pictures, so there is room for 0 more"),
        ("MAX_BYTES", 1_000, "empty the trash on the Dataset page"),
        ("MAX_FILES", 4, "up to 4 files"),
    ],
)
def test_picture_above_a_limit_is_refused_and_nothing_is_lost(
    limit, value, sentence, own, monkeypatch, tmp_path
):
    access, folder = Access.visitor_in(own), own.root / "shapes_photos"
    for seed in range(2):
        save_picture(folder / "round" / f"{seed}.png", draw_blob(seed))
    before = measure(own)
    monkeypatch.setattr(quota, limit, value)
    data = save_picture(tmp_path / "new.png", draw_blob(7)).read_bytes()
    with pytest.raises(DatasetError, match=sentence):
        add_picture(access, folder, "round", "new.png", data)
    assert measure(own) == before
    assert before.n_pictures == 2
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("square/new.png", data)
    with pytest.raises(DatasetError, match=sentence):
        import_archive(access, own, folder, archive)
    assert measure(own) == before
    add_picture(OWNER, folder, "round", "new.png", data)  # no limit for the owner
