"""Fit the last layer by gradient descent, step by step. Importing this loads TensorFlow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from cluster_core.model.examples import Examples, Lesson, Prior
from cluster_core.model.head import Head
from cluster_core.model.head_settings import ALL_AT_ONCE, Evaluation, HeadSettings

INITIAL_SPREAD = 0.001
# Early stopping waits for this share of all steps, and never less than so many evaluations.
PATIENCE_SHARE = 0.1
PATIENCE_EVALUATIONS = 10
# Nobody waits for an answer, and no array grows, beyond the examples of so many.
EXAMPLES_PER_STRETCH = 100_000
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
        What is known of these classes already; the head begins with small
        random weights when not given.
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
    descent = _Descent(lesson, settings, random, prior)
    watch = _ValidationWatch(validation, settings, random)
    head, step = descent.head, 0
    for first, step in _list_stretches(settings):
        shape = (step - first + 1, settings.train_batch_size)
        batches = random.integers(0, len(lesson.rows), shape, dtype=np.int32)
        head = descent.run(batches)
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
        prior: Prior | None,
    ) -> None:
        rows = lesson.rows
        ones = np.ones((len(rows), 1), np.float32)
        rates = settings.learning_rate / settings.train_batch_size * lesson.weights
        nothing = np.zeros((rows.shape[1] + 1, lesson.n_labels))
        goal = nothing if prior is None else np.vstack([prior.head.weights, prior.head.bias])
        initial = goal.copy()
        if prior is None:
            initial[:-1] = random.normal(0, INITIAL_SPREAD, (rows.shape[1], lesson.n_labels))
        kept = np.full((rows.shape[1] + 1, 1), 1 - settings.learning_rate * settings.weight_decay)
        kept[-1] = 1  # weight decay leaves the bias alone
        self._rows = tf.constant(np.hstack([rows, ones]))
        self._targets = tf.one_hot(lesson.classes, lesson.n_labels)
        self._rates = tf.constant(rates[:, np.newaxis], tf.float32)
        self._kept = tf.constant(kept, tf.float32)
        self._pull = tf.constant((1 - kept) * goal, tf.float32)
        self._weights = tf.constant(initial, tf.float32)

    def run(self, batches: np.ndarray) -> Head:
        """Run a step for every row of `batches`, int32 (n_steps, batch_size)."""
        self._weights = _run_steps(
            self._rows, self._targets, self._rates, batches, self._weights, self._kept, self._pull
        )
        return self.head

    @property
    def head(self) -> Head:
        """The weights as they stand."""
        weights = self._weights.numpy()
        return Head(weights[:-1], weights[-1])


class _ValidationWatch:
    """Measures validation pictures, and remembers where their cross entropy was lowest."""

    def __init__(
        self, validation: Examples | None, settings: HeadSettings, random: np.random.Generator
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
        self._stops_early = settings.early_stopping
        self._validation = validation
        n_pictures = 0 if validation is None else len(validation.classes)
        asked = settings.validation_batch_size
        self._n_sampled = n_pictures if asked == ALL_AT_ONCE else min(asked, n_pictures)

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


def _list_stretches(settings: HeadSettings) -> Iterator[tuple[int, int]]:
    """Yield (first, last) steps of each stretch that runs without a look at the outcome."""
    first = 0
    longest = max(1, EXAMPLES_PER_STRETCH // settings.train_batch_size)
    for step in range(settings.how_many_training_steps):
        is_stored = settings.store_frequency and step % settings.store_frequency == 0
        is_long = step - first + 1 == longest
        if is_stored or is_long or _is_evaluated(step, settings):
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
    input_signature=[_MATRIX, _MATRIX, _MATRIX, _BATCHES, _MATRIX, _MATRIX, _MATRIX],
    autograph=False,
)
def _run_steps(
    rows: tf.Tensor,
    targets: tf.Tensor,
    rates: tf.Tensor,
    batches: tf.Tensor,
    weights: tf.Tensor,
    kept: tf.Tensor,
    pull: tf.Tensor,
) -> tf.Tensor:
    """Run one step of gradient descent for every row of `batches`.

    `rates` is each example's learning rate, `kept` the share of each weight
    that weight decay leaves after a step, `pull` what it adds instead.
    """
    batch_targets = tf.gather(targets, batches)  # (n_steps, batch_size, n_labels)
    batch_rates = tf.gather(rates, batches)  # (n_steps, batch_size, 1)

    def run_step(step: tf.Tensor, weights: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        batch = tf.gather(rows, tf.gather(batches, step))
        # The gradient of the cross entropy by the logits is simply scores minus targets.
        excess = tf.nn.softmax(tf.matmul(batch, weights)) - tf.gather(batch_targets, step)
        change = tf.matmul(batch, excess * tf.gather(batch_rates, step), transpose_a=True)
        return step + 1, weights * kept + pull - change

    _, weights = tf.while_loop(lambda step, _: step < tf.shape(batches)[0], run_step, (0, weights))
    return weights
