"""Compute bottleneck features with LiteRT."""

from __future__ import annotations

import queue
import threading
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from cluster_core.model.backbones.converted import ConvertedBackbone
from cluster_core.model.backbones.preprocessing import to_unit_range
from cluster_core.storage.mapping import count_usable_cpus

_KERNEL_AXES = 4
_PARTS = {_KERNEL_AXES: "kernel", 1: "bias"}


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
    (`python -m benchmarks.predict`) and takes more memory. No more threads than there are
    cores compute at once: 20 at once answered a third later on average, and their interpreters
    took 150 MB more.

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
        self._idle: queue.SimpleQueue[tuple[Interpreter, np.ndarray]] = queue.SimpleQueue()
        self._turns = threading.BoundedSemaphore(max(1, count_usable_cpus() // n_threads))

    def __reduce__(self) -> tuple[type[LiteRTExtractor], tuple[bytes, int]]:
        """Travel to another process as the content of the file."""
        return LiteRTExtractor, (self._content, self._n_threads)

    def extract(self, pictures: Sequence[np.ndarray]) -> np.ndarray:
        """Compute the bottleneck features of pictures, as `FeatureExtractor.extract`."""
        with self._turns:
            return self._extract(pictures)

    def _extract(self, pictures: Sequence[np.ndarray]) -> np.ndarray:
        interpreter, batch = self._take_interpreter()
        input_index = interpreter.get_input_details()[0]["index"]
        output_index = interpreter.get_output_details()[0]["index"]
        features = []
        for picture in pictures:
            # Writing into LiteRT's memory would save 20 microseconds, but a profiler, such as that
            # of Dask's workers, may hold on to the view for a moment, and then LiteRT refuses.
            to_unit_range(picture, out=batch[0])
            interpreter.set_tensor(input_index, batch)
            interpreter.invoke()
            features.append(interpreter.get_tensor(output_index)[0])
        self._idle.put((interpreter, batch))
        return np.stack(features)

    def _take_interpreter(self) -> tuple[Interpreter, np.ndarray]:
        """Return an interpreter with the array of its input: float32, (1, size, size, 3)."""
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            interpreter = Interpreter(model_content=self._content, num_threads=self._n_threads)
            interpreter.allocate_tensors()
            return interpreter, np.empty(interpreter.get_input_details()[0]["shape"], np.float32)


def read_weights(content: bytes) -> dict[tuple[str, str], np.ndarray]:
    """Read the weights of a network that ships with the program from its LiteRT file.

    Parameters
    ----------
    content : bytes
        Content of the LiteRT file, whose weights are in half precision.

    Returns
    -------
    dict
        float32 arrays by (layer, "kernel" or "bias"), as Keras' layers take them: kernels of
        shape (height, width, n_inputs, n_outputs), or (height, width, n_channels, 1) for
        depthwise ones; biases of shape (n_outputs,).
    """
    interpreter = Interpreter(model_content=content)
    weights = {}
    for tensor in interpreter.get_tensor_details():
        if tensor["dtype"] == np.float16 and len(tensor["shape"]) in _PARTS:
            # Such as sky_1/stem_1/convolution: the converter numbers what it has traced.
            layer = tensor["name"].split("/")[1].removesuffix("_1")
            array = interpreter.get_tensor(tensor["index"]).astype(np.float32)
            is_kernel = array.ndim == _KERNEL_AXES
            weights[layer, _PARTS[array.ndim]] = array.transpose(1, 2, 3, 0) if is_kernel else array
    return weights


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
