"""Create, read, stop and delete runs through the files in their folders."""

from __future__ import annotations

import json
import secrets
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from cluster_core.access import Access, Action
from cluster_core.errors import RunError
from cluster_core.storage.drafts import replacing
from cluster_core.storage.saved_values import check_time
from cluster_core.storage.trash import TrashEntry, move_to_trash
from cluster_core.training.config import TrainConfig
from cluster_core.training.installed import require_training
from cluster_core.training.locks import count_trainings_at_once
from cluster_core.training.runs.paths import find_folder, list_run_ids
from cluster_core.training.runs.records import READ_ERRORS, save_config
from cluster_core.training.runs.status import RunState, RunStatus
from cluster_core.training.runs.visitor_limits import check_visitor_training
from cluster_core.workspace import DATASET_SUFFIX, Workspace

STATUS = "status.json"
LOG = "log.txt"
STOP_REQUEST = "stop.txt"
KEEP_BEST, DISCARD = "keep the best", "discard"


def submit_run(access: Access, workspace: Workspace, config: TrainConfig) -> RunStatus:
    """Queue a training; the supervisor starts it when earlier ones have ended.

    Its TensorBoard summaries and intermediate graphs go to folders named after the run, whatever
    the settings say, so that runs can be compared and none overwrites another's.

    Parameters
    ----------
    access : Access
    workspace : Workspace
    config : TrainConfig
        Settings of the training.

    Returns
    -------
    RunStatus
        The status of the queued run, with its id.

    Raises
    ------
    AccessError
        This server does not let its visitors train.
    RunError
        The folder of runs cannot be written to, TensorFlow is not installed, or a visitor's
        limits do not allow it.
    DatasetError
        A visitor's workspace was deleted, or something else is being added to it.
    """
    access.require(Action.TRAIN, workspace.root, *config.list_paths())
    require_training()
    with access.alone():
        if access.root is not None:
            check_visitor_training(workspace, config, list_runs(workspace))
        return _save_new(workspace, config)


def _save_new(workspace: Workspace, config: TrainConfig) -> RunStatus:
    now = datetime.now(UTC)
    run_id = f"{now:%Y%m%d-%H%M%S-%f}-{secrets.token_hex(2)}"
    config = replace(
        config,
        summaries_dir=workspace.training_summaries / run_id,
        intermediate_output_graphs_dir=workspace.intermediate_graphs / run_id,
    )
    status = RunStatus(
        run_id,
        RunState.QUEUED,
        created=now.isoformat(),
        dataset=config.image_dir.name.removesuffix(DATASET_SUFFIX),
        architecture=config.architecture,
    )
    try:
        with replacing(workspace.runs / run_id) as draft:
            draft.mkdir()
            save_config(draft, config)
            (draft / STATUS).write_text(json.dumps(status.to_record()), "utf-8")
    except OSError as error:
        raise RunError(
            f"The training could not be saved in {workspace.runs} ({error.strerror or error}): "
            "make sure that the disk has room, then try again."
        ) from error
    return status


def load_status(workspace: Workspace, run_id: str) -> RunStatus:
    """Return the status of a run.

    Raises
    ------
    RunError
        There is no such run.
    """
    return read_status(find_folder(workspace, run_id))


def read_status(folder: Path) -> RunStatus:
    """Return the status in a run's folder; a damaged one is reported as a failed run.

    Raises
    ------
    RunError
        The folder has been deleted.
    """
    try:
        status = RunStatus.from_record(json.loads((folder / STATUS).read_text("utf-8")))
        if status.id == folder.name:
            return status
    except FileNotFoundError:
        if not folder.is_dir():
            raise RunError(
                f"The training {folder.name} has been deleted: choose another."
            ) from None
    except READ_ERRORS:
        pass
    return RunStatus(
        folder.name,
        RunState.FAILED,
        created=_find_submission(folder.name),
        dataset="",
        architecture="",
        message="The status file of this training is damaged: delete the training and start again.",
    )


def _find_submission(run_id: str) -> str:
    """Return the time of submission that a run's id begins with; 1970 if it is not a time."""
    try:
        submitted = datetime.strptime(run_id[:15], "%Y%m%d-%H%M%S").replace(tzinfo=UTC)
        return check_time(submitted.isoformat())
    except ValueError:
        return datetime.fromtimestamp(0, UTC).isoformat()


