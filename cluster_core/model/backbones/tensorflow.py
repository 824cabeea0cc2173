"""Compute bottleneck features with TensorFlow. Importing this module loads TensorFlow."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from cluster_core.model.backbones.converted import GRAPH_INPUT, GRAPH_OUTPUT, ConvertedBackbone
from cluster_core.model.backbones.preprocessing import to_unit_range


class TensorFlowExtractor:
    """Runs the frozen graph of a backbone that LiteRT cannot run. Can be shared between threads.

    Parameters
    ----------
    backbone : ConvertedBackbone
        The network.

    Raises
    ------
    BackboneError
        If the frozen graph is missing or was altered.
    """

    def __init__(self, backbone: ConvertedBackbone) -> None:
        graph = tf.compat.v1.GraphDef.FromString(backbone.read_graph())
        self._run = tf.compat.v1.wrap_function(
            lambda: tf.graph_util.import_graph_def(graph, name=""), []
        ).prune(f"{GRAPH_INPUT}:0", f"{GRAPH_OUTPUT}:0")
        # One call uses all cores already, so concurrent calls would only compete.
        self._lock = threading.Lock()

    def extract(self, pictures: Sequence[np.ndarray]) -> np.ndarray:
        """Compute the bottleneck features of pictures, as `FeatureExtractor.extract`."""
        with self._lock:
            return np.asarray(self._run(tf.constant(to_unit_range(np.stack(pictures)))))
