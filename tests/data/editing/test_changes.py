from __future__ import annotations

import errno
import io
from pathlib import Path

import pytest
from PIL import Image

from cluster_core.access import PUBLIC_VARIABLE
from cluster_core.data import index as dataset
from cluster_core.data.editing import changes as editing
from cluster_core.data.editing.changes import (
    add_class,
    add_picture,
    delete_class,
    delete_pictures,
    list_classes,
    move_pictures,
    rename_class,
)
from cluster_core.data.editing.inspection import ClassContents
from cluster_core.data.index import scan_dataset
from cluster_core.errors import AccessError, DatasetError, ImageError
from cluster_core.storage import safe_moves as placing
from cluster_core.storage.cache_file import CacheFile
from cluster_core.storage.trash import list_trash, restore
from tests.samples import draw_blob, not_as_root, write_photos


@pytest.fixture
def image_dir(workspace):
    """Two classes of three pictures."""
    return write_photos(workspace.cluster_photos, 3)


def encode(seed: int = 1, kind: str = "PNG") -> bytes:
    target = io.BytesIO()
    Image.fromarray(draw_blob(seed)).save(target, kind)
    return target.getvalue()


def look(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder, hidden ones too, by path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


class TestClasses:
    def test_are_listed_by_name(self, image_dir):
        (image_dir / ".hidden").mkdir()
        (image_dir / "notes.txt").touch()
        assert list_classes(image_dir) == ("blue stars", "red stars")

    def test_are_none_where_the_dataset_was_not_begun(self, workspace):
        assert list_classes(workspace.cluster_photos) == ()

    def test_can_be_the_first_thing_of_a_dataset(self, workspace):
        folder = add_class(workspace.cluster_photos, " open ")
        assert folder == workspace.cluster_photos / "open"
        assert list_classes(workspace.cluster_photos) == ("open",)

    @pytest.mark.parametrize("name", ["..", "CON", "a/b", "", "x" * 300, "<script>", "\u202egpj"])
    def test_with_bad_names_are_neither_made_nor_renamed_to(self, image_dir, name):
        for action in (add_class, lambda at, new: rename_class(at, "red stars", new)):
            with pytest.raises(DatasetError, match="A class cannot be called"):
                action(image_dir, name)
        assert list_classes(image_dir) == ("blue stars", "red stars")

    @pytest.mark.parametrize("name", ["red stars", "RED Stars", " red stars "])
    def test_of_one_name_there_is_one(self, image_dir, name):
        for action in (add_class, lambda at, new: rename_class(at, "blue stars", new)):
            with pytest.raises(DatasetError, match="A class called red stars already exists"):
                action(image_dir, name)
        assert list_classes(image_dir) == ("blue stars", "red stars")

    def test_are_not_made_over_a_file(self, image_dir):
        (image_dir / "mine").write_text("mine")
        for action in (add_class, lambda at, new: rename_class(at, "blue stars", new)):
            with pytest.raises(DatasetError, match="that name is already taken"):
                action(image_dir, "mine")
        assert (image_dir / "mine").read_text() == "mine"

    def test_keep_their_pictures_under_another_name(self, image_dir):
        before = look(image_dir / "red stars")
        assert rename_class(image_dir, "red stars", "Rötlich ") == image_dir / "Rötlich"
        assert list_classes(image_dir) == ("Rötlich", "blue stars")
        assert look(image_dir / "Rötlich") == before

    @pytest.mark.parametrize("new", ["Red Stars", "red stars"])
    def test_can_get_capital_letters(self, image_dir, new):
        rename_class(image_dir, "red stars", new)
        assert list_classes(image_dir) == tuple(sorted(["blue stars", new]))

    def test_that_cannot_be_labels_can_be_renamed(self, image_dir):
        (image_dir / "a\nb").mkdir()
        with pytest.raises(DatasetError, match="a line break"):
            list_classes(image_dir)
        rename_class(image_dir, "a\nb", "ab")
        assert list_classes(image_dir) == ("ab", "blue stars", "red stars")

    def test_come_back_from_the_trash(self, workspace, image_dir):
        before = look(image_dir)
        entry = delete_class(workspace, image_dir, "red stars")
        assert list_classes(image_dir) == ("blue stars",)
        assert entry.description == "The class red stars"
        assert entry.n_files == 3
        restore(workspace, entry.id)
        assert look(image_dir) == before

    @pytest.mark.parametrize("label", ["gone", "..", ".", "", "red stars/..", ".hidden", "a\0"])
    def test_that_are_not_there_are_told(self, workspace, image_dir, label):
        (image_dir / ".hidden").mkdir()
        before = look(workspace.root)
        for action in (
            lambda: rename_class(image_dir, label, "new"),
            lambda: delete_class(workspace, image_dir, label),
            lambda: add_picture(image_dir, label, "a.png", encode()),
            lambda: move_pictures(image_dir, [], label),
        ):
            with pytest.raises(
                DatasetError, match=r"There is no class .* in cluster_photos; it may"
            ):
                action()
        assert look(workspace.root) == before


class TestLinks:
    """Whoever may write into the workspace can make them; no visitor gets through one."""

    @pytest.fixture
    def outside(self, tmp_path):
        return write_photos(tmp_path / "outside_photos", 2)

    def test_a_dataset_that_is_one_is_not_changed(self, workspace, outside):
        workspace.root.mkdir()
        workspace.cluster_photos.symlink_to(outside)
        self.refuse_all(workspace, workspace.cluster_photos, outside)

    def test_a_class_that_is_one_is_not_changed(self, workspace, outside):
        workspace.cluster_photos.mkdir(parents=True)
        (workspace.cluster_photos / "blue stars").mkdir()
        (workspace.cluster_photos / "red stars").symlink_to(outside / "red stars")
        self.refuse_all(workspace, workspace.cluster_photos, outside)

    def refuse_all(self, workspace, image_dir, outside):
        before = look(outside)
        inside = image_dir / "red stars" / "field 10000.png"
        actions = [
            lambda: rename_class(image_dir, "red stars", "new"),
            lambda: delete_class(workspace, image_dir, "red stars"),
            lambda: add_picture(image_dir, "red stars", "a.png", encode()),
            lambda: move_pictures(image_dir, [inside], "blue stars"),
            lambda: move_pictures(image_dir, [], "red stars"),
            lambda: delete_pictures(workspace, [inside]),
        ]
        if image_dir.is_symlink():
            actions.append(lambda: add_class(image_dir, "new"))
        for action in actions:
            with pytest.raises(DatasetError, match="is a link to another folder"):
                action()
        assert look(outside) == before
        assert {path.name for path in outside.iterdir()} == {"blue stars", "red stars"}

    def test_a_picture_that_is_one_is_not_moved(self, image_dir, outside):
        link = image_dir / "red stars" / "link.png"
        link.symlink_to(outside / "red stars" / "field 10000.png")
        with pytest.raises(DatasetError, match="is not a picture in a class"):
            move_pictures(image_dir, [link], "blue stars")
        assert link.is_symlink()


class TestAddedPictures:
    def test_are_stored_as_they_are_under_a_free_name(self, image_dir):
        data = encode(50)
        path = add_picture(image_dir, "red stars", "dir/field 10000.jpg", data)
        assert path == image_dir / "red stars" / "field 10000 (2).png"
        assert path.read_bytes() == data
        assert len(look(image_dir)) == 7

    def test_are_not_stored_twice(self, image_dir):
        before = look(image_dir)
        path = image_dir / "red stars" / "field 10001.png"
        with pytest.raises(
            DatasetError, match=r"new\.jpg was left out.*same picture: field 10001\.png"
        ):
            add_picture(image_dir, "red stars", "new.jpg", path.read_bytes())
        assert look(image_dir) == before
        add_picture(image_dir, "blue stars", "new.jpg", path.read_bytes())

    def test_are_not_stored_twice_where_many_come_at_once(self, image_dir, monkeypatch):
        contents = ClassContents(image_dir / "red stars")
        monkeypatch.setattr(editing, "ClassContents", None)
        add_picture(image_dir, "red stars", "one.png", encode(), contents=contents)
        for name, told in (("two.png", "one.png"), ("field.png", "field 10001.png")):
            data = (image_dir / "red stars" / told).read_bytes()
            with pytest.raises(DatasetError, match=f"already has the same picture: {told}"):
                add_picture(image_dir, "red stars", name, data, contents=contents)

    @pytest.mark.parametrize("data", [b"%!PS-Adobe-3.0 EPSF-3.0\n", b"<html>", b"", encode()[:99]])
    def test_must_be_pictures(self, image_dir, data):
        before = look(image_dir)
        with pytest.raises(ImageError, match=r"^M 13\.jpg "):
            add_picture(image_dir, "red stars", "M 13.jpg", data)
        assert look(image_dir) == before

    def test_need_not_be_decoded_by_the_next_scan(self, image_dir, workspace, monkeypatch):
        with CacheFile(workspace.bottlenecks) as cache:
            scan_dataset(image_dir, cache)
            path = add_picture(image_dir, "red stars", "a.png", encode(), cache=cache)
            monkeypatch.setattr(dataset, "compute_facts", None)
            assert path in [picture.path for picture in scan_dataset(image_dir, cache).pictures]

    def test_leave_nothing_on_a_disk_that_is_full(self, image_dir, monkeypatch):
        before = look(image_dir)

        def fail(path, data):
            path.touch()
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(placing.Path, "write_bytes", fail)
        with pytest.raises(DatasetError, match=r"a\.png could not be stored.*disk is full"):
            add_picture(image_dir, "red stars", "a.png", encode())
        assert look(image_dir) == before

    @not_as_root
    def test_are_refused_by_a_locked_class(self, image_dir):
        (image_dir / "red stars").chmod(0o500)
        try:
            with pytest.raises(DatasetError, match="write-protected"):
                add_picture(image_dir, "red stars", "a.png", encode())
        finally:
            (image_dir / "red stars").chmod(0o700)


class TestMovedPictures:
    def test_are_the_same_pictures_in_other_classes(self, image_dir):
        before = look(image_dir)
        paths = sorted((image_dir / "red stars").iterdir())[:2]
        report = move_pictures(image_dir, paths, "blue stars")
        assert report.moved == tuple(image_dir / "blue stars" / path.name for path in paths)
        assert report.gone == ()
        after = look(image_dir)
        assert sorted(after.values()) == sorted(before.values())
        assert {name for name in before if name not in after} == {
            f"red stars/{path.name}" for path in paths
        }
        move_pictures(image_dir, report.moved, "red stars")
        assert look(image_dir) == before

    def test_overwrite_nothing(self, image_dir):
        before = look(image_dir)
        for label, seed in (("red stars", 1), ("blue stars", 2)):
            (image_dir / label / "same.png").write_bytes(encode(seed))
        report = move_pictures(image_dir, [image_dir / "red stars" / "same.png"], "blue stars")
        assert report.moved == (image_dir / "blue stars" / "same (2).png",)
        assert look(image_dir) == before | {
            "blue stars/same.png": encode(2),
            "blue stars/same (2).png": encode(1),
        }

    def test_that_another_tab_deleted_are_reported(self, image_dir):
        gone = [image_dir / label / "gone.png" for label in ("red stars", "blue stars")]
        kept = image_dir / "red stars" / "field 10000.png"
        report = move_pictures(image_dir, [gone[0], kept, gone[1]], "blue stars")
        assert report.moved == (image_dir / "blue stars" / "field 10000.png",)
        assert report.gone == tuple(gone)
        assert len(look(image_dir)) == 6

    def test_that_are_there_already_stay(self, image_dir):
        paths = tuple(sorted((image_dir / "red stars").iterdir()))
        before = look(image_dir)
        assert move_pictures(image_dir, paths, "red stars").moved == paths
        assert look(image_dir) == before

    def test_stay_where_a_class_is_deleted_just_then(self, image_dir, monkeypatch):
        path = image_dir / "red stars" / "field 10000.png"
        move = editing.move_without_overwriting

        def race(source, target):
            target.parent.rename(image_dir / "elsewhere")
            return move(source, target)

        monkeypatch.setattr(editing, "move_without_overwriting", race)
        with pytest.raises(DatasetError, match="could not be moved to blue stars"):
            move_pictures(image_dir, [path], "blue stars")
        assert path.exists()

    def test_stay_on_a_disk_that_is_full(self, image_dir, monkeypatch):
        before = look(image_dir)

        def fail(source, target):
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(placing.os, "rename", fail)
        with pytest.raises(DatasetError, match="disk is full"):
            move_pictures(image_dir, sorted((image_dir / "red stars").iterdir()), "blue stars")
        assert look(image_dir) == before


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
def test_paths_that_are_no_pictures_of_the_dataset_are_refused(workspace, image_dir, kind):
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
    before = look(workspace.root)
    with pytest.raises(DatasetError, match="is not a picture in a class of cluster_photos"):
        move_pictures(image_dir, [good, bad], "blue stars")
    assert look(workspace.root) == before
    if kind != "other dataset":
        with pytest.raises(DatasetError, match=r"is not a dataset in|is not a picture in a class"):
            delete_pictures(workspace, [good, bad])
        assert look(workspace.root) == before


def test_a_folder_in_a_class_is_not_moved(image_dir):
    (image_dir / "red stars" / "deep.png").mkdir()
    with pytest.raises(DatasetError, match="is not a picture"):
        move_pictures(image_dir, [image_dir / "red stars" / "deep.png"], "blue stars")


class TestDeletedPictures:
    def test_come_back(self, workspace, image_dir):
        before = look(image_dir)
        paths = [
            path for label in ("red", "blue") for path in (image_dir / f"{label} stars").iterdir()
        ]
        entry = delete_pictures(workspace, paths[1:5])
        assert entry.n_files == 4
        assert entry.description == "4 pictures of blue stars, red stars"
        assert len(look(image_dir)) == 2
        restore(workspace, entry.id)
        assert look(image_dir) == before

    def test_are_those_that_are_still_there(self, workspace, image_dir):
        paths = [image_dir / "red stars" / name for name in ("gone.png", "field 10000.png")]
        entry = delete_pictures(workspace, paths)
        assert entry.n_files == 1
        with pytest.raises(DatasetError, match="nothing is left to delete"):
            delete_pictures(workspace, paths)
        assert list_trash(workspace) == (entry,)

    def test_may_be_files_that_are_no_pictures(self, workspace, image_dir):
        (image_dir / "red stars" / "notes.txt").write_text("x")
        (image_dir / "red stars" / "link.png").symlink_to("nowhere.png")
        for name in ("notes.txt", "link.png"):
            entry = delete_pictures(workspace, [image_dir / "red stars" / name])
            assert entry.description == "1 picture of red stars"
        assert len(list((image_dir / "red stars").iterdir())) == 3

    def test_lie_in_this_workspace(self, workspace, image_dir, tmp_path):
        other = write_photos(tmp_path / "elsewhere" / "cluster_photos", 1)
        (path,) = (other / "red stars").iterdir()
        with pytest.raises(DatasetError, match="is not a dataset in"):
            delete_pictures(workspace, [path])
        with pytest.raises(DatasetError, match="is not a dataset in"):
            delete_class(workspace, other, "red stars")
        with pytest.raises(DatasetError, match="is not a dataset in"):
            delete_class(workspace, image_dir / ".." / "cluster_photos", "red stars")
        assert path.exists()


def test_a_workspace_may_be_named_from_here(workspace, image_dir, monkeypatch):
    monkeypatch.chdir(workspace.root.parent)
    relative = type(workspace)(Path(workspace.root.name))
    path = relative.cluster_photos / "red stars" / "field 10000.png"
    (moved,) = move_pictures(image_dir, [path], "blue stars").moved
    entry = delete_pictures(relative, [moved])
    assert restore(workspace, entry.id) == (moved,)


def test_a_public_demo_changes_nothing(workspace, image_dir, monkeypatch):
    before = look(workspace.root)
    path = image_dir / "red stars" / "field 10000.png"
    monkeypatch.setenv(PUBLIC_VARIABLE, "1")
    for action in (
        lambda: add_class(image_dir, "new"),
        lambda: rename_class(image_dir, "red stars", "new"),
        lambda: delete_class(workspace, image_dir, "red stars"),
        lambda: delete_class(workspace, image_dir, "gone"),
        lambda: add_picture(image_dir, "red stars", "a.png", encode()),
        lambda: move_pictures(image_dir, [path], "blue stars"),
        lambda: delete_pictures(workspace, [path]),
        lambda: delete_pictures(workspace, [Path("/etc/passwd")]),
    ):
        with pytest.raises(AccessError, match="change pictures and classes"):
            action()
    assert look(workspace.root) == before
    assert list_classes(image_dir) == ("blue stars", "red stars")
