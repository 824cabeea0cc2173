"""How good a fitted head is: its temperature, and the final test."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cluster_core.errors import RunError
from cluster_core.evaluation.calibration import fit_temperature
from cluster_core.evaluation.scores import Metrics, compute_metrics
from cluster_core.model.head.examples import Examples
from cluster_core.model.head.head import Head
from cluster_core.model.head.settings import ALL_PICTURES
from cluster_core.model.head.training import DIVERGED
from cluster_core.training.config import TrainConfig
from cluster_core.training.examples import TrainingExamples


def calibrate(head: Head, validation: Examples | None) -> Head:
    """Return the head with the temperature that suits the validation pictures, if any."""
    if validation is None:
        return head
    logits = head.compute_logits(validation.features)
    return replace(head, temperature=fit_temperature(logits, validation.classes))


def run_final_test(
    config: TrainConfig, labels: tuple[str, ...], examples: TrainingExamples, head: Head
) -> Metrics:
    """Score the test pictures, or as many as the settings ask for, drawn by their seed.

    Raises
    ------
    RunError
        The scores are not finite.
    """
    if examples.testing is None:
        return compute_metrics((), np.empty((0, len(labels))), labels)
    with np.errstate(over="ignore", invalid="ignore"):  # checked in the next line
        scores = head.compute_scores(examples.testing.features)
    if not np.isfinite(scores).all():
        raise RunError(DIVERGED)
    pictures = examples.split.testing
    if config.test_batch_size != ALL_PICTURES:
        random = np.random.default_rng(config.seed)
        chosen = np.sort(random.permutation(len(pictures))[: config.test_batch_size])
        pictures, scores = tuple(pictures[number] for number in chosen), scores[chosen]
    return compute_metrics(pictures, scores, labels)
