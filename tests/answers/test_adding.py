from __future__ import annotations

import io

import pytest
from PIL import Image

from cluster_core.answers.adding import Addition, list_labelled
from cluster_core.answers.records import Review
from cluster_core.answers.rooms import create_room
from cluster_core.data.catalog import list_datasets
from cluster_core.errors import AccessError, DatasetError
from cluster_core.storage.cache_file import CacheFile
from cluster_core.storage.trash import restore
from tests.samples import OWNER, VISITOR, draw_blob, save_picture


def make_png(seed: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(draw_blob(seed)).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def room(workspace):
    """Three pictures: open, unknown, and without a review."""
    room = create_room(workspace)
    numbers = [room.add_picture(f"{n}.png", make_png(n)).number for n in range(3)]
    room.review(numbers[:1], Review("open"))
    room.review(numbers[1:2], Review(None))
    return room


def add(workspace, dataset, room) -> Addition:
    addition = Addition(OWNER, workspace, dataset, list_labelled(room, list(room.pictures)))
    with CacheFile(workspace.bottlenecks) as cache:
        addition.batch.store_remaining(cache)
    return addition


def list_files(workspace) -> list[str]:
    return sorted(
        str(path.relative_to(workspace.root))
        for path in workspace.root.glob("*_photos/*/*")
        if path.is_file()
    )


def test_only_pictures_with_a_class_are_added_to_a_new_dataset(workspace, room):
    addition = add(workspace, "mine", room)
    assert list_files(workspace) == ["mine_photos/open/0.png"]
    assert addition.batch.report().added == {"open": 1}


@pytest.mark.parametrize(("present", "folder"), [("None of These", None), ("x", "none_of_these")])
def test_counter_examples_go_into_the_class_that_the_dataset_has(workspace, room, present, folder):
    save_picture(workspace.root / "mine_photos" / present / "a.png", draw_blob(70))
    room.review(list(room.pictures), Review("none_of_these"))
    assert add(workspace, "mine", room).batch.report().added == {folder or present: 3}


def test_undo_takes_out_the_new_dataset_and_can_be_undone(workspace, room):
    entry = add(workspace, "mine", room).take_back()
    assert list_datasets(workspace) == ()
    restore(OWNER, workspace, entry.id)
    assert list_files(workspace) == ["mine_photos/open/0.png"]


def test_undo_leaves_what_was_added_to_the_new_dataset_later(workspace, room):
    addition = add(workspace, "mine", room)
    save_picture(workspace.root / "mine_photos" / "open" / "later.png", draw_blob(50))
    (workspace.root / "mine_photos" / "globular").mkdir()
    entry = addition.take_back()
    assert entry.n_files == 1
    assert list_files(workspace) == ["mine_photos/open/later.png"]
    restore(OWNER, workspace, entry.id)
    assert list_files(workspace) == ["mine_photos/open/0.png", "mine_photos/open/later.png"]


def test_undo_leaves_what_was_there_before(workspace, room):
    root = workspace.root / "mine_photos"
    save_picture(root / "open" / "before.png", draw_blob(50))
    room.review([2], Review("new class"))
    room.review([3], Review("open"))
    addition = add(workspace, "mine", room)
    assert len(list_files(workspace)) == 4
    addition.take_back()
    assert list_files(workspace) == ["mine_photos/open/before.png"]
    assert not (root / "new class").exists()


def test_copies_are_refused_in_the_class_and_in_another(workspace, room):
    root = workspace.root / "mine_photos"
    (root / "open").mkdir(parents=True)
    (root / "globular").mkdir()
    (root / "open" / "same.png").write_bytes(make_png(0))
    (root / "globular" / "twin.png").write_bytes(make_png(2))
    room.review([3], Review("open"))
    addition = add(workspace, "mine", room)
    reasons = [file.reason for file in addition.batch.report().rejected]
    assert addition.batch.stored == ()
    assert "already has the same picture: same.png" in reasons[0]
    assert "the class globular already has the same picture: twin.png" in reasons[1]


def test_picture_with_two_names_and_two_classes_is_refused(workspace, room):
    again = room.add_picture("again.png", make_png(0)).number
    room.review([again], Review("globular"))
    room.review([3], Review("open"))
    addition = add(workspace, "mine", room)
    assert list_files(workspace) == ["mine_photos/open/2.png"]
    reasons = [file.reason for file in addition.batch.report().rejected]
    assert len(reasons) == 2
    assert all("different classes" in reason for reason in reasons)


def test_nothing_added_leaves_no_empty_dataset(workspace, room):
    number = room.add_picture("broken.png", b"broken").number
    room.review([1], None)
    room.review([number], Review("open"))
    addition = add(workspace, "mine", room)
    assert len(addition.batch.report().rejected) == 1
    addition.discard_empty()
    assert list_datasets(workspace) == ()


def test_picture_that_was_removed_meanwhile_is_left_out_with_its_reason(workspace, room):
    addition = Addition(OWNER, workspace, "mine", list_labelled(room, list(room.pictures)))
    room.find_file(1).unlink()
    with CacheFile(workspace.bottlenecks) as cache:
        addition.batch.store_remaining(cache)
    (rejected,) = addition.batch.report().rejected
    assert "no longer kept" in rejected.reason


@pytest.mark.parametrize("name", ["../up", "", "a/b", "test"])
def test_impossible_dataset_is_refused(workspace, room, name):
    with pytest.raises(DatasetError):
        Addition(OWNER, workspace, name, list_labelled(room, list(room.pictures)))


def test_public_demo_forbids_it(workspace, room):
    with pytest.raises(AccessError):
        Addition(VISITOR, workspace, "mine", list_labelled(room, list(room.pictures)))
    assert list_datasets(workspace) == ()
