"""Evaluate a finished run again, for example one of a version without cross-validation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cluster_core.access import Access, Action
from cluster_core.data.index import Picture, Progress, scan_dataset
from cluster_core.errors import RunError
from cluster_core.evaluation.model_evaluation import (
    ModelEvaluation,
    SideFeatures,
    average_sample,
    evaluate_training,
)
from cluster_core.evaluation.picture_features import compute_mean_features, iterate_features
from cluster_core.model.bundle.bundle import ModelBundle
from cluster_core.model.bundle.collection import record_cross_validation
from cluster_core.model.bundle.folder import load_bundle
from cluster_core.storage.cache_file import CacheFile
from cluster_core.training.runs import load_config, load_result, load_status
from cluster_core.training.runs.evaluation_record import save_evaluation
from cluster_core.workspace import Workspace


def evaluate_run(
    access: Access,
    workspace: Workspace,
    run_id: str,
    on_progress: Progress = lambda done, total: None,
) -> ModelEvaluation:
    """Cross-validate the pictures that a run's dataset has today, and keep the result with the run.

    Parameters
    ----------
    access : Access
    workspace : Workspace
    run_id : str
        A run that made a model.
    on_progress : callable, optional
        Called with the numbers of pictures done and in all. An exception in it stops the work;
        features computed so far stay in the cache.

    Returns
    -------
    ModelEvaluation
        Its test pictures are those of the run that are still in the dataset.

    Raises
    ------
    AccessError
        This server does not let its visitors evaluate trainings.
    RunError
        There is no such run, it made no model, or the result cannot be written.
    BundleError, DatasetError, BackboneError, ImageError
        The model, the dataset, the network or a picture cannot be used.
    """
    access.require(Action.EVALUATE, workspace.root)
    status, config = load_status(workspace, run_id), load_config(workspace, run_id)
    if not status.bundle:
        raise RunError("This training made no model, so there is nothing to evaluate: train again.")
    bundle = load_bundle(workspace.bundles / status.bundle)
    with CacheFile(workspace.bottlenecks) as cache:
        index = scan_dataset(config.image_dir, cache, on_progress)
    pictures = [picture for picture in index.pictures if picture.label in bundle.labels]
    result = load_result(workspace, run_id)
    tested = {one.sha256 for one in result.metrics.pictures} if result else set()
    learned = [picture for picture in pictures if picture.sha256 not in tested]
    test = [picture for picture in pictures if picture.sha256 in tested]
    evaluation = evaluate_sides(bundle, (learned, test), workspace, on_progress)
    try:
        save_evaluation(workspace.runs / run_id, evaluation)
        if evaluation.cross_validation is not None:
            record_cross_validation(
                workspace.bundles / status.bundle, evaluation.cross_validation.summary
            )
    except OSError as error:
        raise RunError(
            f"The evaluation could not be saved ({error.strerror}): make sure that the disk has "
            "free space, then try again."
        ) from error
    return evaluation


def evaluate_sides(
    bundle: ModelBundle,
    sides: tuple[Sequence[Picture], Sequence[Picture]],
    workspace: Workspace,
    on_progress: Progress = lambda done, total: None,
) -> ModelEvaluation:
    """Cross-validate the pictures of both sides, and test a model with the second.

    Parameters
    ----------
    bundle : ModelBundle
        The model.
    sides : tuple of sequence of Picture
        The pictures that it learned from, and its test pictures; either may be empty, not both.
    workspace : Workspace
        Has the network, and the cache of its features.
    on_progress : callable, optional
        Called with the numbers of pictures done and in all. An exception in it stops the work;
        features computed so far stay in the cache.

    Raises
    ------
    BackboneError
        The network is not available.
    ImageError
        A picture can no longer be read.
    RunError
        The cache cannot be used, or the network computes numbers that are not finite.
    """
    learned, test = sides
    # For the pictures that were learned from, a cross-validation needs no single views.
    means = compute_mean_features(learned, bundle, workspace, on_progress)[:, np.newaxis]
    features = [views for _, views in iterate_features(test, bundle, workspace, on_progress)]
    tested = SideFeatures(test, np.concatenate(features)) if test else None
    sample = average_sample([SideFeatures(learned, means), *([tested] if tested else [])])
    return evaluate_training(sample, tested, bundle.labels, bundle.head)
