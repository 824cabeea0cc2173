from __future__ import annotations

import pytest

from cluster_core.errors import AccessError, BackboneError, DatasetError
from cluster_core.labelling import queues as queues_module
from cluster_core.labelling.queues import (
    QueueSettings,
    create_queue,
    delete_queue,
    find_queue,
    list_queues,
)
from cluster_core.storage.trash import restore
from tests.labelling.samples import CLASSES, as_class, draw_files, make_queue
from tests.samples import OWNER, VISITOR


def test_queues_are_listed_with_their_names(workspace):
    assert list_queues(workspace) == {}
    first, second = make_queue(workspace, name="one"), make_queue(workspace, name=" two \n lines ")
    assert list_queues(workspace) == {first.id: "one", second.id: "two lines"}
    assert find_queue(workspace, first.id).name == "one"


@pytest.mark.parametrize("classes", [(), ("a",), ("a", " A "), tuple(map(str, range(31)))])
def test_queue_needs_two_to_thirty_different_classes(workspace, classes):
    with pytest.raises(DatasetError, match="two to 30 different classes"):
        make_queue(workspace, classes=classes)
    assert list_queues(workspace) == {}


def test_class_that_no_folder_can_have_leaves_no_queue(workspace):
    with pytest.raises(DatasetError, match="cannot be called"):
        make_queue(workspace, classes=("a/b", "c"))
    assert not list(workspace.queues.iterdir())


def test_unknown_network_is_refused(workspace):
    with pytest.raises(BackboneError):
        create_queue(OWNER, workspace, QueueSettings("x", CLASSES, "unknown"))


def test_number_of_queues_is_limited(workspace, monkeypatch):
    monkeypatch.setattr(queues_module, "MAX_QUEUES", 1)
    make_queue(workspace)
    with pytest.raises(DatasetError, match="delete one that is finished"):
        make_queue(workspace)


@pytest.mark.parametrize("queue_id", ["", "..", "../..", "20261128-000000-00000000", "x" * 3000])
def test_unknown_id_is_reported(workspace, queue_id):
    make_queue(workspace)
    with pytest.raises(DatasetError, match="There is no queue"):
        find_queue(workspace, queue_id)


def test_link_is_not_a_queue(workspace, tmp_path):
    queue = make_queue(workspace)
    elsewhere = (workspace.queues / queue.id).rename(tmp_path / "elsewhere")
    (workspace.queues / queue.id).symlink_to(elsewhere)
    assert list_queues(workspace) == {}
    with pytest.raises(DatasetError, match="There is no queue"):
        find_queue(workspace, queue.id)


def test_deleted_queue_is_restored_with_its_decisions(workspace):
    queue = make_queue(workspace, draw_files(1))
    sha256 = next(iter(queue.pictures))
    queue.decide(OWNER, sha256, as_class(CLASSES[0]))
    entry = delete_queue(OWNER, workspace, queue)
    assert list_queues(workspace) == {}
    restore(OWNER, workspace, entry.id)
    again = find_queue(workspace, queue.id)
    assert again.labelled == {sha256: CLASSES[0]}
    assert again.find_file(sha256).is_file()


def test_public_demo_forbids_it(workspace):
    queue = make_queue(workspace)
    with pytest.raises(AccessError):
        create_queue(VISITOR, workspace, QueueSettings("Mine", CLASSES, "sky"))
    with pytest.raises(AccessError):
        delete_queue(VISITOR, workspace, queue)
    assert list(list_queues(workspace)) == [queue.id]
