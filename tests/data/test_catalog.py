"""The datasets of a workspace."""

from __future__ import annotations

from functools import partial

import pytest

from cluster_core.data.catalog import (
    DEFAULT_DATASET,
    choose_default,
    create_dataset,
    dataset_dir,
    delete_dataset,
    list_datasets,
    save_last_dataset,
)
from cluster_core.errors import AccessError, DatasetError
from cluster_core.storage.trash import list_trash, restore
from tests.samples import OWNER, VISITOR, not_as_root


def test_missing_workspace_has_no_datasets(workspace):
    assert list_datasets(workspace) == ()
    assert dataset_dir(workspace, DEFAULT_DATASET) == workspace.cluster_photos


def test_created_datasets_are_listed_by_name(workspace):
    created = [
        create_dataset(OWNER, workspace, name) for name in ("galaxies", " cluster ", "Birds 2")
    ]
    assert list_datasets(workspace) == ("Birds 2", "cluster", "galaxies")
    assert created[1] == workspace.cluster_photos
    assert all(dataset_dir(workspace, name).is_dir() for name in list_datasets(workspace))


def test_only_dataset_folders_are_listed(workspace, tmp_path):
    create_dataset(OWNER, workspace, "good")
    for name in ("models", "test_photos", ".hidden_photos", "_photos", "a:b_photos", " a_photos"):
        (workspace.root / name).mkdir()
    (workspace.root / "file_photos").touch()
    (workspace.root / "link_photos").symlink_to(tmp_path)
    assert list_datasets(workspace) == ("good",)


@pytest.mark.parametrize(
    "name", ["", "..", "../x", "a/b", "a\\b", "/etc", "CON", "<script>", "a\0b", "test", "x" * 300]
)
def test_invalid_name_is_rejected(workspace, name):
    workspace.root.mkdir()
    with pytest.raises(DatasetError, match=r"A dataset cannot be called .*, because"):
        dataset_dir(workspace, name)
    with pytest.raises(DatasetError, match="dataset"):
        create_dataset(OWNER, workspace, name)
    with pytest.raises(DatasetError, match="dataset"):
        delete_dataset(OWNER, workspace, name)
    assert list(workspace.root.iterdir()) == []


@pytest.mark.parametrize("name", ["cluster", "CLUSTER", " Cluster "])
def test_duplicate_name_is_rejected(workspace, name):
    create_dataset(OWNER, workspace, "cluster")
    with pytest.raises(DatasetError, match="A dataset called cluster already exists"):
        create_dataset(OWNER, workspace, name)
    assert list_datasets(workspace) == ("cluster",)


def test_dataset_does_not_replace_a_file(workspace):
    workspace.root.mkdir()
    (workspace.root / "a_photos").write_text("mine")
    with pytest.raises(DatasetError, match="A dataset called a already exists"):
        create_dataset(OWNER, workspace, "a")
    assert (workspace.root / "a_photos").read_text() == "mine"


def test_linked_dataset_is_rejected(workspace, tmp_path):
    (tmp_path / "mine").mkdir()
    workspace.root.mkdir()
    workspace.cluster_photos.symlink_to(tmp_path / "mine")
    for action in (dataset_dir, partial(create_dataset, OWNER), partial(delete_dataset, OWNER)):
        with pytest.raises(DatasetError, match="is a link to another folder"):
            action(workspace, "cluster")


def test_deleted_dataset_is_restored_beside_a_new_one(workspace):
    folder = create_dataset(OWNER, workspace, "sky")
    (folder / "open").mkdir()
    entry = delete_dataset(OWNER, workspace, "sky")
    assert list_datasets(workspace) == ()
    assert list_trash(workspace) == (entry,)
    assert "sky" in entry.description
    create_dataset(OWNER, workspace, "sky")
    restore(OWNER, workspace, entry.id)
    assert list_datasets(workspace) == ("sky", "sky (2)")
    assert (dataset_dir(workspace, "sky (2)") / "open").is_dir()


def test_deleting_missing_dataset_fails(workspace):
    with pytest.raises(DatasetError, match="The dataset sky could not be deleted"):
        delete_dataset(OWNER, workspace, "sky")


@not_as_root
def test_write_protected_workspace_is_reported(workspace):
    workspace.root.mkdir()
    workspace.root.chmod(0o500)
    try:
        with pytest.raises(
            DatasetError, match="could not be created, because the folder is write-protected"
        ):
            create_dataset(OWNER, workspace, "sky")
    finally:
        workspace.root.chmod(0o700)


def test_public_demo_cannot_change_datasets(workspace):
    create_dataset(OWNER, workspace, "sky")
    for action, name in (
        (create_dataset, "new"),
        (create_dataset, ".."),
        (delete_dataset, "sky"),
        (delete_dataset, ".."),
    ):
        with pytest.raises(AccessError):
            action(VISITOR, workspace, name)
    assert list_datasets(workspace) == ("sky",)


@pytest.mark.parametrize(
    ("names", "chosen"), [((), None), (("b", "c"), "b"), (("a", DEFAULT_DATASET, "z"), "cluster")]
)
def test_default_dataset_is_cluster_or_the_first(workspace, names, chosen):
    for name in names:
        create_dataset(OWNER, workspace, name)
    assert choose_default(workspace) == chosen


def test_dataset_used_last_becomes_the_default_while_it_exists(workspace):
    for name in ("cluster", "galaxies"):
        create_dataset(OWNER, workspace, name)
    save_last_dataset(OWNER, workspace, "galaxies")
    save_last_dataset(OWNER, workspace, "no such dataset")
    assert choose_default(workspace) == "galaxies"
    delete_dataset(OWNER, workspace, "galaxies")
    assert choose_default(workspace) == "cluster"


@pytest.mark.parametrize("content", ["", "[]", '{"dataset": 3}', "[" * 9000, "x" * 20_000])
def test_damaged_record_of_the_last_dataset_is_ignored(workspace, content):
    create_dataset(OWNER, workspace, "sky")
    workspace.last_dataset.write_text(content)
    assert choose_default(workspace) == "sky"


def test_visitors_of_a_public_demo_leave_no_record(workspace):
    create_dataset(OWNER, workspace, "sky")
    save_last_dataset(VISITOR, workspace, "sky")
    assert not workspace.last_dataset.exists()
