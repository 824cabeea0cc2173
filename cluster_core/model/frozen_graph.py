"""Run a frozen graph from a .pb file, ours or the article's. Importing this loads TensorFlow."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import tensorflow as tf

from cluster_core.errors import BundleError
from cluster_core.model.prediction import Prediction
from cluster_core.model.preprocessing import Preprocessing, to_unit_range

INPUT_NAMES = ("input", "Mul")


class FrozenGraph:
    """A graph whose input is a square picture from -1 to 1 and whose output is a score a class.

    Parameters
    ----------
    path : Path
        A .pb file.
    labels : tuple of str
        Its classes, in the order of its output.

    Raises
    ------
    BundleError
        The file holds no such graph, or not one for so many classes.
    """

    def __init__(self, path: Path, labels: tuple[str, ...]) -> None:
        self.labels = labels
        try:
            graph = tf.compat.v1.GraphDef.FromString(path.read_bytes())
            wrapped = tf.compat.v1.wrap_function(
                lambda: tf.graph_util.import_graph_def(graph, name=""), []
            )
            names = {node.name: node for node in graph.node}
            input_name = next(name for name in INPUT_NAMES if name in names)
            consumed = {
                name.split(":")[0].lstrip("^") for node in graph.node for name in node.input
            }
            (output_name,) = [
                name for name, node in names.items() if name not in consumed and node.op != "NoOp"
            ]
            picture = wrapped.graph.get_tensor_by_name(f"{input_name}:0")
            self._run = wrapped.prune(picture, f"{output_name}:0")
            size_px = int(picture.shape[1])
        except Exception as error:  # protobuf, TensorFlow and the look-ups each raise their own
            raise BundleError(
                f"{path} is not a retrained graph ({type(error).__name__}): give one that retrain "
                "wrote, or a model's folder.",
                path=path,
            ) from error
        n_classes = self._run.structured_outputs.shape[-1]
        if n_classes != len(labels):
            raise BundleError(
                f"{path} tells {n_classes} classes apart, and {len(labels)} labels were given: "
                "give the labels file that was written with it.",
                path=path,
            )
        self._preprocessing = Preprocessing(size_px)

    def predict_file(self, data: bytes, name: str) -> Prediction:
        """Label one file; ImageError if it cannot be read."""
        pixels = to_unit_range(self._preprocessing.decode(data, name))
        begin = time.perf_counter()
        scores = np.asarray(self._run(tf.constant(pixels[np.newaxis])))[0]
        order = np.argsort(-scores, kind="stable")
        ranked = {self.labels[number]: float(scores[number]) for number in order}
        return Prediction(next(iter(ranked)), ranked, time.perf_counter() - begin)
