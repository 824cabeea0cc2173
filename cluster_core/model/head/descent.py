"""Gradient descent on the cross entropy of a head. Importing this module loads TensorFlow."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from cluster_core.model.features.alignment import ALIGNMENT_BYTES
from cluster_core.model.features.cache import MAX_PLAUSIBLE
from cluster_core.model.head.examples import WeightedRows
from cluster_core.model.head.head import Head
from cluster_core.model.head.settings import HeadSettings

# Standard deviation of the initial weights, as in the retrain script.
INITIAL_SPREAD = 0.001
# Features that hardly vary are not stretched to the spread of the others, in shares of the mean.
MIN_SPREAD = 0.1


class Descent:
    """Gradient descent. The bias is the last row of the weights, for a feature that is always 1.

    Parameters
    ----------
    weighted : WeightedRows
    settings : HeadSettings
    random : numpy.random.Generator
        Draws the initial weights.
    decay : float
        Weight decay in addition to that of the settings.
    standardises : bool
        Descend on features with mean 0 and standard deviation 1: where features differ in
        spread, or share a large mean, plain descent needs many times more steps [1]_.

    References
    ----------
    .. [1] LeCun, Y., Bottou, L., Orr, G. B., Müller, K.-R. 1998, "Efficient backprop", section
       4.3, in "Neural networks: tricks of the trade".
    """

    def __init__(
        self,
        weighted: WeightedRows,
        settings: HeadSettings,
        random: np.random.Generator,
        *,
        decay: float,
        standardises: bool,
    ) -> None:
        rows = weighted.rows
        mean, scale = _measure_spread(rows) if standardises else (np.zeros(1), np.ones(1))
        rates = settings.learning_rate / settings.train_batch_size * weighted.weights
        shape = (rows.shape[1], weighted.n_labels)
        initial = random.normal(0, INITIAL_SPREAD, shape) * scale[:, np.newaxis]
        kept = 1 - settings.learning_rate * settings.weight_decay
        # Division, unlike subtraction, never flips a sign, however high the learning rate.
        kept /= 1 + settings.learning_rate * decay
        mean, scale = (np.broadcast_to(one, rows.shape[1:]) for one in (mean, scale))
        self._rows = _share(rows)
        self._mean = tf.constant(mean[:, np.newaxis], tf.float32)
        self._conditioner = tf.constant(scale[:, np.newaxis] ** 2, tf.float32)
        self._targets = tf.one_hot(weighted.classes, weighted.n_labels)
        self._rates = tf.constant(rates[:, np.newaxis], tf.float32)
        self._kept = tf.constant(kept, tf.float32)
        self._weights = tf.constant(initial, tf.float32)
        self._bias = tf.constant(-mean[np.newaxis] @ initial, tf.float32)

    def run(self, batches: np.ndarray) -> Head:
        """Run one step per row of `batches`, int32 (n_steps, batch_size), and return the head."""
        self._weights, self._bias = _run_steps(
            *(self._rows, self._mean, self._conditioner, self._targets, self._rates),
            *(batches, self._weights, self._bias, self._kept),
        )
        return self.head

    @property
    def head(self) -> Head:
        """The current weights and bias; raises FloatingPointError if they are not finite."""
        weights, bias = self._weights.numpy(), self._bias.numpy()[0]
        if not (np.isfinite(weights).all() and np.isfinite(bias).all()):
            raise FloatingPointError("weights are not finite")
        return Head(weights, bias)


def _measure_spread(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean of each feature and what to multiply it by: float32, (n_features,).

    Raises
    ------
    FloatingPointError
        A feature is not finite, or so large that no network computes it.
    """
    if not max(-rows.min(), rows.max()) <= MAX_PLAUSIBLE:  # also if one is not a number
        raise FloatingPointError("features are out of range")
    mean = rows.mean(axis=0, dtype=np.float64)
    # `std` would copy all rows in double precision.
    squares = np.einsum("ij,ij->j", rows, rows, dtype=np.float64, casting="same_kind")
    spread = np.sqrt(np.maximum(squares / len(rows) - mean**2, 0))
    lowest = MIN_SPREAD * spread.mean() or 1.0  # all pictures may be the same
    scale = 1 / np.maximum(spread, lowest)
    return mean.astype(np.float32), scale.astype(np.float32)


def _share(rows: np.ndarray) -> tf.Tensor:
    """Return rows as a tensor: in the same memory if aligned, since `constant` needs it twice."""
    if rows.ctypes.data % ALIGNMENT_BYTES or not rows.flags.c_contiguous:
        return tf.constant(rows)
    return tf.experimental.dlpack.from_dlpack(rows.__dlpack__())


_MATRIX = tf.TensorSpec((None, None), tf.float32)
_BATCHES = tf.TensorSpec((None, None), tf.int32)


# With a fixed signature a process traces this once for all its trainings. Autograph has no
# Python loop to convert here, and without it tracing takes a third of the time.
@tf.function(
    input_signature=[*[_MATRIX] * 5, _BATCHES, _MATRIX, _MATRIX, tf.TensorSpec((), tf.float32)],
    autograph=False,
)
def _run_steps(  # noqa: PLR0913, PLR0917 (a fixed signature takes plain tensors)
    rows: tf.Tensor,
    mean: tf.Tensor,
    conditioner: tf.Tensor,
    targets: tf.Tensor,
    rates: tf.Tensor,
    batches: tf.Tensor,
    weights: tf.Tensor,
    bias: tf.Tensor,
    kept: tf.Tensor,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Run one step of gradient descent per row of `batches`.

    A step on standardised features is one on the features as they are, with another gradient:
    there are fewer weights to adjust than features to standardise.

    Parameters
    ----------
    rows : Tensor of float32, (n_rows, n_features)
        Features.
    mean : Tensor of float32, (n_features, 1)
        What standardised features subtract.
    conditioner : Tensor of float32, (n_features, 1)
        The square of what they multiply the rest by.
    targets : Tensor of float32, (n_rows, n_labels)
        Labels, one-hot.
    rates : Tensor of float32, (n_rows, 1)
        Learning rate of each example, divided by the batch size.
    batches : Tensor of int32, (n_steps, batch_size)
        Indices into `rows`.
    weights : Tensor of float32, (n_features, n_labels)
    bias : Tensor of float32, (1, n_labels)
    kept : Tensor of float32, ()
        Factor that weight decay applies to the weights at every step.

    Returns
    -------
    tuple of Tensor
        The weights and the bias after the last step.
    """
    batch_targets = tf.gather(targets, batches)  # (n_steps, batch_size, n_labels)
    batch_rates = tf.gather(rates, batches)  # (n_steps, batch_size, 1)

    def run_step(step: tf.Tensor, weights: tf.Tensor, bias: tf.Tensor) -> tuple[tf.Tensor, ...]:
        batch = tf.gather(rows, tf.gather(batches, step))
        # The gradient of the cross entropy with respect to the logits is scores minus targets.
        excess = tf.nn.softmax(tf.matmul(batch, weights) + bias) - tf.gather(batch_targets, step)
        excess *= tf.gather(batch_rates, step)
        total = tf.reduce_sum(excess, axis=0, keepdims=True)
        gradient = tf.matmul(batch, excess, transpose_a=True) - mean * total
        changed = weights * kept - conditioner * gradient
        # The bias for standardised features changes by `total`.
        moved = tf.matmul(mean, changed - weights, transpose_a=True)
        return step + 1, changed, bias - total - moved

    _, weights, bias = tf.while_loop(
        lambda step, *_: step < tf.shape(batches)[0], run_step, (0, weights, bias)
    )
    return weights, bias
