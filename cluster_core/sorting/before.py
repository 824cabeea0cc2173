"""Know which files were sorted before, so that another start goes on."""

from __future__ import annotations

from pathlib import Path

from cluster_core.sorting.disk_errors import explaining_output_errors
from cluster_core.sorting.log import read_state
from cluster_core.sorting.records import FileFacts, LogState, Stage


class SortedBefore:
    """The versions of files that a log says are sorted.

    Parameters
    ----------
    state : LogState
    """

    def __init__(self, state: LogState) -> None:
        self._versions = {
            file.source: (file.original.n_bytes, file.original.written_ns)
            for file in state.list_files(Stage.DONE)
        }

    def add(self, path: Path, facts: FileFacts) -> None:
        """Add a version of a file."""
        self._versions[path] = (facts.n_bytes, facts.written_ns)

    def has(self, path: Path) -> bool:
        """Tell whether the present version of a file was sorted."""
        if path not in self._versions:
            return False
        try:
            status = path.stat()
        except OSError:
            return False
        return self._versions[path] == (status.st_size, status.st_mtime_ns)


def read_sorted(output: Path) -> SortedBefore:
    """Return what was sorted into a folder, which need not exist.

    Raises
    ------
    SortingError
        Its log cannot be read.
    """
    with explaining_output_errors(output):
        return SortedBefore(read_state(output))
