"""Gradient descent on the cross entropy of a head. Importing this module loads TensorFlow."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from cluster_core.model.features.alignment import ALIGNMENT_BYTES
from cluster_core.model.head.examples import WeightedRows
from cluster_core.model.head.head import Head
from cluster_core.model.head.settings import HeadSettings

# Standard deviation of the initial weights, as in the retrain script.
INITIAL_SPREAD = 0.001


class Descent:
    """Gradient descent. The bias is the last row of the weights, for a feature that is always 1."""

    def __init__(
        self,
        weighted: WeightedRows,
        settings: HeadSettings,
        random: np.random.Generator,
        decay: float,
    ) -> None:
        rows = weighted.rows
        rates = settings.learning_rate / settings.train_batch_size * weighted.weights
        initial = np.zeros((rows.shape[1] + 1, weighted.n_labels))
        initial[:-1] = random.normal(0, INITIAL_SPREAD, (rows.shape[1], weighted.n_labels))
        kept = np.full((rows.shape[1] + 1, 1), 1 - settings.learning_rate * settings.weight_decay)
        # Division, unlike subtraction, never flips a sign, however high the learning rate.
        kept /= 1 + settings.learning_rate * decay
        kept[-1] = 1  # no weight decay for the bias
        self._rows = _share(rows)
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
    rows : Tensor of float32, (n_rows, n_features)
        Features.
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
        batch = tf.concat([tf.gather(rows, tf.gather(batches, step)), ones], axis=1)
        # The gradient of the cross entropy with respect to the logits is scores minus targets.
        excess = tf.nn.softmax(tf.matmul(batch, weights)) - tf.gather(batch_targets, step)
        change = tf.matmul(batch, excess * tf.gather(batch_rates, step), transpose_a=True)
        return step + 1, weights * kept - change

    _, weights = tf.while_loop(lambda step, _: step < tf.shape(batches)[0], run_step, (0, weights))
    return weights
