"""Train the head by gradient descent. Importing this module loads TensorFlow."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from cluster_core.errors import RunError
from cluster_core.model.head.examples import Examples, Prior, WeightedRows
from cluster_core.model.head.head import Head
from cluster_core.model.head.settings import (
    ALL_PICTURES,
    NO_CALLBACKS,
    Evaluation,
    FitCallbacks,
    HeadSettings,
)

# Standard deviation of the initial weights, as in the retrain script.
INITIAL_SPREAD = 0.001
# Early stopping waits for the longer of: this share of all steps, this number of evaluations.
PATIENCE_SHARE = 0.1
PATIENCE_EVALUATIONS = 10
# Bounds the time between two polls of `is_stopped`, and the size of the batch arrays.
MAX_EXAMPLES_PER_CHUNK = 100_000
# With a prior, the head is averaged along the descent: one head in this many steps.
AVERAGING_INTERVAL_STEPS = 10
# The smallest normal float32, so that a score of 0 has a logarithm.
MIN_SCORE = np.finfo(np.float32).tiny
DIVERGED = (
    "The training was stopped and nothing was saved, because its loss or weights are no longer "
    "finite numbers: choose another network or a lower learning rate, or delete the bottleneck "
    "cache, which is then computed again."
)


@dataclass(frozen=True)
class FittedHead:
    """The result of `fit_head`.

    Attributes
    ----------
    head : Head
        The last head, or with early stopping the best one.
    step : int
        The step that `head` comes from, counted from 0.
    n_steps : int
        Number of steps that were run.
    """

    head: Head
    step: int
    n_steps: int


def fit_head(
    training: Examples,
    validation: Examples | None,
    settings: HeadSettings,
    prior: Prior | None = None,
    callbacks: FitCallbacks = NO_CALLBACKS,
) -> FittedHead:
    """Fit a softmax classifier by gradient descent on the cross entropy.

    The same settings and data give the same head, to the last bit.

    Parameters
    ----------
    training : Examples
        The pictures to learn from; every view counts as one example.
    validation : Examples or None
        The pictures that are evaluated, and that early stopping watches.
    settings : HeadSettings
        Step count, learning rate, batch sizes and so on.
    prior : Prior, optional
        Prior knowledge of the classes. With it, the head is averaged along the descent
        [1]_ and early stopping is off.
    callbacks : FitCallbacks, optional
        Functions called on the way.

    Returns
    -------
    FittedHead
        The head has a temperature of 1.

    Raises
    ------
    RunError
        The loss or the weights are not finite, because the features are out of range or the
        learning rate is.

    References
    ----------
    .. [1] Polyak, B. T., Juditsky, A. B. 1992, "Acceleration of stochastic approximation
       by averaging", SIAM J. Control Optim. 30, 838.
    """
    try:
        return _fit_head(training, validation, settings, prior, callbacks)
    except FloatingPointError as error:
        raise RunError(DIVERGED) from error


def _fit_head(
    training: Examples,
    validation: Examples | None,
    settings: HeadSettings,
    prior: Prior | None,
    callbacks: FitCallbacks,
) -> FittedHead:
    """Do the work of `fit_head`; raise FloatingPointError for numbers that are not finite."""
    random = np.random.default_rng(settings.seed)
    weighted = WeightedRows.of(training, prior, settings.balance_classes)
    descent = _Descent(weighted, settings, random, decay=0.0 if prior is None else prior.decay)
    watch = _ValidationWatch(validation, settings, random, stops_early=prior is None)
    mean = None if prior is None else _RunningMean(settings.learning_rate * prior.decay)
    head, step = descent.head, 0
    for first, step in _list_chunks(settings, is_averaged=mean is not None):
        shape = (step - first + 1, settings.train_batch_size)
        batches = random.integers(0, len(weighted.rows), shape, dtype=np.int32)
        head = descent.run(batches)
        if mean is not None and prior is not None:
            head = prior.apply_odds(mean.add(step, head), len(training.classes))
        if callbacks.on_store and _is_stored(step, settings):
            callbacks.on_store(step, head)
        if _is_evaluated(step, settings):
            last = batches[-1]
            batch = weighted.rows[last, np.newaxis]
            accuracy, loss = _measure(head, batch, weighted.classes[last])
            callbacks.on_evaluation(Evaluation(step, accuracy, loss, *watch.evaluate(step, head)))
        if watch.is_over or callbacks.is_stopped():
            break
    if watch.best is not None:
        return FittedHead(watch.best, watch.best_step, step + 1)
    return FittedHead(head, step, step + 1)


class _Descent:
    """Gradient descent. The bias is the last row of the weights, for a feature that is always 1."""

    def __init__(
        self,
        weighted: WeightedRows,
        settings: HeadSettings,
        random: np.random.Generator,
        decay: float,
    ) -> None:
        rows = weighted.rows
        ones = np.ones((len(rows), 1), np.float32)
        rates = settings.learning_rate / settings.train_batch_size * weighted.weights
        initial = np.zeros((rows.shape[1] + 1, weighted.n_labels))
        initial[:-1] = random.normal(0, INITIAL_SPREAD, (rows.shape[1], weighted.n_labels))
        kept = np.full((rows.shape[1] + 1, 1), 1 - settings.learning_rate * settings.weight_decay)
        # Division, unlike subtraction, never flips a sign, however high the learning rate.
        kept /= 1 + settings.learning_rate * decay
        kept[-1] = 1  # no weight decay for the bias
        self._rows = tf.constant(np.hstack([rows, ones]))
        self._targets = tf.one_hot(weighted.classes, weighted.n_labels)
        self._rates = tf.constant(rates[:, np.newaxis], tf.float32)
        self._kept = tf.constant(kept, tf.float32)
        self._weights = tf.constant(initial, tf.float32)

    def run(self, batches: np.ndarray) -> Head:
        """Run one step per row of `batches`, int32 (n_steps, batch_size), and return the head."""
        self._weights = _run_steps(
            self._rows, self._targets, self._rates, batches, self._weights, self._kept
        )
        return self.head

    @property
    def head(self) -> Head:
        """The current weights and bias; raises FloatingPointError if they are not finite."""
        weights = self._weights.numpy()
        if not np.isfinite(weights).all():
            raise FloatingPointError("weights are not finite")
        return Head(weights[:-1], weights[-1])


class _RunningMean:
    """Mean of the latest heads, which depends less on the random batches than a single head.

    Old heads fade as fast as weight decay shrinks the weights, so the mean converges
    where the descent does. See Polyak and Juditsky (1992), as cited in `fit_head`.
    """

    def __init__(self, decay_per_step: float) -> None:
        self._min_share = min(1.0, AVERAGING_INTERVAL_STEPS * decay_per_step)
        self._n_heads = 0
        self._mean: Head | None = None

    def add(self, step: int, head: Head) -> Head:
        """Include the head of a step if the step is due, and return the mean so far."""
        if self._mean is not None and step % AVERAGING_INTERVAL_STEPS:
            return self._mean
        self._n_heads += 1
        if self._mean is None:
            self._mean = head
        share = max(1 / self._n_heads, self._min_share)
        self._mean = Head(
            self._mean.weights + np.float32(share) * (head.weights - self._mean.weights),
            self._mean.bias + np.float32(share) * (head.bias - self._mean.bias),
        )
        return self._mean


class _ValidationWatch:
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
        accuracy, cross_entropy = _measure(head, features, classes)
        if self._stops_early and cross_entropy < self._lowest:
            self._lowest = cross_entropy
            self.best, self.best_step = head, step
        self._is_patience_over = step - self.best_step >= self._patience_steps
        if self._n_sampled < len(features):
            drawn = self._random.choice(len(features), self._n_sampled, replace=False)
            accuracy, cross_entropy = _measure(head, features[drawn], classes[drawn])
        return accuracy, cross_entropy, self._n_sampled

    @property
    def is_over(self) -> bool:
        """Whether early stopping has waited long enough for a better head."""
        return self._stops_early and self._is_patience_over


def _is_evaluated(step: int, settings: HeadSettings) -> bool:
    is_last = step == settings.how_many_training_steps - 1
    return is_last or step % settings.eval_step_interval == 0


def _is_stored(step: int, settings: HeadSettings) -> bool:
    return bool(settings.store_frequency and step and step % settings.store_frequency == 0)


def _list_chunks(settings: HeadSettings, is_averaged: bool) -> Iterator[tuple[int, int]]:
    """Yield the first and last step of each chunk that runs in one TensorFlow call."""
    first = 0
    longest = max(1, MAX_EXAMPLES_PER_CHUNK // settings.train_batch_size)
    for step in range(settings.how_many_training_steps):
        is_full = step - first + 1 == longest
        is_in_mean = is_averaged and step % AVERAGING_INTERVAL_STEPS == 0
        if is_full or is_in_mean or _is_stored(step, settings) or _is_evaluated(step, settings):
            yield first, step
            first = step + 1


def _measure(head: Head, features: np.ndarray, classes: np.ndarray) -> tuple[float, float]:
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


_MATRIX = tf.TensorSpec((None, None), tf.float32)
_BATCHES = tf.TensorSpec((None, None), tf.int32)


# With a fixed signature a process traces this once for all its trainings. Autograph has no
# Python loop to convert here, and without it tracing takes a third of the time.
@tf.function(
    input_signature=[_MATRIX, _MATRIX, _MATRIX, _BATCHES, _MATRIX, _MATRIX],
    autograph=False,
)
def _run_steps(  # noqa: PLR0913, PLR0917 (a fixed signature takes plain tensors)
    rows: tf.Tensor,
    targets: tf.Tensor,
    rates: tf.Tensor,
    batches: tf.Tensor,
    weights: tf.Tensor,
    kept: tf.Tensor,
) -> tf.Tensor:
    """Run one step of gradient descent per row of `batches`.

    Parameters
    ----------
    rows : Tensor of float32, (n_rows, n_features + 1)
        Features, and a last column of ones for the bias.
    targets : Tensor of float32, (n_rows, n_labels)
        Labels, one-hot.
    rates : Tensor of float32, (n_rows, 1)
        Learning rate of each example, divided by the batch size.
    batches : Tensor of int32, (n_steps, batch_size)
        Indices into `rows`.
    weights : Tensor of float32, (n_features + 1, n_labels)
    kept : Tensor of float32, (n_features + 1, 1)
        Factor that weight decay applies to each weight at every step.

    Returns
    -------
    Tensor of float32, (n_features + 1, n_labels)
        The weights after the last step.
    """
    batch_targets = tf.gather(targets, batches)  # (n_steps, batch_size, n_labels)
    batch_rates = tf.gather(rates, batches)  # (n_steps, batch_size, 1)

    def run_step(step: tf.Tensor, weights: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        batch = tf.gather(rows, tf.gather(batches, step))
        # The gradient of the cross entropy with respect to the logits is scores minus targets.
        excess = tf.nn.softmax(tf.matmul(batch, weights)) - tf.gather(batch_targets, step)
        change = tf.matmul(batch, excess * tf.gather(batch_rates, step), transpose_a=True)
        return step + 1, weights * kept - change

    _, weights = tf.while_loop(lambda step, _: step < tf.shape(batches)[0], run_step, (0, weights))
    return weights
