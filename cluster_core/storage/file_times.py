"""When files were last written."""

from __future__ import annotations

from pathlib import Path


def get_written_ns(path: Path) -> int:
    """Return when a file was last written, in nanoseconds since 1970.

    Returns
    -------
    int
        0 if that cannot be found out: the file is missing, or a link to itself.
    """
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
