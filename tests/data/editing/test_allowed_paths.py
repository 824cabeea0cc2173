"""Paths that a change to a dataset may not have, and people who may change nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from cluster_core.data.editing.classes import add_class, delete_class, list_classes, rename_class
from cluster_core.data.editing.pictures import add_picture, delete_pictures, move_pictures
from cluster_core.errors import AccessError, DatasetError
from cluster_core.storage.trash import restore
from tests.data.editing.files import encode, read_files
from tests.samples import OWNER, VISITOR, write_photos


class TestLinks:
    """The owner of a workspace can create links, but visitors must not pass through them."""

    @pytest.fixture
    def outside(self, tmp_path):
        return write_photos(tmp_path / "outside_photos", 2)

    def test_linked_dataset_is_not_changed(self, workspace, outside):
        workspace.root.mkdir()
        workspace.cluster_photos.symlink_to(outside)
        self.assert_all_rejected(workspace, workspace.cluster_photos, outside)

    def test_linked_class_is_not_changed(self, workspace, outside):
        workspace.cluster_photos.mkdir(parents=True)
        (workspace.cluster_photos / "blue stars").mkdir()
        (workspace.cluster_photos / "red stars").symlink_to(outside / "red stars")
        self.assert_all_rejected(workspace, workspace.cluster_photos, outside)

    def assert_all_rejected(self, workspace, image_dir, outside):
        before = read_files(outside)
        inside = image_dir / "red stars" / "field 10000.png"
        actions = [
            lambda: rename_class(OWNER, image_dir, "red stars", "new"),
            lambda: delete_class(OWNER, workspace, image_dir, "red stars"),
            lambda: add_picture(OWNER, image_dir, "red stars", "a.png", encode()),
            lambda: move_pictures(OWNER, image_dir, [inside], "blue stars"),
            lambda: move_pictures(OWNER, image_dir, [], "red stars"),
            lambda: delete_pictures(OWNER, workspace, [inside]),
        ]
        if image_dir.is_symlink():
            actions.append(lambda: add_class(OWNER, image_dir, "new"))
        for action in actions:
            with pytest.raises(DatasetError, match="is a link to another folder"):
                action()
        assert read_files(outside) == before
        assert {path.name for path in outside.iterdir()} == {"blue stars", "red stars"}

    def test_linked_picture_is_not_moved(self, image_dir, outside):
        link = image_dir / "red stars" / "link.png"
        link.symlink_to(outside / "red stars" / "field 10000.png")
        with pytest.raises(DatasetError, match="is not a picture in a class"):
            move_pictures(OWNER, image_dir, [link], "blue stars")
        assert link.is_symlink()


BAD_PATHS = {
    "absolute": lambda image_dir: Path("/etc/passwd"),
    "climbing": lambda image_dir: image_dir / "red stars" / ".." / ".." / "beside.png",
    "climbing back": lambda image_dir: image_dir / "blue stars" / ".." / "red stars" / "a.png",
    "other dataset": lambda image_dir: image_dir.parent / "other_photos" / "a" / "a.png",
    "class": lambda image_dir: image_dir / "red stars",
    "dataset": lambda image_dir: image_dir,
    "beside classes": lambda image_dir: image_dir / "a.png",
    "too deep": lambda image_dir: image_dir / "red stars" / "deep" / "a.png",
    "no dataset": lambda image_dir: image_dir.parent / "models" / "bundles" / "a.png",
    "NUL": lambda image_dir: image_dir / "red stars" / "a\0.png",
}


@pytest.mark.parametrize("kind", BAD_PATHS)
def test_path_outside_the_classes_is_rejected(workspace, image_dir, kind):
    for name in (
        "beside.png",
        "other_photos/a/a.png",
        "models/bundles/a.png",
        "cluster_photos/a.png",
        "cluster_photos/red stars/a.png",
        "cluster_photos/red stars/deep/a.png",
    ):
        (workspace.root / name).parent.mkdir(parents=True, exist_ok=True)
        (workspace.root / name).write_text("mine")
    good, bad = image_dir / "red stars" / "field 10000.png", BAD_PATHS[kind](image_dir)
    before = read_files(workspace.root)
    with pytest.raises(DatasetError, match="is not a picture in a class of cluster_photos"):
        move_pictures(OWNER, image_dir, [good, bad], "blue stars")
    assert read_files(workspace.root) == before
    if kind != "other dataset":
        with pytest.raises(DatasetError, match=r"is not a dataset in|is not a picture in a class"):
            delete_pictures(OWNER, workspace, [good, bad])
        assert read_files(workspace.root) == before


def test_folder_in_a_class_is_not_moved(image_dir):
    (image_dir / "red stars" / "deep.png").mkdir()
    with pytest.raises(DatasetError, match="is not a picture"):
        move_pictures(OWNER, image_dir, [image_dir / "red stars" / "deep.png"], "blue stars")


def test_deleted_pictures_and_classes_must_be_in_the_workspace(workspace, image_dir, tmp_path):
    other = write_photos(tmp_path / "elsewhere" / "cluster_photos", 1)
    (path,) = (other / "red stars").iterdir()
    with pytest.raises(DatasetError, match="is not a dataset in"):
        delete_pictures(OWNER, workspace, [path])
    with pytest.raises(DatasetError, match="is not a dataset in"):
        delete_class(OWNER, workspace, other, "red stars")
    with pytest.raises(DatasetError, match="is not a dataset in"):
        delete_class(OWNER, workspace, image_dir / ".." / "cluster_photos", "red stars")
    assert path.exists()


def test_workspace_path_may_be_relative(workspace, image_dir, monkeypatch):
    monkeypatch.chdir(workspace.root.parent)
    relative = type(workspace)(Path(workspace.root.name))
    path = relative.cluster_photos / "red stars" / "field 10000.png"
    (moved,) = move_pictures(OWNER, image_dir, [path], "blue stars").moved
    entry = delete_pictures(OWNER, relative, [moved])
    assert restore(OWNER, workspace, entry.id) == (moved,)


def test_public_demo_changes_nothing(workspace, image_dir):
    before = read_files(workspace.root)
    path = image_dir / "red stars" / "field 10000.png"
    for action in (
        lambda: add_class(VISITOR, image_dir, "new"),
        lambda: rename_class(VISITOR, image_dir, "red stars", "new"),
        lambda: delete_class(VISITOR, workspace, image_dir, "red stars"),
        lambda: delete_class(VISITOR, workspace, image_dir, "gone"),
        lambda: add_picture(VISITOR, image_dir, "red stars", "a.png", encode()),
        lambda: move_pictures(VISITOR, image_dir, [path], "blue stars"),
        lambda: delete_pictures(VISITOR, workspace, [path]),
        lambda: delete_pictures(VISITOR, workspace, [Path("/etc/passwd")]),
    ):
        with pytest.raises(AccessError, match="change pictures and classes"):
            action()
    assert read_files(workspace.root) == before
    assert list_classes(image_dir) == ("blue stars", "red stars")
