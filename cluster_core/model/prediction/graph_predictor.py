"""Run a frozen graph from a .pb file, of this program or of the 2018 article. Loads TensorFlow."""

from __future__ import annotations

import re
import time
from pathlib import Path

import numpy as np
import tensorflow as tf

from cluster_core.errors import BundleError
from cluster_core.model.backbones.preprocessing import Preprocessing, to_unit_range
from cluster_core.model.prediction.prediction import Prediction

INPUT_NAMES = ("input", "Mul")
# A graph is a program, and a file may be malicious. Labelling a picture needs no operation that
# accesses files (ReadFile, SaveV2, datasets, and less obviously ImmutableConst, LoadAndRemapMatrix,
# Skipgram), Python (PyFunc), other machines (RemoteCall, Send), the screen (PrintV2), or compiled
# code (TRTEngineOp).
_UNSAFE_OPERATION = re.compile(
    r"file|py_?func|save|restore|reader|writer|summary|checkpoint|dataset|iterator|print|rpc|proto|"
    r"remote|send|recv|customcall|launch|debug|dump|delete|rename|remap|immutableconst|unigram|"
    r"skipgram|trtengine",
    re.IGNORECASE,
)


class FrozenGraph:
    """A retrained graph, ready to label pictures.

    Its input, named `input` or `Mul`, is float32 (n_pictures, size, size, 3) from -1 to 1;
    its only output is float32 (n_pictures, n_labels), the scores.

    Parameters
    ----------
    path : Path
        A .pb file.
    labels : tuple of str
        Its classes, in the order of its output.

    Raises
    ------
    BundleError
        If the file cannot be read, is not such a graph, contains unsafe operations or has
        another number of classes, or if labels are empty or duplicates.
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
                f"{path} could not be opened ({error.strerror}): check its permissions.", path=path
            ) from error
        except Exception as error:  # protobuf, TensorFlow and the lookups raise many types
            raise BundleError(
                f"{path} is not a retrained graph ({type(error).__name__}): choose one that "
                "retrain wrote, or a model's folder.",
                path=path,
            ) from error
        n_classes = self._run.structured_outputs.shape[-1]
        if n_classes != len(labels):
            raise BundleError(
                f"{path} has {n_classes} classes, but the labels file has {len(labels)}: choose "
                "the labels file that was written with it.",
                path=path,
            )
        self._preprocessing = Preprocessing(size_px)

    def predict_file(self, data: bytes, name: str) -> Prediction:
        """Label a picture file.

        Parameters
        ----------
        data : bytes
            Content of the file.
        name : str
            Name of the file, for error messages.

        Returns
        -------
        Prediction

        Raises
        ------
        ImageError
            If the file cannot be read as a picture.
        """
        pixels = to_unit_range(self._preprocessing.decode(data, name))
        started_s = time.perf_counter()
        scores = np.asarray(self._run(tf.constant(pixels[np.newaxis])))[0]
        return Prediction.of(self.labels, scores, time.perf_counter() - started_s)


def _check_labels(path: Path, labels: tuple[str, ...]) -> None:
    """Reject empty and duplicate labels."""
    for number, label in enumerate(labels, start=1):
        if not label.strip() or label in labels[: number - 1]:
            problem = f"repeats {label!r}" if label.strip() else "is empty"
            raise BundleError(
                f"Line {number} of the labels file for {path} {problem}: choose the labels file "
                "that was written with the graph.",
                path=path,
            )


def _check_operations(path: Path, graph: tf.compat.v1.GraphDef) -> None:
    nodes = [
        *graph.node,
        *(node for function in graph.library.function for node in function.node_def),
    ]
    unsafe = next((node.op for node in nodes if _UNSAFE_OPERATION.search(node.op)), None)
    if unsafe:
        raise BundleError(
            f"{path} contains the operation {unsafe}, which a retrained graph never needs and "
            "which could access files or run other code: choose a graph that retrain wrote.",
            path=path,
        )
