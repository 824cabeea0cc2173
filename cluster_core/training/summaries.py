"""Write event files for `tensorboard --logdir`. Importing this loads TensorFlow."""

from __future__ import annotations

import errno
import time
from pathlib import Path
from types import TracebackType

import tensorflow as tf

from cluster_core.model.head.settings import Evaluation

FILE_VERSION = "brain.Event:2"


class TensorBoardSummaries:
    """Two TensorBoard runs, `train` and `validation`, with accuracy and cross entropy.

    Event files are records of protocol buffers. Writing them directly needs only TensorFlow,
    while `tf.summary` needs TensorBoard to be installed.

    Parameters
    ----------
    folder : Path
        Gets the sub-folders `train` and `validation`. Event files of an earlier training are
        replaced, as the 2018 retrain script did.

    Raises
    ------
    OSError
        A folder or an event file cannot be written; methods raise it too.
    """

    def __init__(self, folder: Path) -> None:
        self._train = _EventFile(folder / "train")
        self._validation = _EventFile(folder / "validation")

    def write_graph(self, graph: tf.compat.v1.GraphDef) -> None:
        """Add the trained graph to the run `train`.

        Raises
        ------
        OSError
            The event file cannot be written.
        """
        self._train.write(tf.compat.v1.Event(graph_def=graph.SerializeToString()))

    def write(self, evaluation: Evaluation) -> None:
        """Add one point to each curve.

        Raises
        ------
        OSError
            The event file cannot be written.
        """
        step = evaluation.step
        self._train.write_scalars(step, evaluation.train_accuracy, evaluation.train_cross_entropy)
        if evaluation.validation_accuracy is not None:
            assert evaluation.validation_cross_entropy is not None
            self._validation.write_scalars(
                step, evaluation.validation_accuracy, evaluation.validation_cross_entropy
            )

    def __enter__(self) -> TensorBoardSummaries:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._train.close()
        self._validation.close()


class _EventFile:
    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("events.out.tfevents.*"):
            old.unlink()
        self._path = folder / f"events.out.tfevents.{time.time_ns()}.cluster-lab"
        try:
            self._writer = tf.io.TFRecordWriter(str(self._path))
        except tf.errors.OpError as error:
            raise OSError(errno.EIO, error.message, str(self._path)) from error
        self.write(tf.compat.v1.Event(file_version=FILE_VERSION))

    def write(self, event: tf.compat.v1.Event) -> None:
        event.wall_time = time.time()
        try:
            self._writer.write(event.SerializeToString())
        except tf.errors.OpError as error:
            raise OSError(errno.EIO, error.message, str(self._path)) from error

    def write_scalars(self, step: int, accuracy: float, cross_entropy: float) -> None:
        values = [
            tf.compat.v1.Summary.Value(tag=tag, simple_value=value)
            for tag, value in (("accuracy", accuracy), ("cross_entropy", cross_entropy))
        ]
        self.write(tf.compat.v1.Event(step=step, summary=tf.compat.v1.Summary(value=values)))

    def close(self) -> None:
        try:
            self._writer.close()
        except tf.errors.OpError as error:
            raise OSError(errno.EIO, error.message, str(self._path)) from error
