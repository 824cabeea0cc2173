"""Deletion, restoring and emptying of the trash."""

from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path

import pytest

from cluster_core.access import Access, Action
from cluster_core.errors import AccessError, DatasetError
from cluster_core.storage import trash
from cluster_core.storage.trash import empty_trash, list_trash, move_to_trash, restore
from tests.samples import OWNER, VISITOR


@pytest.fixture
def root(workspace):
    """A workspace with two classes of two files."""
    for name in ("open/a.jpg", "open/b.jpg", "globular/a.jpg", "globular/c.jpg"):
        path = workspace.cluster_photos / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return workspace.root


def read_files(root: Path) -> dict[str, str]:
    """Return the content of all files outside the trash, by path."""
    paths = (path for path in root.rglob("*") if path.is_file())
    inside = {path.relative_to(root).as_posix(): path.read_text() for path in paths}
    return {name: text for name, text in inside.items() if not name.startswith(".trash/")}


@pytest.mark.parametrize(
    ("names", "restored", "n_files"),
    [
        (["open/a.jpg"], ["open/a.jpg"], 1),
        (["open/a.jpg", "globular/a.jpg"], ["open/a.jpg", "globular/a.jpg"], 2),
        (["open"], ["open"], 2),
        (["."], ["."], 4),
        (["open/a.jpg", "open", "open"], ["open"], 2),
        (["open/a.jpg", "open/gone.jpg"], ["open/a.jpg"], 1),
    ],
)
def test_restoring_undoes_a_deletion(workspace, root, names, restored, n_files):
    before = read_files(root)
    paths = [workspace.cluster_photos / name for name in names]
    entry = move_to_trash(OWNER, workspace, paths, "Some pictures")
    assert entry.n_files == n_files == len(before) - len(read_files(root))
    assert list_trash(workspace) == (entry,)
    assert not any(path.exists() for path in paths)
    assert restore(OWNER, workspace, entry.id) == tuple(
        workspace.cluster_photos / name for name in restored
    )
    assert read_files(root) == before
    assert list_trash(workspace) == ()
    assert list(workspace.trash.iterdir()) == []


def test_restoring_overwrites_nothing(workspace, root):
    picture = root / "cluster_photos/open/a.jpg"
    entry = move_to_trash(OWNER, workspace, [picture], "1 picture")
    picture.write_text("another")
    assert restore(OWNER, workspace, entry.id) == (picture.with_name("a (2).jpg"),)
    assert picture.read_text() == "another"
    assert picture.with_name("a (2).jpg").read_text() == "open/a.jpg"


def test_restoring_recreates_a_missing_class(workspace, root):
    picture = root / "cluster_photos/open/a.jpg"
    entry = move_to_trash(OWNER, workspace, [picture], "1 picture")
    shutil.rmtree(root / "cluster_photos")
    restore(OWNER, workspace, entry.id)
    assert read_files(root) == {"cluster_photos/open/a.jpg": "open/a.jpg"}


def test_newest_deletion_is_listed_first(workspace, root):
    entries = [
        move_to_trash(OWNER, workspace, [path], path.name) for path in sorted(root.rglob("*.jpg"))
    ]
    assert list_trash(workspace) == tuple(reversed(entries))


def test_emptying_is_permanent(workspace, root):
    move_to_trash(OWNER, workspace, [root / "cluster_photos/open"], "The class open")
    entry = move_to_trash(OWNER, workspace, [root / "cluster_photos/globular/a.jpg"], "1 picture")
    assert empty_trash(OWNER, workspace) == 3
    assert (list_trash(workspace), empty_trash(OWNER, workspace)) == ((), 0)
    assert list(workspace.trash.iterdir()) == []
    with pytest.raises(DatasetError, match="no longer in the trash"):
        restore(OWNER, workspace, entry.id)
    assert read_files(root) == {"cluster_photos/globular/c.jpg": "globular/c.jpg"}


def test_empty_workspace_has_an_empty_trash(workspace):
    assert (list_trash(workspace), empty_trash(OWNER, workspace)) == ((), 0)


def test_deleting_missing_files_fails_without_entry(workspace, root):
    with pytest.raises(DatasetError, match="nothing is left to delete"):
        move_to_trash(OWNER, workspace, [root / "cluster_photos/open/gone.jpg"], "1 picture")
    assert list(workspace.trash.iterdir()) == []


def test_hidden_files_are_deleted_but_not_counted(workspace, root):
    (root / "cluster_photos/open/.DS_Store").write_text("x")
    assert (
        move_to_trash(OWNER, workspace, [root / "cluster_photos/open"], "The class open").n_files
        == 2
    )


