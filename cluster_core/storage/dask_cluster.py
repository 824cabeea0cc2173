"""Apply a function to many pictures on the computers of a Dask cluster."""

from __future__ import annotations

import contextlib
import itertools
from collections import deque
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Generic, TypeVar, cast

from distributed import Future, KilledWorker

from cluster_core.storage.dask_connection import DaskConnection
from cluster_core.storage.dask_worker import I, Mark, NotHere, Parcel
from cluster_core.storage.mapping import Outcome, apply

PICTURES_PER_BLOCK = 32
BLOCKS_PER_THREAD = 3

R = TypeVar("R")


class DaskCluster:
    """The workers of a Dask scheduler; close it after use, or use it in a `with` statement.

    Parameters
    ----------
    address : str
        Such as `tcp://192.168.0.7:8786`.

    Raises
    ------
    RunError
        The scheduler does not answer, has no workers, or these run other versions.
    """

    def __init__(self, address: str) -> None:
        self._connection = DaskConnection(address)
        self._unshared: set[Path] = set()  # folders that a worker does not have
        self._numbers = itertools.count()

    def close(self) -> None:
        """Close the connection; the cluster goes on."""
        self._connection.close()

    def __enter__(self) -> DaskCluster:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def map_images(
        self, function: Callable[[I], R], items: Iterable[I], give_up: Callable[[I], R]
    ) -> Generator[R, None, None]:
        """Yield `function(item)` for every item, in the order of the items.

        Items are sent in blocks, only a few at a time. When a worker
        dies, Dask gives its blocks to others, as often as its setting `allowed-failures` says.
        A block that no worker survives is tried once more, one item at a time and with nothing
        else running, so that no other item is blamed.

        A file travels by its path. A worker that finds no file of the same size and time there
        sends it back, and it travels again with its content.

        Parameters
        ----------
        function : callable
            Sent to each worker once; it can be pickled.
        items : iterable of Item
            Consumed lazily.
        give_up : callable
            Takes an item on which the workers died twice, and returns its result.

        Yields
        ------
        object
            One result per item.

        Raises
        ------
        RunError
            The scheduler no longer answers, a worker cannot run Cluster Lab, or there have been
            no workers for a minute.
        Exception
            Anything that `function` or `items` raises.
        """
        with self._connection.sending(function) as job:
            remaining, waiting = iter(items), deque[_Block[I]]()
            try:
                while True:
                    n_ahead = BLOCKS_PER_THREAD * max(1, self._connection.count_threads())
                    while len(waiting) < n_ahead:
                        if not (portion := list(itertools.islice(remaining, PICTURES_PER_BLOCK))):
                            break
                        waiting.append(self._submit(job, list(map(self._pack, portion))))
                    if not waiting:
                        return
                    block = waiting.popleft()
                    yield from self._finish(job, block, waiting, give_up).unpack()
            finally:
                self._connection.cancel(block.future for block in waiting)

    def _finish(
        self, job: str, block: _Block[I], others: Iterable[_Block[I]], give_up: Callable[[I], R]
    ) -> Outcome[R]:
        def try_alone(parcel: Parcel[I]) -> R:
            return self._try_alone(job, parcel, give_up)

        try:
            outcome = self._connection.wait(block.future)
        except KilledWorker:
            for other in others:
                with contextlib.suppress(KilledWorker):
                    self._connection.wait(other.future)
            return apply(try_alone, block.parcels)
        results = [
            try_alone(parcel) if result is NotHere else result
            for parcel, result in zip(block.parcels, outcome.results, strict=False)
        ]
        return Outcome(results, outcome.error)

    def _try_alone(self, job: str, parcel: Parcel[I], give_up: Callable[[I], R]) -> R:
        try:
            (result,) = self._connection.wait(self._submit(job, [parcel]).future).unpack()
            if result is NotHere:
                self._unshared.add(cast(Path, parcel.item.path).parent)
                packed = self._submit(job, [self._pack(parcel.item)])
                (result,) = self._connection.wait(packed.future).unpack()
        except KilledWorker:
            return give_up(parcel.item)
        return cast(R, result)

    def _pack(self, item: I) -> Parcel[I]:
        if item.path and item.path.parent not in self._unshared:
            with contextlib.suppress(OSError):  # of which reading makes a sentence
                return Parcel(item, Mark.of(item.path))
        return Parcel(cast(I, item.with_content()), None)

    def _submit(self, job: str, parcels: list[Parcel[I]]) -> _Block[I]:
        key = f"{job}-{next(self._numbers)}"
        return _Block(parcels, self._connection.submit(job, parcels, key))


@dataclass(frozen=True)
class _Block(Generic[I]):
    parcels: list[Parcel[I]]
    future: Future
