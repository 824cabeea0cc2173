from __future__ import annotations

import json
import threading

import filelock
import pytest

from cluster_core.errors import AccessError, DatasetError
from cluster_core.labelling import queue_log
from cluster_core.labelling.queue import DecidedError
from cluster_core.labelling.queue_log import LOG
from cluster_core.labelling.queues import find_queue
from cluster_core.labelling.records import Decision, Verdict
from tests.labelling.samples import CLASSES, as_class, draw_files, make_queue
from tests.samples import OWNER, VISITOR, run_python

BLUE, RED = CLASSES


@pytest.fixture
def queue(workspace):
    return make_queue(workspace, draw_files(2))


@pytest.fixture
def hashes(queue):
    return list(queue.pictures)


def reopen(queue, workspace):
    return find_queue(workspace, queue.id)


def test_decisions_are_found_again_in_order(queue, hashes, workspace):
    queue.decide(OWNER, hashes[2], as_class(RED))
    queue.decide(OWNER, hashes[0], Decision(Verdict.NONE, None, "tab"))
    queue.decide(OWNER, hashes[1], Decision(Verdict.SKIP, None, "tab"))
    again = reopen(queue, workspace)
    assert list(again.decisions) == [hashes[2], hashes[0], hashes[1]]
    assert again.labelled == {hashes[2]: RED}
    assert again.decisions[hashes[0]].verdict is Verdict.NONE
    assert again.classes == list(CLASSES)


def test_first_of_two_decisions_stands_and_the_second_is_refused(queue, hashes, workspace):
    other = reopen(queue, workspace)
    queue.decide(OWNER, hashes[0], as_class(BLUE))
    with pytest.raises(DecidedError, match=f"first, as {BLUE}: that stays, and your {RED}"):
        other.decide(OWNER, hashes[0], as_class(RED, "other"))
    assert reopen(queue, workspace).labelled == {hashes[0]: BLUE}


def test_tabs_see_each_other(queue, hashes, workspace):
    other = reopen(queue, workspace)
    queue.decide(OWNER, hashes[0], as_class(BLUE))
    queue.add_class(OWNER, "green stars")
    other.refresh()
    assert other.labelled == {hashes[0]: BLUE}
    other.decide(OWNER, hashes[1], as_class("green stars", "other"))


def test_own_decision_is_taken_back_before_one_of_a_closed_tab(queue, hashes, workspace):
    queue.decide(OWNER, hashes[0], as_class(BLUE, "closed"))
    queue.decide(OWNER, hashes[1], as_class(BLUE, "mine"))
    queue.decide(OWNER, hashes[2], as_class(BLUE, "open"))
    assert queue.take_back_latest(OWNER, "mine", {"open"}) == hashes[1]
    assert queue.take_back_latest(OWNER, "mine", {"open"}) == hashes[0]
    assert queue.take_back_latest(OWNER, "mine", {"open"}) is None
    assert reopen(queue, workspace).labelled == {hashes[2]: BLUE}


def test_picture_that_was_taken_back_can_be_decided_again(queue, hashes):
    queue.decide(OWNER, hashes[0], as_class(BLUE))
    queue.take_back_latest(OWNER, "tab")
    queue.decide(OWNER, hashes[0], as_class(RED))
    assert queue.labelled == {hashes[0]: RED}


def test_skipped_pictures_come_back(queue, hashes):
    queue.decide(OWNER, hashes[0], Decision(Verdict.SKIP, None, "tab"))
    queue.decide(OWNER, hashes[1], as_class(RED))
    queue.take_back_skips(OWNER)
    assert list(queue.decisions) == [hashes[1]]


