"""Report a finished run: its cross-validation, its test, and how it was trained."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from cluster_core.errors import RunError
from cluster_core.evaluation.model_evaluation import ModelEvaluation
from cluster_core.evaluation.report.content import Report
from cluster_core.model.bundle.folder import load_bundle
from cluster_core.training.retrain_command import format_command
from cluster_core.training.runs import (
    RunResult,
    load_config,
    load_evaluation,
    load_result,
    load_status,
)
from cluster_core.workspace import DATASET_SUFFIX, DEFAULT_ROOT, Workspace


def report_run(workspace: Workspace, run_id: str) -> Report:
    """Return the report of a run.

    Parameters
    ----------
    workspace : Workspace
    run_id : str

    Returns
    -------
    Report
        Without a test or cross-validation if the run has none. The command names no folder of
        this computer except the dataset's.

    Raises
    ------
    RunError
        There is no such run, or it made no model.
    BundleError
        Its model was deleted or is damaged.
    """
    status, config = load_status(workspace, run_id), load_config(workspace, run_id)
    if not status.bundle:
        raise RunError("This training made no model, so there is nothing to report: train again.")
    bundle = load_bundle(workspace.bundles / status.bundle)
    evaluation = load_evaluation(workspace, run_id) or ModelEvaluation(None)
    result = load_result(workspace, run_id)
    dataset = config.image_dir.name.removesuffix(DATASET_SUFFIX)
    paths: dict[str, Any] = {
        one.name: None for one in fields(config) if str(one.type) == "Path | None"
    }
    shown = replace(config, image_dir=Path(config.image_dir.name), **paths)
    command = format_command(shown, Workspace(Path(DEFAULT_ROOT)))
    return Report(
        f"{dataset} with {bundle.backbone.name}",
        bundle,
        evaluation.test,
        "test pictures",
        config.image_dir,
        {
            "folder": config.image_dir.name,
            "SHA-256 of the data": bundle.dataset.get("sha256", "not recorded"),
            "seed": config.seed,
            "rule of the split": config.split_version,
            **(_count_sides(result) if result else {}),
        },
        evaluation.cross_validation,
        command,
        () if result is None else result.notes,
    )


def _count_sides(result: RunResult) -> dict[str, str]:
    return {
        f"{side} pictures": ", ".join(f"{label} {count:,}" for label, count in counts.items())
        for side, counts in result.counts.items()
        if any(counts.values())
    }
