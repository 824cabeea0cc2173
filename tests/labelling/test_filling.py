from __future__ import annotations

import pytest

from cluster_core.errors import AccessError, DatasetError
from cluster_core.labelling import filling as filling_module
from cluster_core.labelling.filling import QueueFilling, UnlabelledFile
from cluster_core.labelling.queues import delete_queue, find_queue, list_queues
from cluster_core.storage.cache_file import CacheFile
from cluster_core.storage.trash import restore
from tests.labelling.samples import (
    CLASSES,
    as_class,
    draw_files,
    fill,
    make_file,
    make_png,
    make_queue,
)
from tests.samples import OWNER, VISITOR


@pytest.fixture
def queue(workspace):
    return make_queue(workspace)


def test_picture_is_kept_under_its_hash_with_the_ending_of_its_content(queue, workspace):
    data = make_png(1)
    filling = fill(workspace, queue, [make_file("../../M 13 (1.5 h).jpg", data)])
    assert (filling.n_added, filling.problems) == (1, [])
    (picture,) = find_queue(workspace, queue.id).pictures.values()
    assert (picture.name, picture.suffix) == ("M 13 (1.5 h).jpg", ".png")
    path = queue.find_file(picture.sha256)
    assert path.name == f"{picture.sha256}.png"
    assert path.read_bytes() == data


def test_copies_are_counted_and_bad_files_reported(queue, workspace):
    def fail() -> bytes:
        raise OSError("gone")

    files = [
        make_file("a.png", make_png(1)),
        make_file("copy.png", make_png(1)),
        make_file("broken.png", make_png(2)[:40]),
        make_file("notes.txt", b"no picture"),
        make_file("empty.png", b""),
        UnlabelledFile("gone.png", fail),
    ]
    filling = fill(workspace, queue, files)
    assert (filling.n_added, filling.n_present, filling.n_left) == (1, 1, 0)
    assert len(filling.problems) == 4
    names = ("broken.png", "notes.txt", "empty.png", "gone.png")
    assert all(any(name in problem for problem in filling.problems) for name in names)
    assert all(problem.endswith(".") for problem in filling.problems)


def test_interrupted_filling_goes_on_and_reads_each_file_once(queue, workspace):
    n_read = 0

    def count(file: UnlabelledFile) -> UnlabelledFile:
        def read() -> bytes:
            nonlocal n_read
            n_read += 1
            return file.read()

        return UnlabelledFile(file.name, read)

    filling = QueueFilling(OWNER, queue, [count(file) for file in draw_files(20)])

    def stop(done: int, total: int) -> None:
        raise InterruptedError

    with CacheFile(workspace.bottlenecks) as cache:
        with pytest.raises(InterruptedError):
            filling.add_remaining(cache, stop)
        assert 0 < len(queue.pictures) < 40
        filling.add_remaining(cache)
    assert (len(queue.pictures), filling.n_added, n_read) == (40, 40, 40)


@pytest.mark.parametrize("limit", [("MAX_PICTURES", 2), ("MAX_BYTES", 9_000)])
def test_full_queue_refuses_more(queue, workspace, monkeypatch, limit):
    monkeypatch.setattr(filling_module, *limit)
    filling = fill(workspace, queue, draw_files(2))
    assert 0 < filling.n_added < 4
    assert len(filling.problems) == 4 - filling.n_added
    assert "make another queue" in filling.problems[0]


def test_public_demo_forbids_it(queue, workspace):
    with pytest.raises(AccessError):
        fill(workspace, queue, draw_files(1), VISITOR)
    assert not queue.pictures


def test_queue_that_is_deleted_while_it_is_filled_comes_back_with_its_labels(queue, workspace):
    fill(workspace, queue, draw_files(1))
    labelled = next(iter(queue.pictures))
    queue.decide(OWNER, labelled, as_class(CLASSES[0]))
    entries = []

    def delete_and_read() -> bytes:
        entries.append(delete_queue(OWNER, workspace, queue))
        return make_png(5)

    with pytest.raises(DatasetError, match="no longer exists"):
        fill(workspace, queue, [UnlabelledFile("late.png", delete_and_read)])
    assert not (workspace.queues / queue.id).exists()
    restore(OWNER, workspace, entries[0].id)
    assert list(list_queues(workspace)) == [queue.id]
    assert find_queue(workspace, queue.id).labelled == {labelled: CLASSES[0]}


def test_queue_that_is_deleted_just_before_a_picture_is_written_stays_deleted(
    queue, workspace, monkeypatch
):
    write_draft = filling_module.drafting

    def delete_first(path):
        delete_queue(OWNER, workspace, queue)
        return write_draft(path)

    monkeypatch.setattr(filling_module, "drafting", delete_first)
    with pytest.raises(DatasetError, match="no longer exists"):
        fill(workspace, queue, draw_files(1)[:1])
    assert not (workspace.queues / queue.id).exists()
