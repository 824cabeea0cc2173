"""Pictures of a dataset: added, moved, deleted."""

from __future__ import annotations

import errno

import pytest

from cluster_core.data import picture_files
from cluster_core.data.editing import pictures
from cluster_core.data.editing.inspection import ClassContents
from cluster_core.data.editing.pictures import add_picture, delete_pictures, move_pictures
from cluster_core.data.index import scan_dataset
from cluster_core.errors import DatasetError, ImageError
from cluster_core.storage import safe_moves
from cluster_core.storage.cache_file import CacheFile
from cluster_core.storage.trash import list_trash, restore
from tests.data.editing.files import encode, read_files
from tests.samples import OWNER, not_as_root


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
        monkeypatch.setattr(pictures, "ClassContents", None)
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
        move = pictures.move_without_overwriting

        def race(source, target):
            target.parent.rename(image_dir / "elsewhere")
            return move(source, target)

        monkeypatch.setattr(pictures, "move_without_overwriting", race)
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
