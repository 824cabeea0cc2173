"""Train the head by gradient descent. Importing this module loads TensorFlow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cluster_core.errors import RunError
from cluster_core.model.head.descent import Descent
from cluster_core.model.head.examples import Examples, Prior, WeightedRows
from cluster_core.model.head.head import Head
from cluster_core.model.head.settings import NO_CALLBACKS, Evaluation, FitCallbacks, HeadSettings
from cluster_core.model.head.validation import ValidationWatch, measure

# Bounds the time between two polls of `is_stopped`, and the size of the batch arrays.
MAX_EXAMPLES_PER_CHUNK = 100_000
# With a prior, the head is averaged along the descent: one head in this many steps.
AVERAGING_INTERVAL_STEPS = 10
DIVERGED = (
    "The training was stopped and nothing was saved, because its loss or weights are no longer "
    "finite numbers: choose another network or a lower learning rate, or delete the cached "
    "bottlenecks (what the network sees in each picture), which are then computed again."
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
    descent = Descent(
        weighted,
        settings,
        random,
        decay=0.0 if prior is None else prior.decay,
        standardises=prior is None,  # the decay of a prior is tuned to plain features
    )
    watch = ValidationWatch(validation, settings, random, stops_early=prior is None)
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
            accuracy, loss = measure(head, batch, weighted.classes[last])
            callbacks.on_evaluation(Evaluation(step, accuracy, loss, *watch.evaluate(step, head)))
        if watch.is_over or callbacks.is_stopped():
            break
    if watch.best is not None:
        return FittedHead(watch.best, watch.best_step, step + 1)
    return FittedHead(head, step, step + 1)


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
