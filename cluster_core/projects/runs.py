"""Trainings in a project's file: settings, learning curves and results of those that are over.

A training in a stranger's file names paths and states. None of its paths is kept, and one that
is not over is refused: the supervisor would start it.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from cluster_core.access import Access, Action
from cluster_core.errors import ClusterError, RunError
from cluster_core.projects.layout import RUN_FILES, RUNS
from cluster_core.projects.members import Listing, Member
from cluster_core.storage.hashing import hash_file
from cluster_core.storage.safe_moves import move_without_overwriting
from cluster_core.storage.saved_values import MALFORMED_ERRORS
from cluster_core.training.config import TrainConfig
from cluster_core.training.runs.folder import STATUS, list_runs
from cluster_core.training.runs.records import CONFIG, read_config, save_config
from cluster_core.training.runs.status import RunStatus
from cluster_core.workspace import DATASET_SUFFIX, Workspace


def list_run_files(workspace: Workspace, datasets: set[str] | None, listing: Listing) -> None:
    """Add the trainings that are over to a listing: all, or those of some datasets.

    Raises
    ------
    RunError
        The folder of runs cannot be read.
    """
    n_open = 0
    for status in list_runs(workspace):
        if datasets is not None and status.dataset not in datasets:
            continue
        if not status.state.is_over:
            n_open += 1
            continue
        folder = workspace.runs / status.id
        listing.members += [
            Member.of_file(f"{RUNS}/{status.id}/{name}", folder / name)
            for name in sorted(RUN_FILES)
            if (folder / name).is_file() and not (folder / name).is_symlink()
        ]
    if n_open:
        which = "1 training that has" if n_open == 1 else f"{n_open} trainings that have"
        listing.notes.append(f"Left out {which} not ended: save again afterwards.")


def add_run(
    access: Access,
    workspace: Workspace,
    staged: Path,
    datasets: Mapping[str, str],
    models: Mapping[str, str],
) -> Path | None:
    """Move an unpacked training into the workspace, with a new id if its own is taken.

    Parameters
    ----------
    access : Access
    workspace : Workspace
    staged : Path
        Its folder, named by its id.
    datasets, models : mapping of str to str
        What the datasets and models of the project are called in the workspace.

    Returns
    -------
    Path or None
        Its new folder; None if the workspace has the same training.

    Raises
    ------
    RunError
        It is damaged, or not over.
    OSError
        It cannot be moved.
    AccessError
        They may not train.
    """
    access.require(Action.TRAIN)
    status, config = _read(staged)
    # An earlier load may have given it another id that begins alike.
    beginning, description = staged.name.rpartition("-")[0], _describe(staged)
    if any(_describe(path) == description for path in workspace.runs.glob(f"{beginning}-*")):
        return None
    run_id = staged.name
    while (workspace.runs / run_id).exists():
        run_id = f"{beginning}-{secrets.token_hex(2)}"
    dataset = datasets.get(status.dataset, status.dataset)
    bundle = models.get(status.bundle or "")
    _write(staged, workspace, replace(status, id=run_id, dataset=dataset, bundle=bundle), config)
    workspace.runs.mkdir(parents=True, exist_ok=True)
    return move_without_overwriting(staged, workspace.runs / run_id)


def _read(folder: Path) -> tuple[RunStatus, TrainConfig]:
    try:
        status = RunStatus.from_record(json.loads((folder / STATUS).read_text("utf-8")))
        config = read_config(json.loads((folder / CONFIG).read_text("utf-8")))
    except (OSError, *MALFORMED_ERRORS, ClusterError) as error:
        raise RunError(
            f"The training {folder.name} was left out, because its files are damaged."
        ) from error
    if not status.state.is_over or status.id != folder.name:
        raise RunError(f"The training {folder.name} was left out, because it has not ended.")
    return status, config


def _write(folder: Path, workspace: Workspace, status: RunStatus, config: TrainConfig) -> None:
    """Write status and settings with the names of the workspace, and without other paths."""
    changes: dict[str, Any] = {
        name: None for name, value in vars(config).items() if isinstance(value, Path)
    }
    # The name may be anything, such as a path that leads elsewhere.
    changes["image_dir"] = workspace.root / Path(f"{status.dataset}{DATASET_SUFFIX}").name
    (folder / STATUS).write_text(json.dumps(status.to_record()), "utf-8")
    save_config(folder, replace(config, **changes))


def _describe(folder: Path) -> tuple[object, ...] | None:
    """Return what stays the same when a training is saved and loaded; None if it is damaged."""
    try:
        status, _ = _read(folder)
        others = sorted(RUN_FILES - {STATUS, CONFIG})
        hashes = [hash_file(path) for name in others if (path := folder / name).is_file()]
    except (OSError, RunError):
        return None
    return status.created, status.started, status.ended, status.state, *hashes
