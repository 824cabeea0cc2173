"""Keep small linear algebra on one thread."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from functools import cache
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

# Up to this number of pictures, one thread is faster.
FEW_PICTURES = 2_000


class _OneThread:
    """Limits BLAS from the first entry until the last exit."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._n_inside = 0
        self._limit = ExitStack()

    def __enter__(self) -> None:
        with self._lock:
            if self._n_inside == 0:
                self._limit.enter_context(_make_controller().limit(limits=1, user_api="blas"))
            self._n_inside += 1

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._lock:
            self._n_inside -= 1
            if self._n_inside == 0:
                self._limit.close()


_one_thread = _OneThread()


def on_one_thread(n_pictures: int = 0) -> _OneThread | ExitStack:
    """Return a context in which BLAS and LAPACK use one thread of the processor.

    For matrices of a few hundred rows this is faster: on a busy machine, waiting for a second
    thread takes a hundred times as long as the work. While any thread of Python is in such a
    context, it holds for all of them.

    Parameters
    ----------
    n_pictures : int
        With more than `FEW_PICTURES`, nothing changes.
    """
    return _one_thread if n_pictures <= FEW_PICTURES else ExitStack()


@cache
def _make_controller() -> ThreadpoolController:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
