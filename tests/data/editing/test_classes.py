"""Classes of a dataset: added, renamed, deleted."""

from __future__ import annotations

from functools import partial

import pytest

from cluster_core.data.editing.classes import add_class, delete_class, list_classes, rename_class
from cluster_core.data.editing.pictures import add_picture, move_pictures
from cluster_core.errors import DatasetError
from cluster_core.storage.trash import restore
from tests.data.editing.files import encode, read_files
from tests.samples import OWNER


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
