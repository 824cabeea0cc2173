"""A queue for the sample, and everything in the core that reads one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from cluster_core.labelling.filling import QueueFilling, UnlabelledFile
from cluster_core.labelling.finishing import list_finished
from cluster_core.labelling.queues import QueueSettings, create_queue, find_queue, list_queues
from cluster_core.labelling.records import Decision, Verdict
from cluster_core.storage.cache_file import CacheFile
from cluster_core.workspace import Workspace
from tests.fuzz.case import Case
from tests.samples import OWNER


def write_queue(workspace: Workspace, pictures: Sequence[Path], classes: Sequence[str]) -> None:
    """Write a queue with one decision of each kind, the last taken back."""
    queue = create_queue(OWNER, workspace, QueueSettings("Unsorted", classes, "sky"))
    files = [UnlabelledFile(path.name, path.read_bytes) for path in pictures]
    with CacheFile(workspace.bottlenecks) as cache:
        QueueFilling(OWNER, queue, files).add_remaining(cache)
    labels = {Verdict.LABEL: classes[0], Verdict.NONE: None, Verdict.SKIP: None}
    for sha256, (verdict, label) in zip(queue.pictures, labels.items(), strict=False):
        queue.decide(OWNER, sha256, Decision(verdict, label, "tab"))
    queue.take_back_latest(OWNER, "tab")


def read_queues(case: Case) -> None:
    """List the queues, read each, and what it would add to a dataset."""
    found = case.try_out("list_queues", partial(list_queues, case.workspace))
    for queue_id in found if isinstance(found, dict) else ():
        case.try_out(f"find_queue {queue_id}", partial(_use_queue, case.workspace, queue_id))


def _use_queue(workspace: Workspace, queue_id: str) -> object:
    queue = find_queue(workspace, queue_id)
    return queue.name, queue.classes, [picture.read() for picture in list_finished(queue)]
