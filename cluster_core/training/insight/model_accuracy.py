"""Add the cross-validation of its run to a model that was made before models recorded it."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace

from cluster_core.errors import RunError
from cluster_core.model.bundle.summaries import ModelSummary
from cluster_core.training.runs import list_runs, load_accuracy
from cluster_core.workspace import Workspace


def complete_accuracies(
    workspace: Workspace, models: Iterable[ModelSummary]
) -> tuple[ModelSummary, ...]:
    """Return the models with the accuracy of their runs, where their own is not cross-validated.

    Repeated calls are cheap; a run that cannot be read changes nothing.
    """
    models = tuple(models)
    if all(model.accuracy and model.accuracy.is_cross_validated for model in models):
        return models
    runs = {}
    with suppress(RunError):
        runs = {status.bundle: status.id for status in list_runs(workspace) if status.bundle}
    return tuple(_complete(workspace, model, runs.get(model.id)) for model in models)


def _complete(workspace: Workspace, model: ModelSummary, run_id: str | None) -> ModelSummary:
    if run_id is None or (model.accuracy and model.accuracy.is_cross_validated):
        return model
    with suppress(RunError):
        return replace(model, accuracy=load_accuracy(workspace, run_id) or model.accuracy)
    return model
