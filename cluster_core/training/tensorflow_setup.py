"""Set TensorFlow up for what it does here: thousands of tiny steps. Importing this loads it."""

from __future__ import annotations

import contextlib

import tensorflow as tf


def set_up_tensorflow() -> None:
    """Have TensorFlow run on one thread, and take functions as they are written.

    A head's matrices are so small that handing them from thread to thread
    takes longer than multiplying them, and so does looking for a better graph:
    500 steps took half the time with both off. Features come from LiteRT,
    which has threads of its own. Nothing happens where TensorFlow has already
    begun to work.
    """
    with contextlib.suppress(RuntimeError):
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
        tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
