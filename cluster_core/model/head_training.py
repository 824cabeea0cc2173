"""Fit the last layer by gradient descent, step by step. Importing this loads TensorFlow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from cluster_core.model.head import Head
from cluster_core.model.head_settings import ALL_AT_ONCE, Evaluation, HeadSettings

INITIAL_SPREAD = 0.001
# Early stopping waits for this share of all steps, and never less than so many evaluations.
PATIENCE_SHARE = 0.1
PATIENCE_EVALUATIONS = 10


@dataclass(frozen=True)
class Examples:
    """Features and what they show.

    Attributes
    ----------
    features : ndarray of float32, (n_pictures, n_views, n_features)
    classes : ndarray of int, (n_pictures,)
        Index of each picture's label.
    n_labels : int
    """

    features: np.ndarray
    classes: np.ndarray
    n_labels: int

    @property
    def rows(self) -> np.ndarray:
        """Every view as a row: (n_pictures * n_views, n_features)."""
        return self.features.reshape(-1, self.features.shape[-1])

    @property
    def targets(self) -> np.ndarray:
        """One-hot classes of the rows, float32 (n_pictures * n_views, n_labels)."""
        one_hot = np.eye(self.n_labels, dtype=np.float32)[self.classes]
        return np.repeat(one_hot, self.features.shape[1], axis=0)


@dataclass(frozen=True)
class FittedHead:
    """The outcome of `fit_head`.

    Attributes
    ----------
    head : Head
        The last, or with early stopping the best.
    step : int
        The step it comes from.
    n_steps : int
        Steps that were run.
    """

    head: Head
    step: int
    n_steps: int


def fit_head(
    training: Examples,
    validation: Examples | None,
    settings: HeadSettings,
    on_evaluation: Callable[[Evaluation], None],
    on_store: Callable[[int, Head], None] | None = None,
) -> FittedHead:
    """Fit a softmax on features by gradient descent on the cross entropy.

    Parameters
    ----------
    training : Examples
        What to learn from; every view counts as an example.
    validation : Examples or None
        What early stopping looks at.
    settings : HeadSettings
        The same settings and data give the same head.
    on_evaluation : callable
        Told after every `eval_step_interval` steps, and after the last. It may raise to stop.
    on_store : callable, optional
        Given (step, head) every `store_frequency` steps.

    Returns
    -------
    FittedHead
    """
    random = np.random.default_rng(settings.seed)
    features, targets = tf.constant(training.rows), tf.constant(training.targets)
    example_weights = tf.constant(_weigh_examples(training, settings.balance_classes))
    n_features, n_labels = training.features.shape[-1], training.n_labels
    initial = random.normal(0, INITIAL_SPREAD, (n_features, n_labels))
    weights, bias = tf.constant(initial, tf.float32), tf.zeros(n_labels)
    watch = _ValidationWatch(validation, settings, random)
    rate, decay = tf.constant(settings.learning_rate), tf.constant(settings.weight_decay)
    step = 0
    for first, step in _list_stretches(settings):
        shape = (step - first + 1, settings.train_batch_size)
        batches = random.integers(0, len(training.rows), shape, dtype=np.int32)
        weights, bias = _run_steps(
            features, targets, example_weights, batches, weights, bias, rate, decay
        )
        if settings.store_frequency and on_store and step and step % settings.store_frequency == 0:
            on_store(step, _to_head(weights, bias))
        if not _is_evaluated(step, settings):
            continue
        accuracy, cross_entropy = _measure(
            tf.gather(features, batches[-1]), tf.gather(targets, batches[-1]), weights, bias
        )
        on_evaluation(
            Evaluation(
                step, float(accuracy), float(cross_entropy), *watch.look(step, weights, bias)
            )
        )
        if watch.is_over:
            break
    if watch.best is not None:
        return FittedHead(_to_head(*watch.best), watch.best_step, step + 1)
    return FittedHead(_to_head(weights, bias), step, step + 1)


class _ValidationWatch:
    """Measures validation pictures, and remembers where their cross entropy was lowest."""

    def __init__(
        self, validation: Examples | None, settings: HeadSettings, random: np.random.Generator
    ) -> None:
        self.best: tuple[tf.Tensor, tf.Tensor] | None = None
        self.best_step = 0
        self._lowest = np.inf
        self._is_over = False
        self._random = random
        self._patience_steps = max(
            PATIENCE_SHARE * settings.how_many_training_steps,
            PATIENCE_EVALUATIONS * settings.eval_step_interval,
        )
        self._stops_early = settings.early_stopping
        self._features = None if validation is None else tf.constant(validation.rows)
        self._targets = None if validation is None else tf.constant(validation.targets)
        n_rows = 0 if validation is None else len(validation.rows)
        asked = settings.validation_batch_size
        self._n_rows = n_rows
        self._n_sampled = n_rows if asked == ALL_AT_ONCE else min(asked, n_rows)

    def look(
        self, step: int, weights: tf.Tensor, bias: tf.Tensor
    ) -> tuple[float | None, float | None, int]:
        """Return accuracy and cross entropy of a sample and its size; note the best weights."""
        if self._features is None:
            return None, None, 0
        of_all = _measure(self._features, self._targets, weights, bias)
        if self._stops_early and float(of_all[1]) < self._lowest:
            self._lowest = float(of_all[1])
            self.best, self.best_step = (weights, bias), step
        self._is_over = step - self.best_step >= self._patience_steps
        if self._n_sampled == self._n_rows:
            return float(of_all[0]), float(of_all[1]), self._n_rows
        drawn = self._random.choice(self._n_rows, self._n_sampled, replace=False)
        features, targets = tf.gather(self._features, drawn), tf.gather(self._targets, drawn)
        accuracy, cross_entropy = _measure(features, targets, weights, bias)
        return float(accuracy), float(cross_entropy), self._n_sampled

    @property
    def is_over(self) -> bool:
        """Whether early stopping has waited long enough for something better."""
        return self._stops_early and self._is_over


def _is_evaluated(step: int, settings: HeadSettings) -> bool:
    is_last = step == settings.how_many_training_steps - 1
    return is_last or step % settings.eval_step_interval == 0


def _list_stretches(settings: HeadSettings) -> Iterator[tuple[int, int]]:
    """Yield (first, last) steps of each stretch that runs without a look at the outcome."""
    first = 0
    for step in range(settings.how_many_training_steps):
        is_stored = settings.store_frequency and step % settings.store_frequency == 0
        if is_stored or _is_evaluated(step, settings):
            yield first, step
            first = step + 1


def _weigh_examples(training: Examples, balance_classes: bool) -> np.ndarray:
    """Return a weight for each row, float32, 1 on average."""
    classes = np.repeat(training.classes, training.features.shape[1])
    if not balance_classes:
        return np.ones(len(classes), np.float32)
    counts = np.bincount(classes, minlength=training.n_labels)
    present = np.count_nonzero(counts)
    return (len(classes) / (present * counts[classes])).astype(np.float32)


def _to_head(weights: tf.Tensor, bias: tf.Tensor) -> Head:
    return Head(weights.numpy(), bias.numpy())


_MATRIX = tf.TensorSpec((None, None), tf.float32)
_VECTOR = tf.TensorSpec((None,), tf.float32)
_SCALAR = tf.TensorSpec((), tf.float32)
_BATCHES = tf.TensorSpec((None, None), tf.int32)


# Signatures are fixed so that a process traces these once, whatever it trains after.
@tf.function(
    input_signature=[_MATRIX, _MATRIX, _VECTOR, _BATCHES, _MATRIX, _VECTOR, _SCALAR, _SCALAR]
)
def _run_steps(
    features: tf.Tensor,
    targets: tf.Tensor,
    example_weights: tf.Tensor,
    batches: tf.Tensor,
    weights: tf.Tensor,
    bias: tf.Tensor,
    learning_rate: tf.Tensor,
    weight_decay: tf.Tensor,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Run one step of gradient descent for every row of `batches`."""
    batch_size = tf.cast(tf.shape(batches)[1], tf.float32)

    def run_step(
        step: tf.Tensor, weights: tf.Tensor, bias: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        batch = batches[step]
        rows = tf.gather(features, batch)
        # The gradient of the cross entropy by the logits is simply scores minus targets.
        excess = tf.nn.softmax(rows @ weights + bias) - tf.gather(targets, batch)
        excess *= tf.gather(example_weights, batch)[:, tf.newaxis] / batch_size
        gradient = tf.matmul(rows, excess, transpose_a=True) + weight_decay * weights
        return (
            step + 1,
            weights - learning_rate * gradient,
            bias - learning_rate * tf.reduce_sum(excess, axis=0),
        )

    _, weights, bias = tf.while_loop(
        lambda step, *_: step < tf.shape(batches)[0], run_step, (0, weights, bias)
    )
    return weights, bias


@tf.function(input_signature=[_MATRIX, _MATRIX, _MATRIX, _VECTOR])
def _measure(
    features: tf.Tensor, targets: tf.Tensor, weights: tf.Tensor, bias: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Return accuracy and mean cross entropy."""
    logits = features @ weights + bias
    is_right = tf.argmax(logits, axis=1) == tf.argmax(targets, axis=1)
    cross_entropy = tf.nn.softmax_cross_entropy_with_logits(targets, logits)
    return tf.reduce_mean(tf.cast(is_right, tf.float32)), tf.reduce_mean(cross_entropy)
