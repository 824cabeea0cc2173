"""Events for a server's log and metrics, in named values and without personal data."""

from __future__ import annotations

import logging
import threading
from collections import Counter

EVENTS = logging.getLogger("cluster_core.events")
EVENTS.setLevel(logging.WARNING)  # a server that keeps a log lowers it; a command prints no events
_counts: Counter[str] = Counter()
_lock = threading.Lock()


def report_event(event: str, **fields: str | float | None) -> None:
    """Count that something happened; a server that keeps a log also writes one line of it.

    Parameters
    ----------
    event : str
        Such as `training_ended`.
    **fields
        What to log with it. No names of files or people, and no addresses.
    """
    count_event(event)
    EVENTS.info(event, extra={"fields": fields})


def count_event(event: str) -> None:
    """Count that something happened, without a line in the log."""
    with _lock:
        _counts[event] += 1


def get_counts() -> dict[str, int]:
    """Return how often each event happened in this process."""
    with _lock:
        return dict(_counts)
