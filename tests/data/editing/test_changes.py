"""Changes to the classes and pictures of a dataset."""

from __future__ import annotations

import errno
import io
from functools import partial
from pathlib import Path

import pytest
from PIL import Image

from cluster_core.data import picture_files
from cluster_core.data.editing import changes
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
from cluster_core.storage import safe_moves
from cluster_core.storage.cache_file import CacheFile
from cluster_core.storage.trash import list_trash, restore
from tests.samples import OWNER, VISITOR, draw_blob, not_as_root, write_photos


@pytest.fixture
def image_dir(workspace):
    """Two classes of three pictures."""
    return write_photos(workspace.cluster_photos, 3)


def encode(seed: int = 1, kind: str = "PNG") -> bytes:
    target = io.BytesIO()
    Image.fromarray(draw_blob(seed)).save(target, kind)
    return target.getvalue()


def read_files(folder: Path) -> dict[str, bytes]:
    """Return the content of every file in a folder, including hidden ones, by path."""
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

    def test_are_empty_without_a_dataset(self, workspace):
        assert list_classes(workspace.cluster_photos) == ()

    def test_first_class_creates_the_dataset(self, workspace):
        folder = add_class(OWNER, workspace.cluster_photos, " open ")
        assert folder == workspace.cluster_photos / "open"
        assert list_classes(workspace.cluster_photos) == ("open",)

    @pytest.mark.parametrize("name", ["..", "CON", "a/b", "", "x" * 300, "<script>", "\u202egpj"])
    def test_invalid_names_are_rejected(self, image_dir, name):
        for action in (
            partial(add_class, OWNER),
            lambda at, new: rename_class(OWNER, at, "red stars", new),
        ):
            with pytest.raises(DatasetError, match="A class cannot be called"):
                action(image_dir, name)
        assert list_classes(image_dir) == ("blue stars", "red stars")

    @pytest.mark.parametrize("name", ["red stars", "RED Stars", " red stars "])
    def test_duplicate_names_are_rejected(self, image_dir, name):
        for action in (
            partial(add_class, OWNER),
            lambda at, new: rename_class(OWNER, at, "blue stars", new),
        ):
            with pytest.raises(DatasetError, match="A class called red stars already exists"):
                action(image_dir, name)
        assert list_classes(image_dir) == ("blue stars", "red stars")

    def test_do_not_replace_a_file(self, image_dir):
        (image_dir / "mine").write_text("mine")
        for action in (
            partial(add_class, OWNER),
            lambda at, new: rename_class(OWNER, at, "blue stars", new),
        ):
            with pytest.raises(DatasetError, match="that name is already taken"):
                action(image_dir, "mine")
        assert (image_dir / "mine").read_text() == "mine"

    def test_keep_their_pictures_when_renamed(self, image_dir):
        before = read_files(image_dir / "red stars")
        assert rename_class(OWNER, image_dir, "red stars", "Rötlich ") == image_dir / "Rötlich"
        assert list_classes(image_dir) == ("Rötlich", "blue stars")
        assert read_files(image_dir / "Rötlich") == before

    @pytest.mark.parametrize("new", ["Red Stars", "red stars"])
    def test_can_be_renamed_to_other_capitals(self, image_dir, new):
        rename_class(OWNER, image_dir, "red stars", new)
        assert list_classes(image_dir) == tuple(sorted(["blue stars", new]))

    def test_with_invalid_labels_can_be_renamed(self, image_dir):
        (image_dir / "a\nb").mkdir()
        with pytest.raises(DatasetError, match="a line break"):
            list_classes(image_dir)
        rename_class(OWNER, image_dir, "a\nb", "ab")
        assert list_classes(image_dir) == ("ab", "blue stars", "red stars")

    def test_can_be_restored_from_the_trash(self, workspace, image_dir):
        before = read_files(image_dir)
        entry = delete_class(OWNER, workspace, image_dir, "red stars")
        assert list_classes(image_dir) == ("blue stars",)
        assert entry.description == "The class red stars"
        assert entry.n_files == 3
        restore(OWNER, workspace, entry.id)
        assert read_files(image_dir) == before

    @pytest.mark.parametrize("label", ["gone", "..", ".", "", "red stars/..", ".hidden", "a\0"])
    def test_missing_classes_are_reported(self, workspace, image_dir, label):
        (image_dir / ".hidden").mkdir()
        before = read_files(workspace.root)
        for action in (
            lambda: rename_class(OWNER, image_dir, label, "new"),
            lambda: delete_class(OWNER, workspace, image_dir, label),
            lambda: add_picture(OWNER, image_dir, label, "a.png", encode()),
            lambda: move_pictures(OWNER, image_dir, [], label),
        ):
            with pytest.raises(
                DatasetError, match=r"There is no class .* in cluster_photos; it may"
            ):
                action()
        assert read_files(workspace.root) == before


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


