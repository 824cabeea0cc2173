"""Add the cross-validation of its run to a model that was made before models recorded it."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace

from cluster_core.errors import RunError
from cluster_core.model.bundle.selection import STARTER_ID
from cluster_core.model.bundle.summaries import ModelSummary
from cluster_core.training.runs import list_runs, load_cross_validation
from cluster_core.workspace import Workspace


def complete_accuracies(
    workspace: Workspace, models: Iterable[ModelSummary]
) -> tuple[ModelSummary, ...]:
    """Return the models with the cross-validations of their runs, where they have none themselves.

    Only the states of the runs are read each time, and only if a model needs its run; a run that
    cannot be read changes nothing.
    """
    models = tuple(models)
    if not any(map(_is_incomplete, models)):
        return models
    runs = {}
    with suppress(RunError):
        runs = {status.bundle: status.id for status in list_runs(workspace) if status.bundle}
    return tuple(_complete(workspace, model, runs.get(model.id)) for model in models)


def _complete(workspace: Workspace, model: ModelSummary, run_id: str | None) -> ModelSummary:
    if run_id is None or not _is_incomplete(model):
        return model
    with suppress(RunError):
        return replace(model, accuracy=load_cross_validation(workspace, run_id) or model.accuracy)
    return model


def _is_incomplete(model: ModelSummary) -> bool:
    return model.id != STARTER_ID and not (model.accuracy and model.accuracy.is_cross_validated)
