"""Pictures to bottleneck features, on LiteRT."""

from __future__ import annotations

import queue
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from cluster_core.model.backbones.converted import ConvertedBackbone
from cluster_core.model.backbones.preprocessing import to_unit_range


class FeatureExtractor(Protocol):
    """Whatever can run a backbone."""

    def extract(self, pictures: Sequence[np.ndarray]) -> np.ndarray:
        """Map RGB pictures, each uint8 (size, size, 3), to float32 (n, n_features)."""


class LiteRTExtractor:
    """A backbone on LiteRT; safe to share between threads.

    An interpreter serves one thread at a time. Idle ones are kept, not bound to
    a thread: a web page runs in a new thread at every click, and making an
    interpreter takes longer than a picture.

    Pictures go through one by one: with XNNPACK a batch is no faster
    (`python -m benchmarks.predict`), and one keeps memory flat.

    Parameters
    ----------
    content : bytes
        The LiteRT file.
    n_threads : int
        Threads that share the work of one picture. One is best where several
        pictures are at work at a time.
    """

    def __init__(self, content: bytes, n_threads: int = 1) -> None:
        self._content = content
        self._n_threads = n_threads
        self._idle: queue.SimpleQueue[Interpreter] = queue.SimpleQueue()

    def extract(self, pictures: Sequence[np.ndarray]) -> np.ndarray:
        """Map RGB pictures, each uint8 (size, size, 3), to float32 (n, n_features)."""
        interpreter = self._take()
        given = interpreter.tensor(interpreter.get_input_details()[0]["index"])
        found = interpreter.get_output_details()[0]["index"]
        features = []
        for picture in pictures:
            # Into LiteRT's own memory: a copy of each picture would cost half a millisecond.
            to_unit_range(picture, out=given()[0])
            interpreter.invoke()
            features.append(interpreter.get_tensor(found)[0])
        self._idle.put(interpreter)
        return np.stack(features)

    def _take(self) -> Interpreter:
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            interpreter = Interpreter(model_content=self._content, num_threads=self._n_threads)
            interpreter.allocate_tensors()
            return interpreter


def load_extractor(backbone: ConvertedBackbone, n_threads: int = 1) -> FeatureExtractor:
    """Return what runs a backbone: LiteRT, or TensorFlow where LiteRT will not.

    Raises
    ------
    BackboneError
        Its file is missing or was altered.
    """
    if backbone.runs_on_litert:
        return LiteRTExtractor(backbone.read_litert(), n_threads)
    from cluster_core.model.backbones.tensorflow import TensorFlowExtractor

    return TensorFlowExtractor(backbone)
