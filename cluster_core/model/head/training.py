"""Fit the last layer by gradient descent, step by step. Importing this loads TensorFlow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from cluster_core.model.head.examples import Examples, Lesson, Prior
from cluster_core.model.head.head import Head
from cluster_core.model.head.settings import ALL_PICTURES, Evaluation, HeadSettings

INITIAL_SPREAD = 0.001
# Early stopping waits for this share of all steps, and never less than so many evaluations.
PATIENCE_SHARE = 0.1
PATIENCE_EVALUATIONS = 10
# Nobody waits for an answer, and no array grows, beyond the examples of so many.
EXAMPLES_PER_STRETCH = 100_000
# With a prior, the head is a mean over the way; so many steps lie between the heads in it.
MEAN_EVERY = 10
# The smallest positive float32, so that a score of nought has a logarithm.
LEAST_SCORE = np.finfo(np.float32).tiny


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
    prior: Prior | None = None,
    is_stopped: Callable[[], bool] = lambda: False,
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
    prior : Prior, optional
        What is known of these classes already, to be learned as well.
    is_stopped : callable, optional
        Asked after every evaluation and at least every `EXAMPLES_PER_STRETCH`
        examples; once it says so no more steps are run, and what was found
        until then is returned.

    Returns
    -------
    FittedHead
    """
    random = np.random.default_rng(settings.seed)
    lesson = Lesson.of(training, prior, settings.balance_classes)
    decay = 0.0 if prior is None else prior.decay
    descent = _Descent(lesson, settings, random, decay)
    watch = _ValidationWatch(validation, settings, random, prior)
    mean = None if prior is None else _RecentMean(settings.learning_rate * prior.decay)
    head, step = descent.head, 0
    for first, step in _list_stretches(settings, is_averaged=mean is not None):
        shape = (step - first + 1, settings.train_batch_size)
        batches = random.integers(0, len(lesson.rows), shape, dtype=np.int32)
        head = descent.run(batches)
        if mean is not None and prior is not None:
            head = prior.lean(mean.add(step, head), len(training.classes))
        if settings.store_frequency and on_store and step and step % settings.store_frequency == 0:
            on_store(step, head)
        if _is_evaluated(step, settings):
            last = batches[-1]
            batch = lesson.rows[last, np.newaxis]
            accuracy, loss = _measure(head, batch, lesson.classes[last])
            on_evaluation(Evaluation(step, accuracy, loss, *watch.look(step, head)))
        if watch.is_over or is_stopped():
            break
    if watch.best is not None:
        return FittedHead(watch.best, watch.best_step, step + 1)
    return FittedHead(head, step, step + 1)


class _Descent:
    """Gradient descent, the bias being a last row of the weights for a feature that is always 1."""

    def __init__(
        self,
        lesson: Lesson,
        settings: HeadSettings,
        random: np.random.Generator,
        decay: float,
    ) -> None:
        rows = lesson.rows
        ones = np.ones((len(rows), 1), np.float32)
        rates = settings.learning_rate / settings.train_batch_size * lesson.weights
        initial = np.zeros((rows.shape[1] + 1, lesson.n_labels))
        initial[:-1] = random.normal(0, INITIAL_SPREAD, (rows.shape[1], lesson.n_labels))
        kept = np.full((rows.shape[1] + 1, 1), 1 - settings.learning_rate * settings.weight_decay)
        # Dividing, unlike subtracting, turns no weight around however high the learning rate.
        kept /= 1 + settings.learning_rate * decay
        kept[-1] = 1  # weight decay leaves the bias alone
        self._rows = tf.constant(np.hstack([rows, ones]))
        self._targets = tf.one_hot(lesson.classes, lesson.n_labels)
        self._rates = tf.constant(rates[:, np.newaxis], tf.float32)
        self._kept = tf.constant(kept, tf.float32)
        self._weights = tf.constant(initial, tf.float32)

    def run(self, batches: np.ndarray) -> Head:
        """Run a step for every row of `batches`, int32 (n_steps, batch_size)."""
        self._weights = _run_steps(
            self._rows, self._targets, self._rates, batches, self._weights, self._kept
        )
        return self.head

    @property
    def head(self) -> Head:
        """The weights as they stand."""
        weights = self._weights.numpy()
        return Head(weights[:-1], weights[-1])


class _RecentMean:
    """The mean of a descent's latest heads, which the chance of its batches moves less than one.

    It forgets as fast as weight decay does, so it comes to rest where the descent does.

    References
    ----------
    .. [1] Polyak, B. T., Juditsky, A. B. 1992, "Acceleration of stochastic approximation
       by averaging".
    """

    def __init__(self, forgetting: float) -> None:
        self._least_share = min(1.0, MEAN_EVERY * forgetting)
        self._n_heads = 0
        self._mean: Head | None = None

    def add(self, step: int, head: Head) -> Head:
        """Take in the head after a step, if it is its turn, and return the mean so far."""
        if self._mean is not None and step % MEAN_EVERY:
            return self._mean
        self._n_heads += 1
        if self._mean is None:
            self._mean = head
        share = max(1 / self._n_heads, self._least_share)
        self._mean = Head(
            self._mean.weights + np.float32(share) * (head.weights - self._mean.weights),
            self._mean.bias + np.float32(share) * (head.bias - self._mean.bias),
        )
        return self._mean


