"""Imports whose process was killed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cluster_core.data.archives.dataset_archive import import_archive
from cluster_core.data.archives.interrupted import (
    InterruptedImport,
    continue_import,
    discard_import,
    list_interrupted_imports,
    remove_abandoned_imports,
)
from cluster_core.errors import AccessError, DatasetError
from cluster_core.storage import safe_moves
from tests.data.archives.test_dataset_archive import encode, pack, read_files
from tests.samples import OWNER, VISITOR, run_python

PICTURES = {f"open/{number}.png": encode(number) for number in range(3)} | {
    "globular/a.png": encode(3)
}
# The process ends at a rename into the dataset, or before a file is unpacked.
IMPORT = """
import os, sys
from pathlib import Path
from cluster_core.access import Access
from cluster_core.data.archives.dataset_archive import import_archive
from cluster_core.workspace import Workspace

left = int(sys.argv[2])

def watch(event, arguments):
    global left
    if event == "os.rename" and "_photos" in str(arguments[1]):
        left -= 1
        if left < 0:
            os._exit(9)

def progress(done, total):
    if sys.argv[3] == "unpacking":
        os._exit(9)

sys.addaudithook(watch)
workspace = Workspace.default()
with open(sys.argv[1], "rb") as file:
    import_archive(Access.owner(), workspace, workspace.cluster_photos, file, progress)
"""


def kill_import(tmp_path, n_placed=2, stage="placing"):
    (tmp_path / "a.zip").write_bytes(pack(PICTURES).getvalue())
    killed = run_python("-c", IMPORT, tmp_path / "a.zip", n_placed, stage)
    assert killed.returncode == 9, killed.stderr


def find_one(workspace) -> InterruptedImport:
    (found,) = list_interrupted_imports(workspace)
    return found


def test_killed_unpacking_is_swept_by_the_next_command(workspace, tmp_path):
    kill_import(tmp_path, stage="unpacking")
    assert list(workspace.incoming.glob("*/*"))
    assert list_interrupted_imports(workspace) == ()
    run_python("-m", "cluster_core.download", "--urls", tmp_path / "none", "--output", tmp_path)
    assert list(workspace.incoming.iterdir()) == []
    assert not workspace.cluster_photos.exists()


@pytest.mark.parametrize("n_placed", [0, 2, 3])
def test_killed_placing_is_continued(workspace, tmp_path, n_placed):
    kill_import(tmp_path, n_placed)
    found = find_one(workspace)
    assert (found.dataset, found.n_added, found.n_waiting) == ("cluster", n_placed, 4 - n_placed)
    assert len(read_files(workspace.cluster_photos)) == n_placed
    remove_abandoned_imports(workspace)
    assert find_one(workspace) == found
    seen: list[tuple[int, int]] = []
    added = continue_import(OWNER, workspace, found.id, lambda *at: seen.append(at))
    assert sum(added.values()) == 4 - n_placed
    assert seen[-1] == (4, 4)
    assert read_files(workspace.cluster_photos) == PICTURES
    assert list(workspace.incoming.iterdir()) == []
    with pytest.raises(DatasetError, match="can no longer be continued"):
        continue_import(OWNER, workspace, found.id)


def test_killed_placing_is_discarded(workspace, tmp_path):
    kill_import(tmp_path)
    before = read_files(workspace.cluster_photos)
    discard_import(OWNER, workspace, find_one(workspace).id)
    assert read_files(workspace.cluster_photos) == before
    assert list(workspace.incoming.iterdir()) == []


def test_stopped_continuation_can_be_continued(workspace, tmp_path):
    kill_import(tmp_path)
    found, before = find_one(workspace), read_files(workspace.cluster_photos)

    def stop(done, total):
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        continue_import(OWNER, workspace, found.id, stop)
    assert read_files(workspace.cluster_photos) == before
    assert find_one(workspace) == found
    continue_import(OWNER, workspace, found.id)
    assert read_files(workspace.cluster_photos) == PICTURES


def test_running_import_is_not_interrupted(workspace):
    seen = []
    progress = lambda *at: seen.append(list_interrupted_imports(workspace))  # noqa: E731
    import_archive(OWNER, workspace, workspace.cluster_photos, pack(PICTURES), progress)
    assert len(seen) == 8
    assert set(seen) == {()}


def test_import_that_was_stopped_while_placing_adds_nothing(workspace):
    def stop(done, total):
        if done == total - 1:
            assert len(read_files(workspace.cluster_photos)) == 3
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_archive(OWNER, workspace, workspace.cluster_photos, pack(PICTURES), stop)
    assert not workspace.cluster_photos.exists()
    assert list(workspace.incoming.iterdir()) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda record: "",
        lambda record: "[" * 100_000,
        lambda record: json.dumps([record]),
        lambda record: json.dumps(record | {"dataset": "../outside"}),
        lambda record: json.dumps(record | {"dataset": 3 * "a" * 100}),
        lambda record: json.dumps(record | {"labels": ["../outside"]}),
        lambda record: json.dumps(record | {"files": 3}),
        lambda record: json.dumps(record | {"files": [3]}),
        lambda record: json.dumps(record | {"files": []}),
        *(
            lambda record, field=field: json.dumps(
                record | {"files": [record["files"][0] | {field: "../outside"}]}
            )
            for field in ("staged", "label", "file_name")
        ),
        lambda record: json.dumps(record | {"files": [record["files"][0] | {"staged": None}]}),
    ],
)
def test_damaged_record_is_swept(workspace, tmp_path, change):
    kill_import(tmp_path)
    record = workspace.incoming / find_one(workspace).id / "placing.json"
    record.write_text(change(json.loads(record.read_text())))
    assert list_interrupted_imports(workspace) == ()
    remove_abandoned_imports(workspace)
    assert list(workspace.incoming.iterdir()) == []


def test_import_of_another_name_is_not_continued(workspace, tmp_path):
    kill_import(tmp_path)
    for name in ("", ".", "..", "../cluster_photos", "0" * 32):
        with pytest.raises(DatasetError, match="can no longer be continued"):
            discard_import(OWNER, workspace, name)
    assert find_one(workspace)


def test_continuation_on_a_full_disk_can_be_repeated(workspace, tmp_path, monkeypatch):
    kill_import(tmp_path)
    found = find_one(workspace)

    def fail(source: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(safe_moves, "rename_exclusively", fail)
    with pytest.raises(DatasetError, match="could not be added, because the disk is full"):
        continue_import(OWNER, workspace, found.id)
    assert find_one(workspace) == found


def test_nothing_is_continued_through_a_link(workspace, tmp_path):
    kill_import(tmp_path, 0)
    (tmp_path / "outside").mkdir()
    (workspace.cluster_photos / "open").rmdir()
    (workspace.cluster_photos / "open").symlink_to(tmp_path / "outside")
    with pytest.raises(DatasetError, match="is a link"):
        continue_import(OWNER, workspace, find_one(workspace).id)
    assert list((tmp_path / "outside").iterdir()) == []


def test_public_demo_continues_nothing(workspace, tmp_path):
    kill_import(tmp_path)
    found = find_one(workspace)
    for act in (continue_import, discard_import):
        with pytest.raises(AccessError, match="change pictures and classes"):
            act(VISITOR, workspace, found.id)