class TestAddedPictures:
    def test_are_stored_unchanged_under_a_free_name(self, image_dir):
        data = encode(50)
        path = add_picture(OWNER, image_dir, "red stars", "dir/field 10000.jpg", data)
        assert path == image_dir / "red stars" / "field 10000 (2).png"
        assert path.read_bytes() == data
        assert len(read_files(image_dir)) == 7

    def test_are_not_stored_twice(self, image_dir):
        before = read_files(image_dir)
        path = image_dir / "red stars" / "field 10001.png"
        with pytest.raises(
            DatasetError, match=r"new\.jpg was left out.*same picture: field 10001\.png"
        ):
            add_picture(OWNER, image_dir, "red stars", "new.jpg", path.read_bytes())
        assert read_files(image_dir) == before
        add_picture(OWNER, image_dir, "blue stars", "new.jpg", path.read_bytes())

    def test_are_not_stored_twice_with_shared_contents(self, image_dir, monkeypatch):
        contents = ClassContents(image_dir / "red stars")
        monkeypatch.setattr(changes, "ClassContents", None)
        add_picture(OWNER, image_dir, "red stars", "one.png", encode(), contents=contents)
        for name, same in (("two.png", "one.png"), ("field.png", "field 10001.png")):
            data = (image_dir / "red stars" / same).read_bytes()
            with pytest.raises(DatasetError, match=f"already has the same picture: {same}"):
                add_picture(OWNER, image_dir, "red stars", name, data, contents=contents)

    @pytest.mark.parametrize("data", [b"%!PS-Adobe-3.0 EPSF-3.0\n", b"<html>", b"", encode()[:99]])
    def test_other_files_are_rejected(self, image_dir, data):
        before = read_files(image_dir)
        with pytest.raises(ImageError, match=r"^M 13\.jpg "):
            add_picture(OWNER, image_dir, "red stars", "M 13.jpg", data)
        assert read_files(image_dir) == before

    def test_need_not_be_decoded_by_the_next_scan(self, image_dir, workspace, monkeypatch):
        with CacheFile(workspace.bottlenecks) as cache:
            scan_dataset(image_dir, cache)
            path = add_picture(OWNER, image_dir, "red stars", "a.png", encode(), cache=cache)
            monkeypatch.setattr(picture_files, "compute_facts", None)
            assert path in [picture.path for picture in scan_dataset(image_dir, cache).pictures]

    def test_leave_nothing_on_a_full_disk(self, image_dir, monkeypatch):
        before = read_files(image_dir)

        def fail(path, data):
            path.touch()
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(safe_moves.Path, "write_bytes", fail)
        with pytest.raises(DatasetError, match=r"a\.png could not be stored.*disk is full"):
            add_picture(OWNER, image_dir, "red stars", "a.png", encode())
        assert read_files(image_dir) == before

    @not_as_root
    def test_are_rejected_by_a_write_protected_class(self, image_dir):
        (image_dir / "red stars").chmod(0o500)
        try:
            with pytest.raises(DatasetError, match="write-protected"):
                add_picture(OWNER, image_dir, "red stars", "a.png", encode())
        finally:
            (image_dir / "red stars").chmod(0o700)


