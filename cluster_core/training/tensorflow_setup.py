"""Configure TensorFlow for thousands of tiny steps. Importing this loads TensorFlow."""

from __future__ import annotations

import contextlib

import tensorflow as tf


def set_up_tensorflow() -> None:
    """Run TensorFlow on one thread and switch off its graph optimizer.

    The matrices of a head are so small that distributing them over threads takes longer than
    multiplying them, and so does optimizing the graph: 500 steps took half the time with both
    switched off. Features are computed by LiteRT, which has its own threads. This does nothing
    once TensorFlow has been initialized.
    """
    with contextlib.suppress(RuntimeError):
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
        tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
