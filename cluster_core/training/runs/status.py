"""Where a run stands."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any


class RunState(StrEnum):
    """What a run is doing, or how it ended."""

    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"
    STOPPED = "stopped"  # before its last step, and the best so far was kept
    DISCARDED = "discarded"
    FAILED = "failed"

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen."""
        return self not in (RunState.QUEUED, RunState.RUNNING)


@dataclass(frozen=True)
class RunStatus:
    """Where a run stands.

    Attributes
    ----------
    id : str
        Name of its folder; later runs have greater ids.
    state : RunState
    created : str
        When it was asked for, ISO 8601, UTC.
    started, ended : str or None
        Likewise; None if it did not yet.
    dataset : str
        Name of the dataset.
    architecture : str
        Name of the backbone.
    stage : str
        A value of `Stage`; empty before the first.
    done, total : int
        How far the stage is, in pictures or steps; total is 0 where that is not known.
    bundle : str or None
        Folder name of the model it made.
    message : str
        Why it failed, in a sentence.
    exit_code : int or None
        Of the worker process, where that ended.
    attempts : int
        How often it was begun; more than once if the server stopped meanwhile.
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
        """Return it as JSON takes it."""
        return asdict(self)

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> RunStatus:
        """Return what `to_record` gave; ValueError, TypeError or KeyError for anything else."""
        status = cls(**{**record, "state": RunState(record["state"])})
        for field in fields(status):
            kinds = _KINDS.get(field.name, (str,))
            if type(getattr(status, field.name)) not in kinds:
                raise ValueError(f"{field.name} is odd")
        return status


_TEXT_OR_NONE = (str, type(None))
_KINDS: dict[str, tuple[type, ...]] = {
    "state": (RunState,),
    "started": _TEXT_OR_NONE,
    "ended": _TEXT_OR_NONE,
    "bundle": _TEXT_OR_NONE,
    "done": (int,),
    "total": (int,),
    "attempts": (int,),
    "exit_code": (int, type(None)),
}
