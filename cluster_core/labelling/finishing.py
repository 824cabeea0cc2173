"""The labelled pictures of a queue, on their way into a dataset."""

from __future__ import annotations

from collections.abc import Callable

from cluster_core.answers.adding import LabelledPicture
from cluster_core.data.counter_classes import COUNTER_CLASS
from cluster_core.errors import ImageError, ImageProblem
from cluster_core.labelling.queue import LabelQueue
from cluster_core.labelling.records import QueuedPicture, Verdict


def list_finished(queue: LabelQueue) -> list[LabelledPicture]:
    """Return the labelled pictures of a queue; those that are none of these as counter-examples."""
    found = []
    for sha256, decision in queue.decisions.items():
        is_none = decision.verdict is Verdict.NONE
        if label := COUNTER_CLASS if is_none else decision.label:
            picture = queue.pictures[sha256]
            read = _make_reader(queue, picture)
            found.append(LabelledPicture(label, picture.name, picture.n_bytes, sha256, read))
    return found


def _make_reader(queue: LabelQueue, picture: QueuedPicture) -> Callable[[], bytes]:
    path = queue.find_file(picture.sha256)

    def read() -> bytes:
        try:
            return path.read_bytes()
        except OSError as error:
            raise ImageError(
                f"{picture.name} is no longer in the queue: add it again.",
                path=picture.name,
                reason=ImageProblem.UNREADABLE,
            ) from error

    return read
