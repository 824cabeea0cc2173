"""Bottleneck features of a backbone that LiteRT will not run. Importing this loads TensorFlow."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from cluster_core.model.backbones.converted import GRAPH_INPUT, GRAPH_OUTPUT, ConvertedBackbone
from cluster_core.model.backbones.preprocessing import to_unit_range


class TensorFlowExtractor:
    """A backbone on TensorFlow, from its frozen graph; safe to share between threads.

    Parameters
    ----------
    backbone : ConvertedBackbone
        Its frozen graph is what runs.
    """

    def __init__(self, backbone: ConvertedBackbone) -> None:
        graph = tf.compat.v1.GraphDef.FromString(backbone.read_graph())
        self._run = tf.compat.v1.wrap_function(
            lambda: tf.graph_util.import_graph_def(graph, name=""), []
        ).prune(f"{GRAPH_INPUT}:0", f"{GRAPH_OUTPUT}:0")
        # TensorFlow spreads one call over all cores: calls at the same time only crowd them.
        self._lock = threading.Lock()

    def extract(self, pictures: Sequence[np.ndarray]) -> np.ndarray:
        """Map RGB pictures, each uint8 (size, size, 3), to float32 (n, n_features)."""
        with self._lock:
            return np.asarray(self._run(tf.constant(to_unit_range(np.stack(pictures)))))
