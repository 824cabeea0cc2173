"""The workers' side of a Dask cluster: what is sent to them, and what they run."""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import distributed
from distributed import WorkerPlugin

from cluster_core.errors import ClusterError, RunError
from cluster_core.storage.mapping import Outcome, apply
from cluster_core.version import __version__


class Item(Protocol):
    """A picture that can travel by its path, or with its content."""

    @property
    def path(self) -> Path | None:
        """The file, if it is on this computer."""

    def with_content(self) -> Item:
        """Return the same picture with the content of its file."""


I = TypeVar("I", bound=Item)  # noqa: E741 (a type)


class NotHere:
    """What a worker returns for a file that is missing or different there."""


@dataclass(frozen=True)
class Mark:
    """Size and time of a file, which tell whether it is the same without reading it.

    Times are in whole seconds, because file systems round them differently.
    """

    n_bytes: int
    written_s: int

    @classmethod
    def of(cls, path: Path) -> Mark:
        """Return the mark of a file; OSError if there is none."""
        status = path.stat()
        return cls(status.st_size, int(status.st_mtime))


@dataclass(frozen=True)
class Parcel(Generic[I]):
    """An item that is sent, with the mark of its file unless its content is sent along."""

    item: I
    mark: Mark | None

    def is_here(self) -> bool:
        """Tell whether this computer has the item."""
        if self.mark is None:
            return True
        try:
            return self.item.path is not None and Mark.of(self.item.path) == self.mark
        except OSError:
            return False


class Job(WorkerPlugin):  # type: ignore[misc]  # distributed has no types
    """Keeps a function on a worker, with the model that it needs."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self.function = function


def work_on_block(job: str, parcels: list[Parcel[Any]]) -> Outcome[Any]:
    """Apply the function of a job to a block, on a worker."""
    function = distributed.get_worker().plugins[job].function
    outcome = apply(lambda one: function(one.item) if one.is_here() else NotHere, parcels)
    if isinstance(outcome.error, ClusterError):  # most of which cannot be pickled
        return Outcome(outcome.results, RunError(str(outcome.error)))
    return outcome


def describe_versions() -> dict[str, str]:
    """Return the versions that a client and its workers must share."""
    return {
        "Cluster Lab": __version__,
        "Python": ".".join(platform.python_version_tuple()[:2]),
        "Dask": distributed.__version__,
    }


def make_dropper(silence_s: float, wait: bool = False) -> Callable[..., Any]:
    """Return a function for the scheduler, which removes workers that hang and names them.

    Parameters
    ----------
    silence_s : float
        For how many seconds such a worker has not said that it is there.
    wait : bool
        Whether to wait until each worker has said so once more, or is removed.
    """

    # Local, so that it is sent as code: the scheduler's computer may not have Cluster Lab.
    async def drop(dask_scheduler: Any) -> list[str]:
        import asyncio
        import time

        asked_s = time.time()
        workers = list(dask_scheduler.workers.values())
        while wait and min(worker.last_seen for worker in workers) < asked_s:
            if time.time() > asked_s + silence_s:
                break
            await asyncio.sleep(0.1)
        earliest_s = time.time() - silence_s
        silent = [worker.address for worker in workers if worker.last_seen < earliest_s]
        for address in silent:
            await dask_scheduler.remove_worker(address, stimulus_id=f"silent-{time.time()}")
        return silent

    return drop
