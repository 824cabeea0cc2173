"""Connect to a Dask scheduler, check its workers, and say in a sentence what goes wrong.

Anyone who can reach a scheduler can run code on its workers, and these can run code on this
computer: only the command line of the owner names an address, never a web page.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
import uuid
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from typing import Any, cast

from distributed import Client, Future, KilledWorker
from distributed.client import FutureCancelledError
from distributed.comm import connect

from cluster_core.errors import RunError
from cluster_core.storage.dask_worker import (
    Job,
    Parcel,
    describe_versions,
    make_dropper,
    work_on_block,
)
from cluster_core.storage.mapping import Outcome
from cluster_core.version import __version__

ANSWER_TIMEOUT_S = 10
WORKERS_TIMEOUT_S = 60
POLL_S = 5
SILENCE_S = 30  # a worker says twice a second that it is there
SENDING_TRIES = 3

_LOG = logging.getLogger(__name__)


class DaskConnection:
    """A connection to a Dask scheduler whose workers have the versions of this computer.

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
        for name in ("distributed", "distributed.client"):  # errors get a sentence here
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self._address = address
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

    def count_threads(self) -> int:
        """Return the number of threads of all workers.

        Raises
        ------
        RunError
            The scheduler no longer answers.
        """
        with self._explaining_losses():
            return sum(self._client.nthreads().values())

    @contextlib.contextmanager
    def sending(self, function: Callable[[Any], Any]) -> Iterator[str]:
        """Send a function to all workers, including those that join later, and yield its name.

        Raises
        ------
        RunError
            A worker cannot take it, or the scheduler no longer answers.
        """
        name = f"pictures-{uuid.uuid4().hex}"
        self._send(Job(function), name)
        try:
            yield name
        finally:
            with contextlib.suppress(Exception):  # the cluster is gone
                self._client.unregister_worker_plugin(name)

    def _send(self, job: Job, name: str) -> None:
        """Send a job; a worker that dies meanwhile fails the call, but not the cluster."""
        for n_left in reversed(range(SENDING_TRIES)):
            with self._explaining_losses(), self._explaining_workers():
                try:
                    self._client.register_plugin(job, name)
                except OSError:
                    if not n_left:
                        raise
                else:
                    return
            self.count_threads()  # raises if it is the scheduler that is lost
            self._drop_silent_workers()
            time.sleep(1)

    def submit(self, job: str, parcels: list[Parcel[Any]], key: str) -> Future:
        """Send a block of items to a worker, for the function called `job`.

        Raises
        ------
        RunError
            The scheduler no longer answers.
        """
        with self._explaining_losses():
            return self._client.submit(work_on_block, job, parcels, key=key)

    def cancel(self, futures: Iterable[Future]) -> None:
        """Drop blocks whose results are no longer wanted."""
        with contextlib.suppress(OSError):  # the cluster is gone
            self._client.cancel(list(futures))

    def wait(self, future: Future) -> Outcome[Any]:
        """Return the result of a block.

        Raises
        ------
        KilledWorker
            No worker survived it.
        RunError
            No worker comes back within a minute, one cannot run the block, or the scheduler no
            longer answers.
        """
        seen_s = time.monotonic()
        while True:
            with (
                self._explaining_losses(),
                self._explaining_workers(),
                contextlib.suppress(TimeoutError),
            ):
                return cast(Outcome[Any], future.result(timeout=POLL_S))
            self._drop_silent_workers()
            if self.count_threads():
                seen_s = time.monotonic()
            elif time.monotonic() - seen_s > WORKERS_TIMEOUT_S:
                raise RunError(
                    f"The Dask cluster at {self._address} has had no workers for a minute: "
                    "start some, then try again."
                )

    def _drop_silent_workers(self, wait: bool = False) -> None:
        """Take workers that hang out of the cluster, so that others get their blocks.

        Dask does so itself after five minutes.
        """
        with contextlib.suppress(Exception):  # a scheduler may refuse code
            for worker in self._client.run_on_scheduler(make_dropper(SILENCE_S, wait)):
                _LOG.warning(
                    "The worker %s has not answered for %d s: others take over its pictures.",
                    worker,
                    SILENCE_S,
                )

    @contextlib.contextmanager
    def _explaining_losses(self) -> Iterator[None]:
        try:
            yield
        except (CancelledError, FutureCancelledError, OSError) as error:
            raise RunError(
                f"The Dask scheduler at {self._address} no longer answers: start it, then try "
                "again."
            ) from error

    @contextlib.contextmanager
    def _explaining_workers(self) -> Iterator[None]:
        """Explain the errors of a worker that joined after the versions were compared."""
        try:
            yield
        except (KilledWorker, CancelledError, FutureCancelledError, OSError):
            raise
        except Exception as error:
            root: BaseException = error  # Dask's own words are long
            while root.__cause__ is not None:
                root = root.__cause__
            reason = " ".join(str(root).split()) or type(root).__name__
            raise RunError(
                f"A worker of the Dask cluster at {self._address} cannot run Cluster Lab "
                f"({reason}): install Cluster Lab {__version__} on all its computers."
            ) from error

    def _check_workers(self) -> None:
        try:
            self._client.wait_for_workers(1, timeout=ANSWER_TIMEOUT_S)
        except TimeoutError as error:
            raise RunError(
                f"The Dask cluster at {self._address} has no workers: start some with "
                f"`dask worker {self._address}`."
            ) from error
        self._drop_silent_workers(wait=True)  # for which `run` would wait without end
        ours = describe_versions()
        with self._explaining_losses():
            answers = self._client.run(describe_versions, on_error="return")
        # One that dies now does not answer, and the others can do the work.
        lost = [worker for worker, theirs in answers.items() if isinstance(theirs, OSError)]
        if len(lost) == len(answers):
            raise RunError(
                f"No worker of the Dask cluster at {self._address} answers: restart them, then try "
                "again."
            )
        for worker, theirs in answers.items():
            if worker not in lost:
                _require_same(worker, theirs, ours)


def _require_same(worker: str, theirs: dict[str, str] | Exception, ours: dict[str, str]) -> None:
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


async def _require_answer(address: str) -> None:
    """Raise if no program that speaks Dask's protocol answers, for which `Client` may wait."""
    comm = await connect(address, timeout=ANSWER_TIMEOUT_S)
    comm.abort()
