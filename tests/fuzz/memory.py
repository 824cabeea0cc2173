"""The largest memory of this process during a piece of work (Linux; elsewhere nothing is known)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.fuzz.case import FaultError

_STATUS = Path("/proc/self/status")
_RESET = Path("/proc/self/clear_refs")
_PEAK = re.compile(r"VmHWM:\s+(\d+) kB")
_RESET_PEAK = "5"


@contextmanager
def limited_memory(limit_mb: float) -> Iterator[None]:
    """Raise FaultError if the block needs more memory than this at any time.

    Parameters
    ----------
    limit_mb : float
        Limit of the growth, in MB.
    """
    before_mb = _reset_peak()
    yield
    if before_mb is not None:
        grown_mb = _read_peak() - before_mb
        if grown_mb > limit_mb:
            raise FaultError(
                f"It took {grown_mb:.0f} MB of memory, and {limit_mb:.0f} MB are allowed."
            )


def _reset_peak() -> float | None:
    """Set the peak to the current use and return it; None where this is not possible."""
    try:
        _RESET.write_text(_RESET_PEAK)
        return _read_peak()
    except (OSError, AttributeError):
        return None


def _read_peak() -> float:
    match = _PEAK.search(_STATUS.read_text())
    assert match
    return int(match[1]) / 1000