def save_status(workspace: Workspace, status: RunStatus) -> None:
    """Replace a run's status atomically.

    Raises
    ------
    FileNotFoundError
        The run has been deleted.
    OSError
        The disk is full or the folder is write-protected.
    """
    path = workspace.runs / status.id / STATUS
    path.parent.stat()  # `replacing` would recreate the folder of a deleted run
    with replacing(path) as draft:
        draft.write_text(json.dumps(status.to_record()), "utf-8")


def list_runs(workspace: Workspace) -> tuple[RunStatus, ...]:
    """Return the statuses of all runs, the newest first.

    Raises
    ------
    RunError
        The folder of runs cannot be read.
    """
    found = []
    for run_id in reversed(list_run_ids(workspace)):
        try:
            found.append(read_status(workspace.runs / run_id))
        except RunError:
            continue  # deleted since it was listed
    return tuple(found)


def find_queue_position(workspace: Workspace, run_id: str) -> int:
    """Return how many runs are ahead of this one; 0 if it has started or need not wait.

    Raises
    ------
    RunError
        There is no such run, or the folder of runs cannot be read.
    ConfigError
        CLUSTER_LAB_TRAININGS_AT_ONCE is not a whole number from 1 to 8.
    """
    if load_status(workspace, run_id).state is not RunState.QUEUED:
        return 0
    others = [status for status in list_runs(workspace) if not status.state.is_over]
    n_ahead = sum(
        other.state is RunState.RUNNING or other.id < run_id
        for other in others
        if other.id != run_id
    )
    return n_ahead if n_ahead >= count_trainings_at_once() else 0


def request_stop(access: Access, workspace: Workspace, run_id: str, keep_best: bool) -> None:
    """Request that a run stops; a queued run is discarded at once.

    Parameters
    ----------
    access : Access
    workspace : Workspace
    run_id : str
    keep_best : bool
        Test and save the best model so far, if there is one; otherwise discard the run.

    Raises
    ------
    AccessError
        This server does not let its visitors train.
    RunError
        There is no such run, it has ended, or the request cannot be saved.
    """
    access.require(Action.TRAIN, workspace.root)
    folder = find_folder(workspace, run_id)
    status = read_status(folder)
    if status.state.is_over:
        raise RunError("This training has already ended, so it cannot be stopped.")
    try:
        with replacing(folder / STOP_REQUEST) as draft:
            draft.write_text(KEEP_BEST if keep_best else DISCARD)
        if status.state is RunState.QUEUED:
            ended = datetime.now(UTC).isoformat()
            save_status(workspace, replace(status, state=RunState.DISCARDED, ended=ended))
    except OSError as error:
        raise RunError(
            f"The training could not be stopped ({error.strerror or error}): make sure that the "
            "disk has room, then try again."
        ) from error


def read_stop_request(folder: Path) -> str | None:
    """Return KEEP_BEST or DISCARD if a stop was requested, else None.

    Raises
    ------
    OSError
        The request cannot be read.
    """
    try:
        request = (folder / STOP_REQUEST).read_bytes()
        return KEEP_BEST if request == KEEP_BEST.encode() else DISCARD
    except FileNotFoundError:
        return None


def read_log(workspace: Workspace, run_id: str, max_bytes: int = 20_000) -> str:
    """Return the end of a run's log, or an empty string if it has none.

    Raises
    ------
    RunError
        There is no such run.
    """
    try:
        with (find_folder(workspace, run_id) / LOG).open("rb") as stream:
            size = stream.seek(0, 2)
            stream.seek(max(0, size - max_bytes))
            return stream.read().decode("utf-8", "replace")
    except OSError:
        return ""


def delete_run(access: Access, workspace: Workspace, run_id: str) -> TrashEntry:
    """Move a run that has ended to the trash; the model it produced is kept.

    Raises
    ------
    AccessError
        This server does not let its visitors train.
    RunError
        There is no such run, or it has not ended.
    """
    access.require(Action.TRAIN, workspace.root)
    folder = find_folder(workspace, run_id)
    status = read_status(folder)
    if not status.state.is_over:
        raise RunError("This training has not ended: stop it first, then delete it.")
    return move_to_trash(
        access, workspace, [folder], f"The training of {status.created[:16]}", action=Action.TRAIN
    )
