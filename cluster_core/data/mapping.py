"""Apply a function to many pictures on all cores, in order, holding few at a time."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

PICTURES_AHEAD_PER_THREAD = 4


def count_usable_cpus() -> int:
    """Return how many cores this process may run on."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows have no affinity
        return os.cpu_count() or 1


def map_images(
    function: Callable[[T], R], items: Iterable[T], *, n_threads: int | None = None
) -> Iterator[R]:
    """Yield `function(item)` for every item, in the order of the items.

    Threads serve because decoding, resizing and LiteRT all release Python's
    lock. Items are taken as results are consumed, so memory stays flat however
    many there are. Leaving the loop early, by an exception or by Ctrl-C, drops
    what has not begun.

    Parameters
    ----------
    function : callable
        Called in worker threads; what it raises is raised here.
    items : iterable
        Taken from lazily.
    n_threads : int, optional
        One for each usable core when not given.

    Yields
    ------
    object
        One result an item.
    """
    n_threads = n_threads or count_usable_cpus()
    waiting: deque[Future[R]] = deque()
    pool = ThreadPoolExecutor(n_threads, thread_name_prefix="pictures")
    try:
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) > n_threads * PICTURES_AHEAD_PER_THREAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