def test_parent_of_the_workspace_is_not_deleted(workspace, root):
    with pytest.raises(DatasetError, match="cannot be deleted or restored, because it is outside"):
        move_to_trash(OWNER, workspace, [root.parent], "All")


@pytest.mark.parametrize(
    "name",
    ["../beside.jpg", "cluster_photos/../../beside.jpg", "cluster_photos/../cluster_photos", "",
     ".", ".trash", ".trash/x", "/etc/passwd", "linked/beside.jpg"],
)  # fmt: skip
def test_path_outside_the_workspace_is_rejected(workspace, root, tmp_path, name):
    outside = tmp_path / "outside"
    outside.mkdir()
    for path in (outside / "beside.jpg", tmp_path / "beside.jpg"):
        path.write_text("mine")
    (root / "linked").symlink_to(outside)
    (root / ".trash/x").mkdir(parents=True)
    before = read_files(tmp_path)
    with pytest.raises(DatasetError, match="cannot be deleted or restored, because it is outside"):
        move_to_trash(OWNER, workspace, [root / "cluster_photos/open", root / name], "All")
    assert read_files(tmp_path) == before


def test_link_is_deleted_and_not_its_target(workspace, root, tmp_path):
    (tmp_path / "mine.jpg").write_text("mine")
    link = root / "cluster_photos/open/link.jpg"
    link.symlink_to(tmp_path / "mine.jpg")
    entry = move_to_trash(OWNER, workspace, [link], "1 picture")
    assert (tmp_path / "mine.jpg").read_text() == "mine"
    assert not link.is_symlink()
    restore(OWNER, workspace, entry.id)
    assert link.readlink() == tmp_path / "mine.jpg"


def test_nothing_is_deleted_through_a_link_to_itself(workspace, root):
    (root / "loop").symlink_to("loop")
    with pytest.raises(DatasetError, match="or reached through a link"):
        move_to_trash(OWNER, workspace, [root / "loop/a.jpg"], "1 picture")


def test_link_to_folder_counts_as_one_file(workspace, root):
    (root / "link").symlink_to(root / "cluster_photos")
    assert move_to_trash(OWNER, workspace, [root / "link"], "A link").n_files == 1


def test_linked_trash_is_rejected(workspace, root, tmp_path):
    (tmp_path / "mine" / "x").mkdir(parents=True)
    workspace.trash.symlink_to(tmp_path / "mine")
    for action in (
        lambda: move_to_trash(OWNER, workspace, [root / "cluster_photos/open"], "The class open"),
        lambda: restore(OWNER, workspace, "x"),
        lambda: list_trash(workspace),
        lambda: empty_trash(OWNER, workspace),
    ):
        with pytest.raises(DatasetError, match="is a link to another folder"):
            action()
    assert (tmp_path / "mine" / "x").exists()


@pytest.mark.parametrize("entry_id", ["", ".", "..", "../cluster_photos", "a/b", "a\0", "x" * 300])
def test_invalid_entry_id_is_rejected(workspace, root, entry_id):
    (root / "record.json").write_text(
        '{"description": "", "created": "", "n_files": 0, "paths": []}'
    )
    workspace.trash.mkdir()
    with pytest.raises(DatasetError, match="no longer in the trash"):
        restore(OWNER, workspace, entry_id)
    assert (root / "record.json").exists()


@pytest.mark.parametrize("after", [0, 1])
def test_crash_during_deletion_loses_nothing(workspace, root, monkeypatch, after):
    """The process ends before or between the moves, without running `finally` blocks."""
    before = read_files(root)
    paths = [root / "cluster_photos/open/a.jpg", root / "cluster_photos/open/b.jpg"]
    monkeypatch.setattr(trash.shutil, "rmtree", lambda *_, **__: None)
    rename, n_renamed = os.rename, iter(range(9))

    def crash(source, target):
        if next(n_renamed) == after:
            raise KeyboardInterrupt
        rename(source, target)

    monkeypatch.setattr(trash.os, "rename", crash)
    with pytest.raises(KeyboardInterrupt):
        move_to_trash(OWNER, workspace, paths, "2 pictures")
    monkeypatch.undo()
    (entry,) = list_trash(workspace)
    assert entry.description == "2 pictures"
    assert len(restore(OWNER, workspace, entry.id)) == after
    assert read_files(root) == before


