"""Find run folders, and only those: run ids come from visitors."""

from __future__ import annotations

import re
from pathlib import Path

from cluster_core.errors import RunError
from cluster_core.workspace import Workspace

RUN_ID = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9]{6}-[0-9a-f]{4}")


def find_folder(workspace: Workspace, run_id: str) -> Path:
    """Return the folder of a run.

    Raises
    ------
    RunError
        There is no such run, or the id is not valid.
    """
    folder = workspace.runs / run_id
    if not RUN_ID.fullmatch(run_id) or not folder.is_dir():
        raise RunError(
            f"There is no training {run_id[:60]} here: it was deleted, or the link is wrong. "
            "Choose another on the Training page."
        )
    return folder


def list_run_ids(workspace: Workspace) -> list[str]:
    """Return the ids of all runs, in the order in which they were submitted.

    Raises
    ------
    RunError
        The folder of runs cannot be read.
    """
    try:
        return sorted(path.name for path in workspace.runs.iterdir() if RUN_ID.fullmatch(path.name))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise RunError(
            f"The folder {workspace.runs} could not be opened ({error.strerror}): allow read "
            "access to it."
        ) from error
