"""How far a job is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class JobState(StrEnum):
    """What a job does."""

    RUNNING = "running"
    STOPPING = "stopping"
    STOPPED = "stopped"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class JobProgress:
    """How far a job is.

    Attributes
    ----------
    state : JobState
    n_done, n_total : int
        Pictures labelled, or named, since the first start, also before it was stopped; and these
        with the ones that wait.
    seconds_left : float or None
        An estimate; None at the beginning.
    problem : str
        Why it failed, in a sentence; else empty.
    is_naming : bool
        Whether objects are being named; pictures are labelled first.
    """

    state: JobState
    n_done: int
    n_total: int
    seconds_left: float | None
    problem: str
    is_naming: bool

    @property
    def is_active(self) -> bool:
        """Whether pictures are being labelled."""
        return self.state in (JobState.RUNNING, JobState.STOPPING)