@pytest.mark.parametrize(("after", "n_left"), [(0, 4), (1, 3)])
def test_deletion_on_full_disk_can_be_undone(workspace, root, monkeypatch, after, n_left):
    before = read_files(root)
    rename, n_renamed = os.rename, iter(range(9))

    def fail(source, target):
        if next(n_renamed) == after:
            raise OSError(errno.ENOSPC, "No space left on device")
        rename(source, target)

    monkeypatch.setattr(trash.os, "rename", fail)
    with pytest.raises(DatasetError, match=r"2 pictures could not be deleted.*disk is full"):
        move_to_trash(OWNER, workspace, sorted(root.rglob("open/*")), "2 pictures")
    monkeypatch.undo()
    assert len(read_files(root)) == n_left
    for entry in list_trash(workspace):
        restore(OWNER, workspace, entry.id)
    assert read_files(root) == before
    assert list(workspace.trash.iterdir()) == []


def test_full_disk_without_record_deletes_nothing(workspace, root, monkeypatch):
    before = read_files(root)

    def fail(descriptor):
        assert os.fstat(descriptor).st_size > 0
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(trash.os, "fsync", fail)
    with pytest.raises(DatasetError, match="disk is full"):
        move_to_trash(OWNER, workspace, [root / "cluster_photos"], "The dataset cluster")
    assert read_files(root) == before
    assert list(workspace.trash.iterdir()) == []


def test_concurrently_deleted_file_is_not_counted(workspace, root, monkeypatch):
    rename = os.rename

    def race(source, target):
        if Path(source).name == "a.jpg":
            Path(source).unlink()
        rename(source, target)

    monkeypatch.setattr(trash.os, "rename", race)
    entry = move_to_trash(OWNER, workspace, sorted(root.rglob("open/*")), "2 pictures")
    assert entry.n_files == 1
    assert list_trash(workspace) == (entry,)


def test_failed_restore_keeps_the_entry(workspace, root, monkeypatch):
    entry = move_to_trash(OWNER, workspace, sorted(root.rglob("open/*")), "2 pictures")
    (root / "cluster_photos/open").rmdir()
    (root / "cluster_photos/open").write_text("a file in its way")
    with pytest.raises(DatasetError, match="2 pictures could not be restored"):
        restore(OWNER, workspace, entry.id)
    assert list_trash(workspace) == (entry,)
    (root / "cluster_photos/open").unlink()
    assert len(restore(OWNER, workspace, entry.id)) == 2


def test_nothing_is_restored_through_a_link(workspace, root, tmp_path):
    entry = move_to_trash(OWNER, workspace, [root / "cluster_photos/open/a.jpg"], "1 picture")
    shutil.rmtree(root / "cluster_photos/open")
    (tmp_path / "outside").mkdir()
    (root / "cluster_photos/open").symlink_to(tmp_path / "outside")
    with pytest.raises(DatasetError, match="or reached through a link"):
        restore(OWNER, workspace, entry.id)
    assert list((tmp_path / "outside").iterdir()) == []
    assert list_trash(workspace) == (entry,)


@pytest.mark.parametrize(
    "change",
    [
        lambda record: "",
        lambda record: "[1, 2]",
        lambda record: '"record"',
        lambda record: json.dumps(record | {"n_files": "many"}),
        lambda record: json.dumps(record | {"paths": ["../../beside"]}),
        lambda record: json.dumps(record | {"paths": ["/etc/passwd"]}),
        lambda record: json.dumps(record | {"paths": [3]}),
        lambda record: json.dumps(record | {"action": "no such"}),
        lambda record: json.dumps(record | {"action": []}),
        lambda record: json.dumps(record | {"n_files": float("inf")}),
        lambda record: json.dumps(record | {"n_files": 10**400}),
        lambda record: json.dumps(record | {"created": "0001-01-01T00:00:00+23:59"}),
        lambda record: json.dumps(record | {"created": "yesterday"}),
        lambda record: json.dumps(record | {"paths": []}),
        lambda record: json.dumps(record | {"paths": "abc"}),
        lambda record: "[" * 100_000,
        lambda record: "\x00",
        lambda record: json.dumps({k: v for k, v in record.items() if k != "created"}),
    ],
)
def test_entry_with_damaged_record_is_listed_and_kept_unless_named(workspace, root, change):
    good = move_to_trash(OWNER, workspace, [root / "cluster_photos/open/a.jpg"], "1 picture")
    bad = move_to_trash(
        OWNER, workspace, sorted(root.glob("cluster_photos/globular/*")), "2 pictures"
    )
    folder = workspace.trash / bad.id
    (folder / "record.json").write_text(change(json.loads((folder / "record.json").read_text())))
    unreadable = {entry.id: entry for entry in list_trash(workspace)}[bad.id]
    assert (unreadable.n_files, unreadable.description) == (2, "Unreadable")
    assert str(folder / "content") in unreadable.problem
    assert good in list_trash(workspace)
    with pytest.raises(DatasetError, match="record of the deletion is damaged"):
        restore(OWNER, workspace, bad.id)
    assert empty_trash(OWNER, workspace) == 1
    assert list_trash(workspace) == (unreadable,)
    assert len(list(folder.rglob("*.jpg"))) == 2
    assert empty_trash(OWNER, workspace, [bad.id]) == 2
    assert list(workspace.trash.iterdir()) == []


