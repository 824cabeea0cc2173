"""Queues for the tests of labelling."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Callable

from PIL import Image

from cluster_core.access import Access
from cluster_core.labelling.filling import QueueFilling, UnlabelledFile
from cluster_core.labelling.guide import Guide
from cluster_core.labelling.queue import LabelQueue
from cluster_core.labelling.queues import QueueSettings, create_queue
from cluster_core.labelling.records import Decision, Verdict
from cluster_core.storage.cache_file import CacheFile
from tests.samples import COLOURS, OWNER, draw_blob

CLASSES = tuple(COLOURS)


def make_png(seed: int, colour=(255, 255, 255)) -> bytes:
    file = io.BytesIO()
    Image.fromarray(draw_blob(seed, colour)).save(file, "PNG")
    return file.getvalue()


def pack(entries: dict[str, bytes]) -> bytes:
    """Return a .zip with these entries."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return file.getvalue()


def make_file(name: str, data: bytes) -> UnlabelledFile:
    return UnlabelledFile(name, lambda: data)


def draw_files(n_each: int) -> list[UnlabelledFile]:
    """Draw files whose names begin with their class."""
    return [
        make_file(f"{label} {seed}.png", make_png(seed + 1000 * number, colour))
        for number, (label, colour) in enumerate(COLOURS.items())
        for seed in range(n_each)
    ]


def make_queue(workspace, files=(), classes=CLASSES, name="Mine") -> LabelQueue:
    queue = create_queue(OWNER, workspace, QueueSettings(name, classes, "sky"))
    fill(workspace, queue, files)
    return queue


def fill(workspace, queue: LabelQueue, files, access: Access = OWNER) -> QueueFilling:
    filling = QueueFilling(access, queue, files)
    with CacheFile(workspace.bottlenecks) as cache:
        filling.add_remaining(cache)
    return filling


def as_class(label: str, tab: str = "tab") -> Decision:
    return Decision(Verdict.LABEL, label, tab)


def find_true_class(queue: LabelQueue, sha256: str) -> str:
    return next(label for label in queue.classes if queue.pictures[sha256].name.startswith(label))


def wait_until(is_so: Callable[[], object], timeout_s: float = 30) -> None:
    deadline_s = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < deadline_s
        time.sleep(0.02)


def wait_until_examined(guide: Guide, n: int) -> None:
    wait_until(lambda: guide.state.n_examined >= n or guide.state.problem)
