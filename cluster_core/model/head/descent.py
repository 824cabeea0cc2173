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
        shift, stretch = _measure_spread(rows) if standardises else (0.0, 1.0)
        rates = settings.learning_rate / settings.train_batch_size * weighted.weights
        initial = np.zeros((rows.shape[1] + 1, weighted.n_labels))
        initial[:-1] = random.normal(0, INITIAL_SPREAD, (rows.shape[1], weighted.n_labels))
        kept = np.full((rows.shape[1] + 1, 1), 1 - settings.learning_rate * settings.weight_decay)
        # Division, unlike subtraction, never flips a sign, however high the learning rate.
        kept /= 1 + settings.learning_rate * decay
        kept[-1] = 1  # no weight decay for the bias
        self._rows = _share(rows)
        self._shift = tf.constant(np.broadcast_to(shift, rows.shape[1:]), tf.float32)
        self._stretch = tf.constant(np.broadcast_to(stretch, rows.shape[1:]), tf.float32)
        self._targets = tf.one_hot(weighted.classes, weighted.n_labels)
        self._rates = tf.constant(rates[:, np.newaxis], tf.float32)
        self._kept = tf.constant(kept, tf.float32)
        self._weights = tf.constant(initial, tf.float32)

    def run(self, batches: np.ndarray) -> Head:
        """Run one step per row of `batches`, int32 (n_steps, batch_size), and return the head."""
        self._weights = _run_steps(
            *(self._rows, self._shift, self._stretch, self._targets, self._rates),
            *(batches, self._weights, self._kept),
        )
        return self.head

    @property
    def head(self) -> Head:
        """The current weights and bias; raises FloatingPointError if they are not finite."""
        weights = self._weights.numpy()
        shift, stretch = self._shift.numpy(), self._stretch.numpy()
        with np.errstate(over="ignore", invalid="ignore"):
            plain = weights[:-1] * stretch[:, np.newaxis]
            bias = weights[-1] - shift @ plain
        if not (np.isfinite(plain).all() and np.isfinite(bias).all()):
            raise FloatingPointError("weights are not finite")
        return Head(plain, bias)


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
_ROW = tf.TensorSpec((None,), tf.float32)
_BATCHES = tf.TensorSpec((None, None), tf.int32)


# With a fixed signature a process traces this once for all its trainings. Autograph has no
# Python loop to convert here, and without it tracing takes a third of the time.
@tf.function(
    input_signature=[_MATRIX, _ROW, _ROW, _MATRIX, _MATRIX, _BATCHES, _MATRIX, _MATRIX],
    autograph=False,
)
def _run_steps(  # noqa: PLR0913, PLR0917 (a fixed signature takes plain tensors)
    rows: tf.Tensor,
    shift: tf.Tensor,
    stretch: tf.Tensor,
    targets: tf.Tensor,
    rates: tf.Tensor,
    batches: tf.Tensor,
    weights: tf.Tensor,
    kept: tf.Tensor,
) -> tf.Tensor:
    """Run one step of gradient descent per row of `batches`.

    Parameters
    ----------
    rows : Tensor of float32, (n_rows, n_features)
        Features.
    shift, stretch : Tensor of float32, (n_features,)
        What is subtracted from the features, and what the rest is multiplied by.
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
    ones = tf.ones((tf.shape(batches)[1], 1))

    def run_step(step: tf.Tensor, weights: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        # The column for the bias is added here, because a second copy of all rows takes memory.
        features = (tf.gather(rows, tf.gather(batches, step)) - shift) * stretch
        batch = tf.concat([features, ones], axis=1)
        # The gradient of the cross entropy with respect to the logits is scores minus targets.
        excess = tf.nn.softmax(tf.matmul(batch, weights)) - tf.gather(batch_targets, step)
        change = tf.matmul(batch, excess * tf.gather(batch_rates, step), transpose_a=True)
        return step + 1, weights * kept - change

    _, weights = tf.while_loop(lambda step, _: step < tf.shape(batches)[0], run_step, (0, weights))
    return weights
