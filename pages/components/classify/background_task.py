"""Work in a thread that goes on while the page is drawn again, and that a session can stop."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from cluster_core.errors import ClusterError

_UNEXPECTED = "The search ended with an unexpected error, which is in the server's log: try again."
_logger = logging.getLogger(__name__)

T = TypeVar("T")


class BackgroundTask(Generic[T]):
    """Work in a thread, which calls nothing of Streamlit.

    Attributes
    ----------
    found : object or None
        The result; None until it ends.
    problem : str or None
        Why it ended without a result, as a sentence; None if it was stopped.
    """

    def __init__(self) -> None:
        self.found: T | None = None
        self.problem: str | None = None
        self._stop = threading.Event()

    def start(self, work: Callable[[], T]) -> None:
        """Start work that ends soon, with a ClusterError, once `is_stopped` returns True."""
        self._thread = threading.Thread(target=self._run, args=(work,), daemon=True)
        self._thread.start()

    @property
    def is_running(self) -> bool:
        """Whether there is no result yet."""
        return self._thread.is_alive()

    def is_stopped(self) -> bool:
        """Return whether the work is to end."""
        return self._stop.is_set()

    def stop(self) -> None:
        """Let it end soon, without a result."""
        self._stop.set()

    def _run(self, work: Callable[[], T]) -> None:
        try:
            self.found = work()
        except ClusterError as error:
            self.problem = None if self.is_stopped() else str(error)
        except Exception:
            _logger.exception("A search in the background failed")
            self.problem = _UNEXPECTED