def test_threads_that_decide_at_once_lose_nothing(queue, hashes, workspace):
    refused = []

    def work(tab: str) -> None:
        own = reopen(queue, workspace)
        for sha256 in hashes:
            try:
                own.decide(OWNER, sha256, as_class(BLUE, tab))
            except DecidedError as error:
                refused.append(error.decision.tab)

    threads = [threading.Thread(target=work, args=(f"tab {n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    queue.refresh()
    assert len(queue.decisions) == len(hashes)
    assert len(refused) == 3 * len(hashes)


def test_another_process_decides_in_the_same_queue(queue, hashes, workspace):
    code = (
        "import sys; from pathlib import Path\n"
        "from cluster_core.access import Access\n"
        "from cluster_core.labelling.queue import LabelQueue\n"
        "from cluster_core.labelling.records import Decision, Verdict\n"
        "queue = LabelQueue(Path(sys.argv[1]))\n"
        "queue.decide(Access.owner(), sys.argv[2], Decision(Verdict.LABEL, sys.argv[3], 'other'))"
    )
    folder = workspace.queues / queue.id
    done = run_python("-c", code, folder, hashes[0], RED)
    assert done.returncode == 0, done.stderr
    queue.refresh()
    assert queue.labelled == {hashes[0]: RED}


def test_half_a_line_of_a_killed_process_spoils_no_other(queue, hashes, workspace):
    queue.decide(OWNER, hashes[0], as_class(BLUE))
    log = workspace.queues / queue.id / LOG
    with log.open("ab") as stream:
        stream.write(b'{"decided": "' + hashes[1].encode())
    again = reopen(queue, workspace)
    again.decide(OWNER, hashes[2], as_class(RED))
    assert reopen(queue, workspace).labelled == {hashes[0]: BLUE, hashes[2]: RED}


@pytest.mark.parametrize(
    "line",
    [
        b"\xff\x00",
        b"[]",
        b'{"decided": "x", "verdict": "label", "label": "a", "tab": "t"}',
        b'{"picture": "../../x", "name": "x", "suffix": ".jpg", "n_bytes": 1}',
        b'{"picture": "' + b"0" * 64 + b'", "name": "x", "suffix": "/../x", "n_bytes": 1}',
        b'{"class": "../up"}',
        b'{"taken back": 5}',
        b"[" * 100_000,
    ],
)
def test_damaged_line_is_skipped(queue, hashes, workspace, line):
    log = workspace.queues / queue.id / LOG
    good = {"decided": hashes[0], "verdict": "label", "label": BLUE, "tab": "t"}
    log.write_bytes(log.read_bytes() + line + b"\n" + json.dumps(good).encode() + b"\n")
    again = reopen(queue, workspace)
    assert again.labelled == {hashes[0]: BLUE}
    assert (list(again.pictures), again.classes) == (hashes, list(CLASSES))


def test_unknown_picture_and_class_are_refused(queue, hashes):
    with pytest.raises(DatasetError, match="no longer in the queue"):
        queue.decide(OWNER, "0" * 64, as_class(BLUE))
    with pytest.raises(DatasetError, match="was removed in another tab"):
        queue.decide(OWNER, hashes[0], as_class("green stars"))
    assert not queue.decisions


def test_class_with_pictures_is_not_removed(queue, hashes):
    queue.decide(OWNER, hashes[0], as_class(BLUE))
    with pytest.raises(DatasetError, match="take their labels back first"):
        queue.remove_class(OWNER, BLUE)
    queue.remove_class(OWNER, RED)
    assert queue.classes == [BLUE]


@pytest.mark.parametrize("name", ["", "a/b", BLUE, BLUE.upper(), "con"])
def test_impossible_class_is_refused(queue, name):
    with pytest.raises(DatasetError):
        queue.add_class(OWNER, name)
    assert queue.classes == list(CLASSES)


def test_deleted_queue_does_not_come_back_in_another_tab(queue, hashes, workspace):
    other = reopen(queue, workspace)
    (workspace.queues / queue.id).rename(workspace.root / "gone")
    with pytest.raises(DatasetError, match="no longer exists"):
        other.decide(OWNER, hashes[0], as_class(BLUE))
    assert not (workspace.queues / queue.id).exists()
    assert not other.exists()


def test_queue_that_is_deleted_while_a_tab_waits_for_it_stays_deleted(
    queue, hashes, workspace, monkeypatch
):
    make_lock = filelock.FileLock

    def delete_first(*arguments, **options):
        (workspace.queues / queue.id).rename(workspace.root / "gone")
        return make_lock(*arguments, **options)

    monkeypatch.setattr(queue_log.filelock, "FileLock", delete_first)
    with pytest.raises(DatasetError, match="no longer exists"):
        queue.decide(OWNER, hashes[0], as_class(BLUE))
    assert not (workspace.queues / queue.id).exists()


def test_full_log_refuses_a_decision_and_keeps_the_rest(queue, hashes, workspace, monkeypatch):
    queue.decide(OWNER, hashes[0], as_class(BLUE))
    monkeypatch.setattr(queue_log, "MAX_LOG_BYTES", queue.version + 10)
    with pytest.raises(DatasetError, match="add its labelled pictures to a dataset"):
        queue.decide(OWNER, hashes[1], as_class(BLUE))
    monkeypatch.undo()
    assert reopen(queue, workspace).labelled == {hashes[0]: BLUE}


def test_public_demo_forbids_every_change(queue, hashes):
    queue.decide(OWNER, hashes[0], as_class(BLUE))
    for change in (
        lambda: queue.decide(VISITOR, hashes[1], as_class(BLUE)),
        lambda: queue.take_back_latest(VISITOR, "tab"),
        lambda: queue.take_back(VISITOR, hashes),
        lambda: queue.take_back_skips(VISITOR),
        lambda: queue.add_class(VISITOR, "green stars"),
        lambda: queue.remove_class(VISITOR, RED),
        lambda: queue.add_picture(VISITOR, queue.pictures[hashes[0]], lambda _: None),
    ):
        with pytest.raises(AccessError):
            change()
    assert queue.labelled == {hashes[0]: BLUE}
