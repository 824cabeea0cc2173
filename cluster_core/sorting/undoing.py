"""Take a whole sort back."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cluster_core.access import Access, Action
from cluster_core.sorting.disk_errors import explaining_output_errors
from cluster_core.sorting.log import SortLog
from cluster_core.sorting.opening import LOCK, check_has_log, opening_log
from cluster_core.sorting.records import Stage
from cluster_core.sorting.restoring import restore
from cluster_core.sorting.table import is_unchanged


@dataclass(frozen=True)
class UndoReport:
    """What became of an undo.

    Attributes
    ----------
    n_undone : int
        Files that were removed, or moved back.
    kept : tuple of str
        Why other files stay, in a sentence each.
    """

    n_undone: int
    kept: tuple[str, ...]


def undo_sort(
    access: Access, output: Path, on_progress: Callable[[int, int], None] = lambda done, total: None
) -> UndoReport:
    """Remove the copies and links of a sort, and move moved files back, the latest first.

    A file that was changed since stays, as does a copy whose original has gone, and everything
    that the sort did not make. Folders go once they are empty, table and log once nothing sorted is
    left.

    Parameters
    ----------
    access : Access
    output : Path
        The folder that was sorted into.
    on_progress : callable, optional
        Called with the numbers of files done and in total. An exception in it stops; another undo
        goes on.

    Raises
    ------
    AccessError
        This server does not allow it.
    SortingError
        The folder has no log, is in use, or cannot be written.
    """
    access.require(Action.SORT_FILES)
    check_has_log(output)
    output = output.absolute()
    n_undone = 0
    kept: list[str] = []
    with explaining_output_errors(output):
        with opening_log(output) as log:
            if damage := log.describe_damage():
                kept.append(damage)
            files = log.state.list_files(Stage.DONE)
            for done, file in enumerate(reversed(files), start=1):
                if problem := restore(log, output, file):
                    kept.append(problem)
                else:
                    n_undone += 1
                on_progress(done, len(files))
            is_over = not log.state.list_files(Stage.DONE) and not log.unknown
            for folder in reversed(log.state.folders):
                with suppress(OSError):  # it holds something else
                    (output / folder).rmdir()
            if is_over:
                kept += _remove_tables(log, output)
                log.path.unlink()
        if is_over:
            (output / LOCK).unlink(missing_ok=True)
            if log.state.settings.get("created") is True:
                with suppress(OSError):
                    output.rmdir()
    return UndoReport(n_undone, tuple(kept))


def _remove_tables(log: SortLog, output: Path) -> list[str]:
    kept = []
    for name in log.state.tables:
        if is_unchanged(log, output / name):
            (output / name).unlink()
        elif (output / name).exists():
            kept.append(f"{name} was changed after it was written, and stays.")
    return kept
