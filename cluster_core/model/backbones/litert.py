"""Compute bottleneck features with LiteRT."""

from __future__ import annotations

import queue
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from cluster_core.model.backbones.converted import ConvertedBackbone
from cluster_core.model.backbones.preprocessing import to_unit_range


class FeatureExtractor(Protocol):
    """The interface of an object that runs a backbone."""

    def extract(self, pictures: Sequence[np.ndarray]) -> np.ndarray:
        """Compute the bottleneck features of pictures.

        Parameters
        ----------
        pictures : sequence of ndarray of uint8, (size, size, 3)
            RGB pictures in the backbone's input size; at least one.

        Returns
        -------
        ndarray of float32, (n_pictures, n_features)
        """


class LiteRTExtractor:
    """Runs a backbone on LiteRT. Instances can be shared between threads.

    An interpreter serves one thread at a time. Idle interpreters are pooled rather than
    bound to a thread: a web page runs in a new thread at every click, and creating an
    interpreter takes longer than processing a picture.

    Pictures are processed one at a time: with XNNPACK a batch is no faster
    (`python -m benchmarks.predict`) and takes more memory.

    Parameters
    ----------
    content : bytes
        Content of the LiteRT file.
    n_threads : int
        Threads per picture. One is best if several pictures are processed concurrently.
    """

    def __init__(self, content: bytes, n_threads: int = 1) -> None:
        self._content = content
        self._n_threads = n_threads
        self._idle: queue.SimpleQueue[Interpreter] = queue.SimpleQueue()

    def extract(self, pictures: Sequence[np.ndarray]) -> np.ndarray:
        """Compute the bottleneck features of pictures, as `FeatureExtractor.extract`."""
        interpreter = self._take_interpreter()
        input_view = interpreter.tensor(interpreter.get_input_details()[0]["index"])
        output_index = interpreter.get_output_details()[0]["index"]
        features = []
        for picture in pictures:
            # Writing into LiteRT's memory avoids a copy, which would take half a millisecond.
            to_unit_range(picture, out=input_view()[0])
            interpreter.invoke()
            features.append(interpreter.get_tensor(output_index)[0])
        self._idle.put(interpreter)
        return np.stack(features)

    def _take_interpreter(self) -> Interpreter:
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            interpreter = Interpreter(model_content=self._content, num_threads=self._n_threads)
            interpreter.allocate_tensors()
            return interpreter


def load_extractor(backbone: ConvertedBackbone, n_threads: int = 1) -> FeatureExtractor:
    """Load a backbone on LiteRT, or on TensorFlow if LiteRT cannot run it.

    Parameters
    ----------
    backbone : ConvertedBackbone
        The network.
    n_threads : int
        Threads per picture; LiteRT only.

    Returns
    -------
    FeatureExtractor

    Raises
    ------
    BackboneError
        If the converted file is missing or was altered.
    """
    if backbone.runs_on_litert:
        return LiteRTExtractor(backbone.read_litert(), n_threads)
    from cluster_core.model.backbones.tensorflow import TensorFlowExtractor

    return TensorFlowExtractor(backbone)
