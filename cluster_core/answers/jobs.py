"""Label the pictures of a room in a thread that goes on when nobody watches."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import closing

from cluster_core.access import Access, Action
from cluster_core.answers.answering import Answerer, answer_pictures
from cluster_core.answers.job_progress import JobProgress, JobState
from cluster_core.answers.naming import list_unnamed, name_pictures
from cluster_core.answers.room import AnswerRoom
from cluster_core.answers.rooms import find_room
from cluster_core.answers.supplies import Supply
from cluster_core.errors import ClusterError, ImageError, RunError
from cluster_core.sky_names.solving import RunLimits, Solver, find_shared_solver
from cluster_core.workspace import Workspace

# The first answers take longer, so that an estimate from them would be far too long.
_ESTIMATE_FROM = 20
_MAX_LEFT_OUT = 1_000
_UNEXPECTED = "Classifying ended with an unexpected error, which is in the server's log: try again."
_logger = logging.getLogger(__name__)


class AnsweringJob:
    """Labels the pictures of one room with one model. Its methods may be called from any thread.

    Parameters
    ----------
    workspace : Workspace
    room_id : str
    answerer : Answerer

    Attributes
    ----------
    n_present : int
        Pictures of archives and folders that were in the room already.
    names_wanted : bool
        Whether the objects in the pictures are being named, or will be.
    left_out : list of str
        Why other pictures were not added, in a sentence for each of the first thousand.
    n_left_out : int
        The number of all of them.
    """

    def __init__(self, workspace: Workspace, room_id: str, answerer: Answerer) -> None:
        self._workspace, self._room_id, self._answerer = workspace, room_id, answerer
        self._supplies: deque[Supply] = deque()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stop_requested = threading.Event()
        self._state, self._problem = JobState.DONE, ""
        self.names_wanted = self._is_naming = self._is_closed = False
        self._solver: Solver | None = None
        self._n_done = self._n_waiting = 0
        # Of labelled (False) and named (True) pictures.
        self._n_done_before_stop: Counter[bool] = Counter()
        self._started_s = 0.0
        self.n_present, self.n_left_out = 0, 0
        self.left_out: list[str] = []

    def start(self, supplies: Sequence[Supply] = ()) -> None:
        """Start, or go on, also with these pictures."""
        with self._lock:
            self._supplies.extend(supplies)
            if self._is_closed:
                self._close_supplies()
                return
            for supply in supplies:
                for problem in supply.problems:
                    self._leave_out(problem)
            if self._state is JobState.RUNNING:
                return
            if self._state in (JobState.STOPPED, JobState.FAILED):
                self._n_done_before_stop[self._is_naming] += self._n_done
            else:
                self._n_done_before_stop.clear()
            self._state, self._problem = JobState.RUNNING, ""
            self._is_naming = False
            self._restart_clock()
            self._stop_requested.clear()
            name = f"answers {self._room_id[:8]}"
            self._thread = threading.Thread(target=self._run, name=name, daemon=True)
            self._thread.start()

    def name_objects(self, access: Access) -> None:
        """Also name the objects in the pictures, once all are labelled.

        Raises
        ------
        AccessError
            This server does not allow it.
        """
        access.require(Action.SOLVE)
        limits = RunLimits(is_stopped=self._stop_requested.is_set)
        solver = find_shared_solver(access, limits, wait_s=None)
        with self._lock:
            self._solver, self.names_wanted = solver, True
        self.start()

    def stop(self) -> None:
        """End soon; what has been labelled is kept, and `start` goes on with the rest."""
        self._stop_requested.set()

    def close(self) -> None:
        """End soon, and let go of the pictures that were not taken; it does not start again."""
        self._stop_requested.set()
        with self._lock:
            self._is_closed = True
            if self._state is not JobState.RUNNING:
                self._close_supplies()

    def wait(self, timeout_s: float | None = None) -> None:
        """Wait until the thread ends, at most for this time."""
        if self._thread is not None:
            self._thread.join(timeout_s)

    @property
    def progress(self) -> JobProgress:
        """How far it is."""
        n_left = self._n_waiting + sum(supply.n_left for supply in tuple(self._supplies))
        seconds_left = None
        if self._n_done >= _ESTIMATE_FROM:
            passed_s = time.monotonic() - self._started_s
            seconds_left = n_left * passed_s / self._n_done
        n_done = self._n_done_before_stop[self._is_naming] + self._n_done
        state = self._state
        if state is JobState.RUNNING and self._stop_requested.is_set():
            state = JobState.STOPPING
        return JobProgress(
            state, n_done, n_done + n_left, seconds_left, self._problem, self._is_naming
        )

    def _run(self) -> None:
        state, problem = JobState.FAILED, ""
        try:
            if room := find_room(self._workspace, self._room_id):
                self._work(room)
                state = JobState.STOPPED if self._stop_requested.is_set() else JobState.DONE
        except ClusterError as error:
            problem = str(error)
        except Exception:
            _logger.exception("The pictures of a room could not be labelled")
            problem = _UNEXPECTED
        with self._lock:
            # Pictures, or the wish for names, may have come at the last moment.
            is_forgotten = state is JobState.DONE and (self._supplies or self.names_wanted)
            self._state, self._problem = state, problem
            if self._is_closed:
                self._close_supplies()
        if is_forgotten:
            self.start()

    def _work(self, room: AnswerRoom) -> None:
        tried: set[int] = set()
        while not self._stop_requested.is_set():
            room.refresh()
            waiting = [n for n in self._answerer.list_waiting(room) if n not in tried]
            self._n_waiting = len(waiting)
            if not waiting and not self._supplies:
                if self.names_wanted and self._name_objects(room):
                    continue
                return
            numbers = iter(waiting) if waiting else self._take_in(room)
            with closing(answer_pictures(room, self._answerer, numbers)) as answered:
                for one in answered:
                    tried.add(one.number)
                    self._n_done += 1
                    self._n_waiting = max(0, self._n_waiting - 1)
                    if self._stop_requested.is_set():
                        break

    def _name_objects(self, room: AnswerRoom) -> bool:
        """Name the objects in the pictures that lack it; return whether there were any."""
        if not (unnamed := list_unnamed(room)):
            with self._lock:
                self.names_wanted = False
            return False
        self._is_naming = True
        self._n_done_before_stop[False] = 0  # all are labelled
        self._restart_clock(len(unnamed))
        with closing(name_pictures(room, self._workspace, self._solver, unnamed)) as named:
            try:
                for _ in named:
                    self._n_done += 1
                    self._n_waiting -= 1
                    if self._stop_requested.is_set():
                        break
            except RunError:
                if not self._stop_requested.is_set():  # which stops the solver, too
                    raise
        return True

    def _restart_clock(self, n_waiting: int = 0) -> None:
        self._n_done, self._n_waiting = 0, n_waiting
        self._started_s = time.monotonic()

    def _take_in(self, room: AnswerRoom) -> Iterator[int]:
        """Put the pictures of the first supply into the room, and yield their numbers."""
        supply = self._supplies[0]
        for name, read in supply:
            if self._stop_requested.is_set():
                supply.n_taken -= 1
                return
            try:
                kept = room.add_picture(name, read())
            except ImageError as error:
                self._leave_out(str(error))
                if room.is_full:  # the sentence holds for the rest
                    self.n_left_out += supply.n_left
                    supply.n_taken = len(supply.pictures)
                continue
            if kept is None:
                self.n_present += 1
                continue
            self._n_waiting += 1
            yield kept.number
        self._supplies.popleft()

    def _close_supplies(self) -> None:
        while self._supplies:
            self._supplies.popleft().close()

    def _leave_out(self, problem: str) -> None:
        self.n_left_out += 1
        if len(self.left_out) < _MAX_LEFT_OUT:
            self.left_out.append(problem)
