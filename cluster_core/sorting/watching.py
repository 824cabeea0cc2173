"""Sort what a camera program drops into a folder, as soon as each file is complete."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from cluster_core.access import Access
from cluster_core.errors import SortingError
from cluster_core.model.prediction.predictor import Predictor
from cluster_core.model.prediction.source import AnswerSource
from cluster_core.model.prediction.tables.names import NameCounts
from cluster_core.sorting.answering import AnsweredFile, Identify, answer_files
from cluster_core.sorting.arrivals import Arrivals
from cluster_core.sorting.finding import find_files
from cluster_core.sorting.sorter import Sorter, SortSettings

SETTLE_S, _POLL_S, _RETRY_S = 5.0, 1.0, 10.0
# A table is written whole: between two of them, this many times as long as it takes.
_TABLE_PAUSE = 20


@dataclass(frozen=True)
class SortTask:
    """What is sorted, and how.

    Attributes
    ----------
    paths : sequence of Path
        Files and folders; only folders if they are watched.
    settings : SortSettings
    predictor : Predictor
    source : AnswerSource
    identify : callable or None
    settle_s : float
        While watching, a file is complete once it has not changed for this many seconds.
    """

    paths: Sequence[Path]
    settings: SortSettings
    predictor: Predictor
    source: AnswerSource
    identify: Identify | None = None
    settle_s: float = SETTLE_S


class Watcher:
    """Watches folders until it is stopped.

    Parameters
    ----------
    access : Access
    task : SortTask
    tell : callable
        Called with a sentence about each file, and about what is waited for.

    Attributes
    ----------
    stop : threading.Event
        Set by another thread, or by a signal, to end after the present file.
    names : NameCounts
        The objects in the pictures, if they are identified.
    waiting : list of Path
        After `run`, the files that were neither sorted nor reported.
    """

    def __init__(self, access: Access, task: SortTask, tell: Callable[[str], None]) -> None:
        self._access, self._task, self._tell = access, task, tell
        self._arrivals = Arrivals(task.settle_s)
        self._waits: dict[str, str] = {}
        self._is_table_old, self._next_table_s = False, 0.0
        self._reported: set[Path] = set()
        self.stop, self.names = threading.Event(), NameCounts()
        self.waiting: list[Path] = []

    def run(self) -> None:
        """Watch until `stop` is set. A disk that is full or has gone is waited for.

        Raises
        ------
        AccessError
            This server does not allow it.
        SortingError
            The output folder cannot be used at the start.
        """
        has_opened = False
        while not self.stop.is_set():
            try:
                with Sorter(self._access, self._task.settings, self._task.source) as sorter:
                    has_opened = True
                    while not self.stop.is_set():
                        self._look(sorter)
                        self._update_table(sorter)
                        self.stop.wait(_POLL_S)
                    self._update_table(sorter)
                    self.waiting = self._list_waiting(sorter)
            except SortingError as error:
                if not has_opened:
                    raise
                self._tell_wait("disk", str(error))
                self._arrivals = Arrivals(self._task.settle_s)  # all that are not sorted yet
                self.stop.wait(_RETRY_S)

    def _look(self, sorter: Sorter) -> None:
        """Sort the files that are complete now."""
        gone = [path for path in self._task.paths if not path.is_dir()]
        reason = f"{gone[0]} cannot be opened: waiting until it is back." if gone else ""
        self._tell_wait("source", reason)
        complete = self._arrivals.notice(find_files(self._task.paths), time.monotonic())
        waiting = [path for path in complete if not sorter.is_sorted(path)]
        if not waiting:
            return
        self._is_table_old = True
        answers = answer_files(self._task.predictor, waiting, self._task.identify)
        with closing(answers):
            for one in answers:
                self._sort(sorter, one)
                if self.stop.is_set():
                    break

    def _list_waiting(self, sorter: Sorter) -> list[Path]:
        folders = [path for path in self._task.paths if path.is_dir()]
        return [
            path
            for path in find_files(folders)
            if path not in self._reported and not sorter.is_sorted(path)
        ]

    def _update_table(self, sorter: Sorter) -> None:
        """Write the table if it is due, or if this is the end."""
        start_s = time.monotonic()
        if not self._is_table_old or (start_s < self._next_table_s and not self.stop.is_set()):
            return
        sorter.write_table()
        end_s = time.monotonic()
        self._is_table_old = False
        self._tell_wait("disk", "")
        self._next_table_s = end_s + _TABLE_PAUSE * (end_s - start_s)

    def _sort(self, sorter: Sorter, one: AnsweredFile) -> None:
        prediction = one.answer.prediction
        is_whole = prediction is not None and not prediction.warning
        if not is_whole and self._arrivals.wait_longer(one.path):
            return
        problem = sorter.sort(one)
        if problem:
            self._reported.add(one.path)
        self.names.add(one.answer)
        self._tell(problem or f"{one.path.name}: {sorter.latest}")

    def _tell_wait(self, what: str, reason: str) -> None:
        """Say why something is waited for, once; an empty reason ends the wait."""
        if reason and reason != self._waits.get(what):
            self._tell(reason)
        self._waits[what] = reason