class _ValidationWatch:
    """Measures validation pictures, and remembers where their cross entropy was lowest.

    With a prior it never stops: what is known, and weights kept small, guard against
    learning by heart, and a dozen pictures would only choose a chance point on the way.
    """

    def __init__(
        self,
        validation: Examples | None,
        settings: HeadSettings,
        random: np.random.Generator,
        prior: Prior | None,
    ) -> None:
        self.best: Head | None = None
        self.best_step = 0
        self._lowest = np.inf
        self._is_over = False
        self._random = random
        self._patience_steps = max(
            PATIENCE_SHARE * settings.how_many_training_steps,
            PATIENCE_EVALUATIONS * settings.eval_step_interval,
        )
        self._stops_early = settings.early_stopping and prior is None
        self._validation = validation
        n_pictures = 0 if validation is None else len(validation.classes)
        asked = settings.validation_batch_size
        self._n_sampled = n_pictures if asked == ALL_PICTURES else min(asked, n_pictures)

    def look(self, step: int, head: Head) -> tuple[float | None, float | None, int]:
        """Return accuracy and cross entropy of a sample and its size; note the best head."""
        if self._validation is None:
            return None, None, 0
        features, classes = self._validation.features, self._validation.classes
        accuracy, cross_entropy = _measure(head, features, classes)
        if self._stops_early and cross_entropy < self._lowest:
            self._lowest = cross_entropy
            self.best, self.best_step = head, step
        self._is_over = step - self.best_step >= self._patience_steps
        if self._n_sampled < len(features):
            drawn = self._random.choice(len(features), self._n_sampled, replace=False)
            accuracy, cross_entropy = _measure(head, features[drawn], classes[drawn])
        return accuracy, cross_entropy, self._n_sampled

    @property
    def is_over(self) -> bool:
        """Whether early stopping has waited long enough for something better."""
        return self._stops_early and self._is_over


def _is_evaluated(step: int, settings: HeadSettings) -> bool:
    is_last = step == settings.how_many_training_steps - 1
    return is_last or step % settings.eval_step_interval == 0


def _list_stretches(settings: HeadSettings, is_averaged: bool) -> Iterator[tuple[int, int]]:
    """Yield (first, last) steps of each stretch that runs without a look at the outcome."""
    first = 0
    longest = max(1, EXAMPLES_PER_STRETCH // settings.train_batch_size)
    for step in range(settings.how_many_training_steps):
        is_stored = settings.store_frequency and step % settings.store_frequency == 0
        is_long = step - first + 1 == longest
        is_in_mean = is_averaged and step % MEAN_EVERY == 0
        if is_stored or is_long or is_in_mean or _is_evaluated(step, settings):
            yield first, step
            first = step + 1


def _measure(head: Head, features: np.ndarray, classes: np.ndarray) -> tuple[float, float]:
    """Return accuracy and mean cross entropy of pictures, (n, n_views, n_features), as answered.

    A picture in several views counts once, with the mean of their scores.
    """
    scores = head.compute_scores(features)
    scores_of_truth = scores[np.arange(len(classes)), classes]
    cross_entropy = -np.log(np.maximum(scores_of_truth, LEAST_SCORE)).mean()
    return float((scores.argmax(axis=1) == classes).mean()), float(cross_entropy)


_MATRIX = tf.TensorSpec((None, None), tf.float32)
_BATCHES = tf.TensorSpec((None, None), tf.int32)


# The signature is fixed so that a process traces this once, whatever it trains after; without
# autograph, which has no Python loop to convert here, that takes a third of the time.
@tf.function(
    input_signature=[_MATRIX, _MATRIX, _MATRIX, _BATCHES, _MATRIX, _MATRIX],
    autograph=False,
)
def _run_steps(
    rows: tf.Tensor,
    targets: tf.Tensor,
    rates: tf.Tensor,
    batches: tf.Tensor,
    weights: tf.Tensor,
    kept: tf.Tensor,
) -> tf.Tensor:
    """Run one step of gradient descent for every row of `batches`.

    `rates` is each example's learning rate, `kept` the share of each weight
    that weight decay leaves after a step.
    """
    batch_targets = tf.gather(targets, batches)  # (n_steps, batch_size, n_labels)
    batch_rates = tf.gather(rates, batches)  # (n_steps, batch_size, 1)

    def run_step(step: tf.Tensor, weights: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        batch = tf.gather(rows, tf.gather(batches, step))
        # The gradient of the cross entropy by the logits is simply scores minus targets.
        excess = tf.nn.softmax(tf.matmul(batch, weights)) - tf.gather(batch_targets, step)
        change = tf.matmul(batch, excess * tf.gather(batch_rates, step), transpose_a=True)
        return step + 1, weights * kept - change

    _, weights = tf.while_loop(lambda step, _: step < tf.shape(batches)[0], run_step, (0, weights))
    return weights
