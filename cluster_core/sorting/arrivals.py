"""Notice files that a camera program has finished writing into a folder.

The folder is listed again and again. Notices of the operating system (inotify and others, as
used by watchdog) do not come for what another computer writes into a network folder, and do not say
that a file is complete, so that sizes and times would have to be compared all the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

# Files that are written under another name first, and renamed when they are complete.
_TEMPORARY_ENDS = ("~", ".tmp", ".temp", ".part", ".partial", ".filepart", ".crdownload")
# An incomplete picture may still be on its way through a slow network.
_PATIENCE = 10


@dataclass
class _Seen:
    """The size (bytes) and time (ns) of a file, and since when they have been so."""

    n_bytes: int
    written_ns: int
    since_s: float
    is_patient: bool = False
    is_taken: bool = False


class Arrivals:
    """Files that appear in a folder, and when each is complete.

    Parameters
    ----------
    settle_s : float
        A file is complete once its size and time have not changed for this many seconds of this
        computer's clock. The times of a network folder come from another clock, and are only
        compared with each other.
    """

    def __init__(self, settle_s: float) -> None:
        self._settle_s = settle_s
        self._seen: dict[Path, _Seen] = {}

    def notice(self, paths: Iterable[Path], now_s: float) -> list[Path]:
        """Return those of the files in a folder that are complete, each version once.

        Parameters
        ----------
        paths : iterable of Path
            All files that are there now.
        now_s : float
            The time of a clock that never goes back.
        """
        before, self._seen = self._seen, {}
        complete = []
        for path in paths:
            try:
                status = path.stat()
            except OSError:  # it vanished, or will be readable later
                continue
            seen = before.get(path)
            version = (status.st_size, status.st_mtime_ns)
            if seen is None or (seen.n_bytes, seen.written_ns) != version:
                seen = _Seen(*version, now_s)
            self._seen[path] = seen
            wait_s = self._settle_s * (_PATIENCE if seen.is_patient else 1)
            is_settled = seen.n_bytes > 0 and now_s - seen.since_s >= wait_s
            if is_settled and not seen.is_taken and not is_temporary(path.name):
                seen.is_taken = True
                complete.append(path)
        return complete

    def wait_longer(self, path: Path) -> bool:
        """Return a file later that cannot be read or is incomplete; False if that was done before.

        A change of the file ends the wait as well.
        """
        seen = self._seen.get(path)
        if seen is None or seen.is_patient:
            return False
        seen.is_patient, seen.is_taken = True, False
        return True


def is_temporary(name: str) -> bool:
    """Tell whether a file has the name of one that is still being written."""
    folded = name.casefold()
    return folded.startswith("~") or folded.endswith(_TEMPORARY_ENDS)
