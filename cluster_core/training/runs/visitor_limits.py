"""What visitors with a throw-away workspace may train, and for how long they have trained."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress

from cluster_core.access.quota import MAX_STEPS, MAX_TRAINING_S, find_excess
from cluster_core.errors import RunError
from cluster_core.events import report_event
from cluster_core.model.backbones.availability import needs_download
from cluster_core.storage.drafts import replacing
from cluster_core.training.config import TrainConfig
from cluster_core.training.runs.status import RunState, RunStatus
from cluster_core.workspace import Workspace

_TRAINING_S = ".training_seconds"
# In the folder of a run that the owner of the server stopped.
_OWNER_STOP = "stopped_by_owner.txt"
_HAVE_A_MODEL = (RunState.FINISHED, RunState.STOPPED)
_TIME_IS_USED = f"Your {MAX_TRAINING_S / 60:.0f} minutes of training are used"


def read_training_s(workspace: Workspace) -> float:
    """Return for how many seconds a visitor has trained."""
    try:
        return max(0.0, float((workspace.root / _TRAINING_S).read_text()))
    except (OSError, ValueError):
        return 0.0


def add_training_s(workspace: Workspace, seconds: float) -> None:
    """Record that a visitor has trained; does nothing if the workspace was deleted."""
    with suppress(OSError):
        workspace.root.stat()  # `replacing` would recreate the folder
        total_s = read_training_s(workspace) + seconds
        with replacing(workspace.root / _TRAINING_S) as draft:  # pages read it meanwhile
            draft.write_text(f"{total_s:.3f}")


def explain_used_time(has_model: bool) -> str:
    """Return the sentence for a visitor whose training time is used, and what they still have."""
    if has_model:
        return f"{_TIME_IS_USED}. Your model can still be downloaded."
    return f"{_TIME_IS_USED}, and no model was ready by then."


def note_owner_stop(workspace: Workspace, run_id: str) -> None:
    """Record that the owner of the server stops a visitor's training. Nothing is raised."""
    with suppress(OSError):
        (workspace.runs / run_id / _OWNER_STOP).touch()


def explain_owner_stop(workspace: Workspace, run_id: str, has_model: bool) -> str:
    """Return the sentence for a visitor whose training the owner stopped; empty if they did not."""
    if not (workspace.runs / run_id / _OWNER_STOP).exists():
        return ""
    sentence = "The owner of this server stopped this training, because theirs was waiting"
    return f"{sentence}. The model so far was kept." if has_model else f"{sentence}."


def check_visitor_training(
    workspace: Workspace, config: TrainConfig, runs: Collection[RunStatus]
) -> None:
    """Check that a visitor may queue a training.

    Parameters
    ----------
    workspace : Workspace
        The visitor's.
    config : TrainConfig
    runs : collection of RunStatus
        Their trainings so far.

    Raises
    ------
    RunError
        They may not, with the reason.
    """
    if problem := _find_problem(workspace, config, runs):
        report_event("refused", reason="limit of a visitor's training")
        raise RunError(problem)


def _find_problem(
    workspace: Workspace, config: TrainConfig, runs: Collection[RunStatus]
) -> str | None:
    if config.how_many_training_steps > MAX_STEPS:
        return f"Visitors may train for up to {MAX_STEPS:,} steps: choose fewer Training steps."
    if config.intermediate_store_frequency:
        return "Visitors cannot save unfinished models: set Save unfinished models to never."
    if not config.is_automatic and needs_download(config.backbone, workspace):
        return (
            "This network would have to be downloaded, which visitors cannot do: choose Automatic, "
            "Sky or Everyday."
        )
    if any(not run.state.is_over for run in runs):
        return "Your training has not ended: wait for it, or stop it, before you start another."
    if read_training_s(workspace) >= MAX_TRAINING_S:
        return explain_used_time(any(run.state in _HAVE_A_MODEL for run in runs))
    return find_excess(workspace)
