"""One thread per queue that examines its pictures, learns from labels, and says what comes next."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from cluster_core.data.labels import fold_name
from cluster_core.data.thumbnails import ThumbnailCache
from cluster_core.errors import ClusterError, ImageError
from cluster_core.labelling.advice import N_RANKED, Advice, Adviser
from cluster_core.labelling.features import PORTION, FeatureTable
from cluster_core.labelling.queue import LabelQueue
from cluster_core.labelling.queues import find_queue
from cluster_core.model.bundle.selection import choose_bundle
from cluster_core.storage.cache_file import CacheFile
from cluster_core.workspace import Workspace

# Side of the picture on the page; kept ready for the next few.
SHOWN_SIDE_PX = 1024
# A tab that has not asked for this long is taken as closed.
TAB_TIMEOUT_S = 600
_IDLE_S = 1800
# How soon decisions of other processes are noticed.
_LOOK_EVERY_S = 2.0
# A guide that met a problem, such as a full disk, is started again at a visit after this time.
RETRY_AFTER_S = 30
_UNEXPECTED = (
    "The pictures could not be examined because of an unexpected error, which is in the log. You "
    "can go on labelling: the pictures come in random order."
)
_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class GuideState:
    """What a guide knows at one moment.

    Attributes
    ----------
    advice : Advice
        Its ranking may contain pictures that were decided since.
    n_examined, n_pictures : int
        Pictures whose features were computed or cannot be, and all pictures.
    problem : str
        Why pictures cannot be examined, as a sentence; empty if they can.
    """

    advice: Advice = field(default_factory=Advice)
    n_examined: int = 0
    n_pictures: int = 0
    problem: str = ""


class Guide:
    """Examines one queue in a thread. Its methods may be called from any thread.

    Parameters
    ----------
    workspace : Workspace
    queue : LabelQueue
        Read and used by the thread alone.

    Attributes
    ----------
    state : GuideState
        Replaced as a whole.
    """

    def __init__(self, workspace: Workspace, queue: LabelQueue) -> None:
        self._workspace, self._queue = workspace, queue
        self._changed = threading.Event()
        self._lock = threading.Lock()
        self._shown: dict[str, tuple[str, float]] = {}  # by tab: picture and time
        self._used_s = time.monotonic()
        self._is_stopped = False
        self._ended_s = 0.0
        self._adviser: Adviser | None = None
        # Number of known pictures and the classes of the adviser; with it, the log it has read.
        self._basis: tuple[int, tuple[str, ...]] = (0, ())
        self._advised: tuple[tuple[int, tuple[str, ...]], int] | None = None
        name = f"labelling {queue.id}"
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self.state = GuideState()

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def has_finished(self) -> bool:
        """Return whether the thread has ended for lack of use, or a while ago with a problem."""
        if self._thread.is_alive():
            return False
        return not self.state.problem or time.monotonic() - self._ended_s >= RETRY_AFTER_S

    def notice(self) -> None:
        """Make the thread read what was decided."""
        self._changed.set()

    def pick(self, queue: LabelQueue, tab: str, current: str | None = None) -> str | None:
        """Return the most telling picture that nobody decides about, and reserve it for a tab.

        Parameters
        ----------
        queue : LabelQueue
            The queue as the tab knows it.
        tab : str
            Identifies the tab.
        current : str, optional
            The picture that the tab shows; it stays until there is a decision about it.

        Returns
        -------
        str or None
            Hash of the picture; None if none is left.
        """
        with self._lock:
            self._used_s = now_s = time.monotonic()
            elsewhere = {
                sha256
                for other, (sha256, used_s) in self._shown.items()
                if other != tab and now_s - used_s < TAB_TIMEOUT_S
            }
            free = queue.pictures.keys() - queue.decisions.keys()
            if current not in free:
                # Without advice, hashes are as good as a random order.
                order = (*self.state.advice.ranking, *sorted(free))
                current = next((one for one in order if one in free - elsewhere), None)
                # The last pictures may be open in another tab; the first decision stands.
                current = current or next(iter(sorted(free)), None)
            self._shown[tab] = current or "", now_s
            return current

    def list_other_tabs(self, tab: str) -> set[str]:
        """Return the other tabs that work on the queue."""
        now_s = time.monotonic()
        with self._lock:
            return {
                other
                for other, (_, used_s) in self._shown.items()
                if other != tab and now_s - used_s < TAB_TIMEOUT_S
            }

    def stop(self) -> None:
        """End the thread soon, and wait for it."""
        self._is_stopped = True
        self._changed.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            self._work()
        except ClusterError as error:
            self.state = replace(self.state, problem=str(error))
        except Exception:
            _logger.exception("The queue %s could not be examined", self._queue.id)
            self.state = replace(self.state, problem=_UNEXPECTED)
        finally:
            self._adviser = None  # the features of all pictures
            self._ended_s = time.monotonic()

    def _work(self) -> None:
        table = FeatureTable(self._workspace, self._queue.network)
        while not self._is_stopped and self._queue.exists() and self._is_used():
            self._changed.clear()
            self._queue.refresh()
            is_complete = self._examine_some(table)
            self._update_advice(table, is_complete)
            if is_complete:
                self._changed.wait(_LOOK_EVERY_S)

    def _is_used(self) -> bool:
        return time.monotonic() - self._used_s < _IDLE_S

    def _examine_some(self, table: FeatureTable) -> bool:
        """Examine a portion of the pictures, and return whether that was the last."""
        queue = self._queue
        waiting = sorted(queue.pictures.keys() - {*table.sha256s, *table.problems})
        if waiting:
            table.examine([(sha256, queue.find_file(sha256)) for sha256 in waiting[:PORTION]])
        return len(waiting) <= PORTION

    def _update_advice(self, table: FeatureTable, is_complete: bool) -> None:
        queue, n_known = self._queue, len(table.sha256s)
        basis = n_known, tuple(queue.classes)
        is_due = is_complete or n_known >= 2 * self._basis[0]
        if n_known and is_due and basis != self._basis:
            features = table.stack()
            prior = compute_prior(self._workspace, table, features, queue.classes)
            self._adviser = Adviser(table.sha256s, features, queue.classes, prior)
            self._basis = basis
        advice, advised = self.state.advice, (self._basis, queue.version)
        if self._adviser is not None and advised != self._advised:
            advice = self._adviser.advise(queue.decisions)
            self._advised = advised
        self.state = GuideState(advice, table.n_examined, len(queue.pictures))
        if self._adviser is not None:
            self._prepare(advice)

    def _prepare(self, advice: Advice) -> None:
        """Decode the next pictures, so that the page need not."""
        with CacheFile(self._workspace.bottlenecks) as file:
            thumbnails = ThumbnailCache(file)
            for sha256 in advice.ranking[:N_RANKED]:
                with suppress(ImageError):
                    thumbnails.get(self._queue.find_file(sha256), SHOWN_SIDE_PX)


def compute_prior(
    workspace: Workspace, table: FeatureTable, features: np.ndarray, classes: Sequence[str]
) -> np.ndarray | None:
    """Return what the default model says, if it has the same classes and network.

    Returns
    -------
    ndarray of float, (n_pictures, n_classes + 1), or None
        Scores in the order of the classes; 0 for none of these.
    """
    try:
        bundle = choose_bundle(None, workspace)
    except ClusterError:
        return None
    known = [fold_name(label) for label in bundle.labels]
    wanted = [fold_name(label) for label in classes]
    if (
        sorted(known) != sorted(wanted)
        or bundle.backbone.weights_sha256 != table.weights_sha256
        or bundle.preprocessing != table.preprocessing
    ):
        return None
    scores = bundle.head.compute_scores(features[:, np.newaxis])
    ordered = scores[:, [known.index(label) for label in wanted]]
    return np.hstack([ordered, np.zeros((len(ordered), 1))])


_guides: dict[tuple[Path, str], Guide] = {}
_guides_lock = threading.Lock()


def obtain_guide(workspace: Workspace, queue_id: str) -> Guide:
    """Return the guide of a queue in this process; start it if it is not running.

    Raises
    ------
    DatasetError
        There is no such queue.
    """
    key = workspace.root.absolute(), queue_id
    with _guides_lock:
        guide = _guides.get(key)
        if guide is None or guide.has_finished():
            guide = _guides[key] = Guide(workspace, find_queue(workspace, queue_id))
            guide.start()
        return guide


def stop_guides() -> None:
    """End the threads of all queues."""
    with _guides_lock:
        for guide in _guides.values():
            guide.stop()
        _guides.clear()
