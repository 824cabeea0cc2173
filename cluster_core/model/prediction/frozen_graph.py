"""Run a frozen graph from a .pb file, ours or the article's. Importing this loads TensorFlow."""

from __future__ import annotations

import re
import time
from pathlib import Path

import numpy as np
import tensorflow as tf

from cluster_core.errors import BundleError
from cluster_core.model.backbones.preprocessing import Preprocessing, to_unit_range
from cluster_core.model.prediction.predictor import Prediction

INPUT_NAMES = ("input", "Mul")
# A graph is a program. Labelling a picture takes no operation that reaches out of it: to files
# (ReadFile, SaveV2, datasets, and less plainly ImmutableConst, LoadAndRemapMatrix, Skipgram), to
# Python (PyFunc), to other machines (RemoteCall, Send), to the screen (PrintV2), or to code that
# was compiled elsewhere (TRTEngineOp).
_REACHING_OUT = re.compile(
    r"file|py_?func|save|restore|reader|writer|summary|checkpoint|dataset|iterator|print|rpc|proto|"
    r"remote|send|recv|customcall|launch|debug|dump|delete|rename|remap|immutableconst|unigram|"
    r"skipgram|trtengine",
    re.IGNORECASE,
)


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
        _check_labels(path, labels)
        try:
            graph = tf.compat.v1.GraphDef.FromString(path.read_bytes())
            _check_operations(path, graph)
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
        except BundleError:
            raise
        except OSError as error:
            raise BundleError(
                f"{path} could not be opened ({error.strerror}): allow reading it.", path=path
            ) from error
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


def _check_labels(path: Path, labels: tuple[str, ...]) -> None:
    """Refuse names that scores could not be told apart by."""
    for number, label in enumerate(labels, start=1):
        if not label.strip() or label in labels[: number - 1]:
            problem = f"is {label!r} again" if label.strip() else "is empty"
            raise BundleError(
                f"Line {number} of the class names of {path} {problem}: give the labels file that "
                "was written with it.",
                path=path,
            )


def _check_operations(path: Path, graph: tf.compat.v1.GraphDef) -> None:
    nodes = [
        *graph.node,
        *(node for function in graph.library.function for node in function.node_def),
    ]
    found = next((node.op for node in nodes if _REACHING_OUT.search(node.op)), None)
    if found:
        raise BundleError(
            f"{path} holds the operation {found}, which no retrained graph needs and which can "
            "read, write or run other things than pictures: give a graph that retrain wrote.",
            path=path,
        )
