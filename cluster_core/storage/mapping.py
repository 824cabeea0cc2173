"""Apply a function to many pictures on all cores, in order and with bounded memory."""

from __future__ import annotations

import itertools
import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")

# A thread takes several pictures at once, because each hand-over waits for Python's lock (GIL).
PORTION = 4
PICTURES_AHEAD_PER_THREAD = 8


def count_usable_cpus() -> int:
    """Return the number of cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows have no affinity
        return os.cpu_count() or 1


def map_images(
    function: Callable[[T], R],
    items: Iterable[T],
    *,
    n_threads: int | None = None,
    portion_size: int = PORTION,
) -> Generator[R, None, None]:
    """Yield `function(item)` for every item, in the order of the items.

    Threads are enough because decoding, resizing and LiteRT all release
    Python's lock. Items are consumed only a little ahead of the results, so
    memory use does not depend on their number. Leaving the loop early, by an
    exception or Ctrl-C, drops the calls that have not started.

    Parameters
    ----------
    function : callable
        Called in worker threads. Its exceptions are raised here, after the
        results of all earlier items.
    items : iterable
        Consumed lazily.
    n_threads : int, optional
        Default: one per usable core.
    portion_size : int
        How many items a thread takes at once, whose results come together: 1 where each takes
        seconds.

    Yields
    ------
    object
        One result per item.

    Raises
    ------
    Exception
        Anything that `function` or `items` raises.
    """
    n_threads = n_threads or count_usable_cpus()
    waiting: deque[Future[Outcome[R]]] = deque()
    pool = ThreadPoolExecutor(n_threads, thread_name_prefix="pictures")
    try:
        remaining = iter(items)
        while portion := list(itertools.islice(remaining, portion_size)):
            waiting.append(pool.submit(apply, function, portion))
            if len(waiting) * portion_size >= n_threads * PICTURES_AHEAD_PER_THREAD:
                yield from waiting.popleft().result().unpack()
        while waiting:
            yield from waiting.popleft().result().unpack()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@dataclass(frozen=True)
class Outcome(Generic[R]):
    """The results of a portion, up to the first error if there was one.

    Attributes
    ----------
    results : list
        One for each item before the error.
    error : Exception or None
        What the function raised.
    """

    results: list[R]
    error: Exception | None

    def unpack(self) -> Iterator[R]:
        """Yield the results, then raise the error if there is one."""
        yield from self.results
        if self.error:
            raise self.error


def apply(function: Callable[[T], R], portion: Iterable[T]) -> Outcome[R]:
    """Call a function with each item of a portion, until it raises.

    Parameters
    ----------
    function : callable
        Takes an item.
    portion : iterable
        The items.
    """
    results: list[R] = []
    try:
        for item in portion:
            results.append(function(item))
    except Exception as error:  # raised again by `unpack`, after the results before it
        return Outcome(results, error)
    return Outcome(results, None)
