"""The status of a run, as saved in its folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from cluster_core.storage.saved_values import (
    check_count,
    check_integer,
    check_shown_text,
    check_text,
    check_time,
)


class RunState(StrEnum):
    """The state of a run; the values are saved in status.json."""

    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"
    STOPPED = "stopped"  # before its last step, with the best model so far kept
    DISCARDED = "discarded"
    FAILED = "failed"

    @property
    def is_over(self) -> bool:
        """Whether the run has ended."""
        return self not in (RunState.QUEUED, RunState.RUNNING)


@dataclass(frozen=True)
class RunStatus:
    """The status of a run.

    Attributes
    ----------
    id : str
        Name of the run's folder; ids sort by the time of submission.
    state : RunState
    created : str
        Time of submission, ISO 8601, UTC.
    started, ended : str or None
        Times of start and end, likewise; None before.
    dataset : str
        Name of the dataset.
    architecture : str
        Name of the backbone.
    stage : str
        A value of `Stage`; empty before the first.
    done, total : int
        Progress within the stage, in pictures or steps; `total` is 0 if it is not known.
    bundle : str or None
        Folder name of the model that the run produced.
    message : str
        Why the run failed, or why it is waiting; empty otherwise.
    exit_code : int or None
        Exit code of the worker process, if the worker ended during the run.
    attempts : int
        Number of starts; more than one if the server ended during the run.
    """

    id: str
    state: RunState
    created: str
    dataset: str
    architecture: str
    started: str | None = None
    ended: str | None = None
    stage: str = ""
    done: int = 0
    total: int = 0
    bundle: str | None = None
    message: str = ""
    exit_code: int | None = None
    attempts: int = 0

    def to_record(self) -> dict[str, Any]:
        """Return the fields as a dict ready for JSON."""
        return asdict(self)

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> RunStatus:
        """Return the status that `to_record` was called on.

        Raises
        ------
        TypeError, ValueError, OverflowError, AttributeError
            The record has missing or unknown fields, or values of the wrong type.
        """
        return cls(**{name: _check_field(name, value) for name, value in record.items()})


def _check_field(name: str, value: object) -> Any:
    if value is None and name in _OPTIONAL:
        return None
    return _CHECKS.get(name, check_shown_text)(value)


_OPTIONAL = frozenset({"started", "ended", "bundle", "exit_code"})
_CHECKS: dict[str, Callable[[object], object]] = {
    "state": lambda value: RunState(check_text(value)),
    **dict.fromkeys(("created", "started", "ended"), check_time),
    **dict.fromkeys(("done", "total", "attempts"), check_count),
    "exit_code": check_integer,  # negative after a signal
}
