"""Open the log of a sorted folder for one process, and finish what a killed one began."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock

from cluster_core.errors import ImageError, SortingError
from cluster_core.sorting.disk_errors import explaining_output_errors
from cluster_core.sorting.log import LOG, SortLog
from cluster_core.sorting.placing import is_ours, remove_original
from cluster_core.sorting.records import SortedFile, Stage, Transfer
from cluster_core.sorting.restoring import restore
from cluster_core.storage.drafts import remove_abandoned_drafts

LOCK = ".sort.lock"


@contextmanager
def opening_log(output: Path) -> Iterator[SortLog]:
    """Yield the log of a folder, which exists, after finishing what was interrupted.

    Raises
    ------
    SortingError
        Another process sorts into the folder, or it cannot be written.
    """
    lock = filelock.FileLock(output / LOCK, blocking=False)
    with explaining_output_errors(output):
        try:
            lock.acquire()
        except filelock.Timeout as error:
            raise SortingError(
                f"Another window or command is sorting into {output}: wait until it is done, or "
                "stop it.",
                path=output,
            ) from error
        try:
            with SortLog(output) as log:
                _finish_interrupted(log, output)
                yield log
        finally:
            lock.release()


def check_has_log(output: Path) -> None:
    """Check that a folder is one of sorted files.

    Raises
    ------
    SortingError
        It has no log.
    """
    if not (output / LOG).is_file():
        raise SortingError(
            f"Nothing was sorted into {output}: it has no {LOG}. Name the --output folder of an "
            "earlier sort.",
            path=output,
        )


def _finish_interrupted(log: SortLog, output: Path) -> None:
    for folder in (output, *(path for path in output.iterdir() if path.is_dir())):
        remove_abandoned_drafts(folder)
    for file in log.state.list_files(Stage.BEGUN):
        is_placed = is_ours(file, output / file.place)
        log.set_stage(file, Stage.DONE if is_placed and _finish_move(file, output) else Stage.OVER)
    for file in log.state.list_files(Stage.UNDOING):
        restore(log, output, file)


def _finish_move(file: SortedFile, output: Path) -> bool:
    """Remove the original of a move to another disk; return False if the copy had to go instead."""
    if file.transfer is not Transfer.MOVE or not os.path.lexists(file.source):
        return True
    try:
        remove_original(file, output / file.place)
    except ImageError:
        (output / file.place).unlink()
        return False
    return True
