"""Apply a function to many pictures on the computers of a Dask cluster.

Whoever can reach a scheduler can run any code on its workers, and they can run any on us:
only the command line of the owner names an address, never a web page.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import time
import uuid
import warnings
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import CancelledError
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, TypeVar, cast

from distributed import Client, Future, KilledWorker
from distributed.client import FutureCancelledError
from distributed.comm import connect

from cluster_core.errors import RunError
from cluster_core.storage.dask_worker import (
    I,
    Job,
    Mark,
    NotHere,
    Parcel,
    describe_versions,
    work_on_block,
)
from cluster_core.storage.mapping import Outcome, apply
from cluster_core.version import __version__

PICTURES_PER_BLOCK = 32
BLOCKS_PER_THREAD = 3
ANSWER_TIMEOUT_S = 10
WORKERS_TIMEOUT_S = 60
POLL_S = 5

R = TypeVar("R")


class DaskCluster:
    """A connection to a Dask scheduler; close it after use, or use it in a `with` statement.

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
        for name in ("distributed", "distributed.client"):  # errors get a sentence of ours
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self._address = address
        self._unshared: set[Path] = set()  # folders that a worker has not
        self._numbers = itertools.count()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # versions are compared below
                asyncio.run(asyncio.wait_for(_require_answer(address), ANSWER_TIMEOUT_S))
                self._client = Client(address, timeout=ANSWER_TIMEOUT_S, set_as_default=False)
        except Exception as error:  # also of other programs, which answer with anything
            raise RunError(
                f"No Dask scheduler answers at {address}: check the address, and that "
                "`dask scheduler` runs there."
            ) from error
        try:
            self._check_workers()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the connection; the cluster goes on."""
        self._client.close(timeout=ANSWER_TIMEOUT_S)

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

        Items travel in blocks, of which only a few are on their way at a time. When a worker
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
            The scheduler no longer answers, or there have been no workers for a minute.
        Exception
            Anything that `function` or `items` raises.
        """
        with self._sending(function) as job:
            remaining, waiting = iter(items), deque[_Block[I]]()
            try:
                while True:
                    n_ahead = BLOCKS_PER_THREAD * max(1, self._count_threads())
                    while len(waiting) < n_ahead:
                        if not (portion := list(itertools.islice(remaining, PICTURES_PER_BLOCK))):
                            break
                        waiting.append(self._submit(job, list(map(self._pack, portion))))
                    if not waiting:
                        return
                    block = waiting.popleft()
                    yield from self._finish(job, block, waiting, give_up).unpack()
            finally:
                self._client.cancel([block.future for block in waiting])

    def _finish(
        self, job: str, block: _Block[I], others: Iterable[_Block[I]], give_up: Callable[[I], R]
    ) -> Outcome[R]:
        def try_alone(parcel: Parcel[I]) -> R:
            return self._try_alone(job, parcel, give_up)

        try:
            outcome = self._wait(block.future)
        except KilledWorker:
            for other in others:
                with contextlib.suppress(KilledWorker):
                    self._wait(other.future)
            return apply(try_alone, block.parcels)
        results = [
            try_alone(parcel) if result is NotHere else result
            for parcel, result in zip(block.parcels, outcome.results, strict=False)
        ]
        return Outcome(results, outcome.error)

    def _try_alone(self, job: str, parcel: Parcel[I], give_up: Callable[[I], R]) -> R:
        try:
            (result,) = self._wait(self._submit(job, [parcel]).future).unpack()
            if result is NotHere:
                self._unshared.add(cast(Path, parcel.item.path).parent)
                packed = self._submit(job, [self._pack(parcel.item)])
                (result,) = self._wait(packed.future).unpack()
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
        with self._explaining_losses():
            return _Block(parcels, self._client.submit(work_on_block, job, parcels, key=key))

    def _wait(self, future: Future) -> Outcome[Any]:
        """Return the result of a block, or raise if no worker comes back."""
        seen_s = time.monotonic()
        while True:
            try:
                with self._explaining_losses():
                    return cast(Outcome[Any], future.result(timeout=POLL_S))
            except TimeoutError:
                if self._count_threads():
                    seen_s = time.monotonic()
                elif time.monotonic() - seen_s > WORKERS_TIMEOUT_S:
                    raise RunError(
                        f"The Dask cluster at {self._address} has had no workers for a minute: "
                        "start some, then try again."
                    ) from None

    def _count_threads(self) -> int:
        with self._explaining_losses():
            return sum(self._client.nthreads().values())

    @contextlib.contextmanager
    def _sending(self, function: Callable[[I], R]) -> Iterator[str]:
        """Send a function to all workers, also to those that come later, and yield its name."""
        name = f"pictures-{uuid.uuid4().hex}"
        self._client.register_plugin(Job(function), name)
        try:
            yield name
        finally:
            with contextlib.suppress(Exception):  # the cluster is gone
                self._client.unregister_worker_plugin(name)

    @contextlib.contextmanager
    def _explaining_losses(self) -> Iterator[None]:
        try:
            yield
        except TimeoutError:  # an OSError, too
            raise
        except (CancelledError, FutureCancelledError, OSError) as error:
            raise RunError(
                f"The Dask scheduler at {self._address} no longer answers: start it, then try "
                "again."
            ) from error

    def _check_workers(self) -> None:
        try:
            self._client.wait_for_workers(1, timeout=ANSWER_TIMEOUT_S)
        except TimeoutError as error:
            raise RunError(
                f"The Dask cluster at {self._address} has no workers: start some with "
                f"`dask worker {self._address}`."
            ) from error
        ours = describe_versions()
        for worker, theirs in self._client.run(describe_versions, on_error="return").items():
            if isinstance(theirs, Exception):
                raise RunError(
                    f"The worker {worker} cannot run Cluster Lab ({theirs}): install Cluster Lab "
                    f"{__version__} there."
                ) from theirs
            for name, version in ours.items():
                if theirs[name] != version:
                    raise RunError(
                        f"The worker {worker} runs {name} {theirs[name]}, and this computer "
                        f"{version}: install the same version on both."
                    )


@dataclass(frozen=True)
class _Block(Generic[I]):
    parcels: list[Parcel[I]]
    future: Future


async def _require_answer(address: str) -> None:
    """Raise if no program that speaks Dask's protocol answers, for which `Client` may wait."""
    comm = await connect(address, timeout=ANSWER_TIMEOUT_S)
    comm.abort()
