"""Measure a head on pictures, and stop a training that no longer improves on them."""

from __future__ import annotations

import math

import numpy as np

from cluster_core.model.head.examples import Examples
from cluster_core.model.head.head import Head
from cluster_core.model.head.settings import ALL_PICTURES, HeadSettings

# Early stopping waits for the longer of: this share of all steps, this number of evaluations.
PATIENCE_SHARE = 0.1
PATIENCE_EVALUATIONS = 10
# The smallest normal float32, so that a score of 0 has a logarithm.
MIN_SCORE = np.finfo(np.float32).tiny


class ValidationWatch:
    """Evaluates the validation pictures and keeps the head with the lowest cross entropy.

    With a prior there is no early stopping: the rehearsal and the small weights already
    guard against overfitting, and a dozen pictures would only pick a random step.
    """

    def __init__(
        self,
        validation: Examples | None,
        settings: HeadSettings,
        random: np.random.Generator,
        *,
        stops_early: bool,
    ) -> None:
        self.best: Head | None = None
        self.best_step = 0
        self._lowest = np.inf
        self._is_patience_over = False
        self._random = random
        self._patience_steps = max(
            PATIENCE_SHARE * settings.how_many_training_steps,
            PATIENCE_EVALUATIONS * settings.eval_step_interval,
        )
        self._stops_early = settings.early_stopping and stops_early
        self._validation = validation
        n_pictures = 0 if validation is None else len(validation.classes)
        requested = settings.validation_batch_size
        self._n_sampled = n_pictures if requested == ALL_PICTURES else min(requested, n_pictures)

    def evaluate(self, step: int, head: Head) -> tuple[float | None, float | None, int]:
        """Return accuracy and cross entropy of a sample, and its size; keep the best head."""
        if self._validation is None:
            return None, None, 0
        features, classes = self._validation.features, self._validation.classes
        accuracy, cross_entropy = measure(head, features, classes)
        if self._stops_early and cross_entropy < self._lowest:
            self._lowest = cross_entropy
            self.best, self.best_step = head, step
        self._is_patience_over = step - self.best_step >= self._patience_steps
        if self._n_sampled < len(features):
            drawn = self._random.choice(len(features), self._n_sampled, replace=False)
            accuracy, cross_entropy = measure(head, features[drawn], classes[drawn])
        return accuracy, cross_entropy, self._n_sampled

    @property
    def is_over(self) -> bool:
        """Whether early stopping has waited long enough for a better head."""
        return self._stops_early and self._is_patience_over


def measure(head: Head, features: np.ndarray, classes: np.ndarray) -> tuple[float, float]:
    """Return accuracy and mean cross entropy over pictures.

    A picture counts once, with the mean score of its views.

    Parameters
    ----------
    head : Head
    features : ndarray of float32, (n_pictures, n_views, n_features)
    classes : ndarray of int, (n_pictures,)

    Raises
    ------
    FloatingPointError
        The cross entropy is not finite.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # checked below
        scores = head.compute_scores(features)
    true_scores = scores[np.arange(len(classes)), classes]
    cross_entropy = -np.log(np.maximum(true_scores, MIN_SCORE)).mean()
    if not math.isfinite(cross_entropy):
        raise FloatingPointError("the loss is not finite")
    return float((scores.argmax(axis=1) == classes).mean()), float(cross_entropy)