def test_entry_without_its_record_is_listed(workspace, root):
    entry = move_to_trash(OWNER, workspace, [root / "cluster_photos/open"], "The class open")
    (workspace.trash / entry.id / "record.json").unlink()
    assert [(one.id, one.n_files) for one in list_trash(workspace)] == [(entry.id, 2)]
    assert empty_trash(OWNER, workspace) == 0
    assert len(list(workspace.trash.rglob("*.jpg"))) == 2


def test_folders_that_are_not_deletions_are_kept_but_not_listed(workspace, root, tmp_path):
    (workspace.trash / "older").mkdir(parents=True)
    (workspace.trash / "older/notes.txt").touch()
    (workspace.trash / "empty").mkdir()
    (tmp_path / "beside").mkdir()
    (workspace.trash / "link").symlink_to(tmp_path / "beside")
    assert list_trash(workspace) == ()
    assert empty_trash(OWNER, workspace) == 0
    assert sorted(path.name for path in workspace.trash.iterdir()) == ["link", "older"]


def test_restoring_deletes_no_file_that_the_record_does_not_name(workspace, root):
    entry = move_to_trash(OWNER, workspace, sorted(root.rglob("open/*")), "2 pictures")
    record = workspace.trash / entry.id / "record.json"
    record.write_text(record.read_text().replace("open/a.jpg", "open/c.jpg"))
    with pytest.raises(DatasetError, match="restored only in part"):
        restore(OWNER, workspace, entry.id)
    assert (root / "cluster_photos/open/b.jpg").exists()
    assert (record.parent / "content/cluster_photos/open/a.jpg").exists()


def test_unreadable_entry_needs_every_permission(workspace, root):
    entry = move_to_trash(OWNER, workspace, [root / "cluster_photos/open"], "The class open")
    (workspace.trash / entry.id / "record.json").write_text("{")
    other = OWNER.without(Action.EDIT_MODELS)
    assert empty_trash(other, workspace) == 0
    with pytest.raises(AccessError):
        empty_trash(other, workspace, [entry.id])
    assert len(list_trash(workspace)) == 1


def test_name_in_any_encoding_is_restored(workspace, root):
    path = root / "cluster_photos/open" / os.fsdecode(b"caf\xe9 \xe2\x98\x86.jpg")
    path.write_text("odd")
    entry = move_to_trash(OWNER, workspace, [path], "1 picture")
    assert restore(OWNER, workspace, entry.id) == (path,)


def test_public_demo_deletes_and_restores_nothing(workspace, root):
    entry = move_to_trash(OWNER, workspace, [root / "cluster_photos/open/a.jpg"], "1 picture")
    before = read_files(root)
    for action in (
        lambda: move_to_trash(VISITOR, workspace, [root / "cluster_photos/open"], "The class open"),
        lambda: restore(VISITOR, workspace, entry.id),
        lambda: empty_trash(VISITOR, workspace),
    ):
        with pytest.raises(AccessError, match="change pictures and classes"):
            action()
    with pytest.raises(AccessError, match="models"):
        move_to_trash(VISITOR, workspace, [root / "cluster_photos"], "m", action=Action.EDIT_MODELS)
    assert read_files(root) == before
    assert list_trash(workspace) == (entry,)


@pytest.mark.parametrize("action", [Action.EDIT_MODELS, Action.TRAIN])
def test_undo_needs_the_permission_of_the_deletion(workspace, root, action):
    entry = move_to_trash(
        OWNER, workspace, [root / "cluster_photos/open"], "A model", action=action
    )
    assert list_trash(workspace)[0].action is action
    before = read_files(root)
    other = OWNER.without(action)
    for change in (
        lambda: restore(other, workspace, entry.id),
        lambda: empty_trash(other, workspace),
    ):
        with pytest.raises(AccessError) as caught:
            change()
        assert caught.value.action == action
    assert read_files(root) == before
    assert restore(Access("other", frozenset({action})), workspace, entry.id) == (
        root / "cluster_photos/open",
    )


def test_old_record_without_action_counts_as_dataset_edit(workspace, root):
    entry = move_to_trash(OWNER, workspace, [root / "cluster_photos/open"], "The class open")
    record = workspace.trash / entry.id / "record.json"
    old = json.loads(record.read_text())
    del old["action"]
    record.write_text(json.dumps(old))
    assert list_trash(workspace) == (entry,)
