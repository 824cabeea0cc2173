"""Parallel mapping over pictures."""

from __future__ import annotations

import threading
from itertools import count, islice

import pytest

from cluster_core.storage.mapping import (
    PICTURES_AHEAD_PER_THREAD,
    PORTION,
    count_usable_cpus,
    map_images,
)


@pytest.mark.parametrize("n_threads", [None, 1, 2, 7])
@pytest.mark.parametrize("n_items", [0, 1, 3, 200])
def test_results_keep_the_order_of_items(n_threads, n_items):
    assert list(map_images(str, range(n_items), n_threads=n_threads)) == [
        str(number) for number in range(n_items)
    ]


def test_order_holds_when_the_first_item_is_slowest():
    others_are_done = threading.Event()

    def work(number):
        if number == 0:
            assert others_are_done.wait(60)
        if number == PORTION:
            others_are_done.set()
        return number

    n = 2 * PORTION
    assert list(map_images(work, range(n), n_threads=2)) == list(range(n))


def test_slow_items_come_one_by_one():
    is_taken, done = threading.Event(), []

    def work(number):
        if number:
            is_taken.wait(1)
        done.append(number)

    results = map_images(work, range(PORTION), n_threads=1, portion_size=1)
    next(results)
    assert done == [0]
    is_taken.set()
    results.close()


@pytest.mark.parametrize("n_threads", [1, 3])
def test_items_are_consumed_only_a_little_ahead(n_threads):
    taken = []

    def items():
        for number in count():
            taken.append(number)
            yield number

    results = map_images(lambda number: number, items(), n_threads=n_threads)
    assert taken == []
    bound = n_threads * PICTURES_AHEAD_PER_THREAD + 1
    for done in range(1, 30):
        next(results)
        assert len(taken) <= done + bound
    results.close()
    assert list(islice(results, 1)) == []


def test_exception_is_raised_and_stops_the_rest():
    started = []

    def work(number):
        started.append(number)
        if number == 5:
            raise ValueError("five")
        return number

    seen = []
    with pytest.raises(ValueError, match="five"):
        seen.extend(map_images(work, range(10_000), n_threads=2))
    assert seen == [0, 1, 2, 3, 4]
    assert len(started) <= 5 + 2 * PICTURES_AHEAD_PER_THREAD + 2


def test_exception_of_the_iterable_is_raised():
    def items():
        yield 1
        raise OSError("the folder is gone")

    with pytest.raises(OSError, match="the folder is gone"):
        list(map_images(str, items()))


def test_no_thread_is_left_running():
    before = threading.active_count()
    results = map_images(str, range(100), n_threads=4)
    next(results)
    results.close()
    assert threading.active_count() == before


def test_work_is_done_in_worker_threads():
    threads = set(map_images(lambda _: threading.current_thread(), range(50), n_threads=2))
    assert 1 <= len(threads) <= 2
    assert threading.current_thread() not in threads


def test_at_least_one_cpu_is_usable():
    assert count_usable_cpus() >= 1