class TestMovedPictures:
    def test_keep_their_content_in_another_class(self, image_dir):
        before = read_files(image_dir)
        paths = sorted((image_dir / "red stars").iterdir())[:2]
        report = move_pictures(OWNER, image_dir, paths, "blue stars")
        assert report.moved == tuple(image_dir / "blue stars" / path.name for path in paths)
        assert report.gone == ()
        after = read_files(image_dir)
        assert sorted(after.values()) == sorted(before.values())
        assert {name for name in before if name not in after} == {
            f"red stars/{path.name}" for path in paths
        }
        move_pictures(OWNER, image_dir, report.moved, "red stars")
        assert read_files(image_dir) == before

    def test_overwrite_nothing(self, image_dir):
        before = read_files(image_dir)
        for label, seed in (("red stars", 1), ("blue stars", 2)):
            (image_dir / label / "same.png").write_bytes(encode(seed))
        report = move_pictures(
            OWNER, image_dir, [image_dir / "red stars" / "same.png"], "blue stars"
        )
        assert report.moved == (image_dir / "blue stars" / "same (2).png",)
        assert read_files(image_dir) == before | {
            "blue stars/same.png": encode(2),
            "blue stars/same (2).png": encode(1),
        }

    def test_deleted_by_another_tab_are_reported(self, image_dir):
        gone = [image_dir / label / "gone.png" for label in ("red stars", "blue stars")]
        kept = image_dir / "red stars" / "field 10000.png"
        report = move_pictures(OWNER, image_dir, [gone[0], kept, gone[1]], "blue stars")
        assert report.moved == (image_dir / "blue stars" / "field 10000.png",)
        assert report.gone == tuple(gone)
        assert len(read_files(image_dir)) == 6

    def test_already_in_the_class_stay(self, image_dir):
        paths = tuple(sorted((image_dir / "red stars").iterdir()))
        before = read_files(image_dir)
        assert move_pictures(OWNER, image_dir, paths, "red stars").moved == paths
        assert read_files(image_dir) == before

    def test_stay_if_the_class_disappears(self, image_dir, monkeypatch):
        path = image_dir / "red stars" / "field 10000.png"
        move = changes.move_without_overwriting

        def race(source, target):
            target.parent.rename(image_dir / "elsewhere")
            return move(source, target)

        monkeypatch.setattr(changes, "move_without_overwriting", race)
        with pytest.raises(DatasetError, match="could not be moved to blue stars"):
            move_pictures(OWNER, image_dir, [path], "blue stars")
        assert path.exists()

    def test_stay_on_a_full_disk(self, image_dir, monkeypatch):
        before = read_files(image_dir)

        def fail(source, target):
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(safe_moves, "rename_exclusively", fail)
        with pytest.raises(DatasetError, match="disk is full"):
            move_pictures(
                OWNER, image_dir, sorted((image_dir / "red stars").iterdir()), "blue stars"
            )
        assert read_files(image_dir) == before


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


class TestDeletedPictures:
    def test_can_be_restored(self, workspace, image_dir):
        before = read_files(image_dir)
        paths = [
            path for label in ("red", "blue") for path in (image_dir / f"{label} stars").iterdir()
        ]
        entry = delete_pictures(OWNER, workspace, paths[1:5])
        assert entry.n_files == 4
        assert entry.description == "4 pictures of blue stars, red stars"
        assert len(read_files(image_dir)) == 2
        restore(OWNER, workspace, entry.id)
        assert read_files(image_dir) == before

    def test_missing_pictures_are_skipped(self, workspace, image_dir):
        paths = [image_dir / "red stars" / name for name in ("gone.png", "field 10000.png")]
        entry = delete_pictures(OWNER, workspace, paths)
        assert entry.n_files == 1
        with pytest.raises(DatasetError, match="nothing is left to delete"):
            delete_pictures(OWNER, workspace, paths)
        assert list_trash(workspace) == (entry,)

    def test_may_be_other_files_and_links(self, workspace, image_dir):
        (image_dir / "red stars" / "notes.txt").write_text("x")
        (image_dir / "red stars" / "link.png").symlink_to("nowhere.png")
        for name in ("notes.txt", "link.png"):
            entry = delete_pictures(OWNER, workspace, [image_dir / "red stars" / name])
            assert entry.description == "1 picture of red stars"
        assert len(list((image_dir / "red stars").iterdir())) == 3

    def test_must_be_in_the_workspace(self, workspace, image_dir, tmp_path):
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
