"""Run a converted network so that it also returns the map whose mean the features are."""

from __future__ import annotations

import functools
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

import flatbuffers
import numpy as np
from ai_edge_litert.interpreter import Interpreter

from cluster_core.model.backbones.converted import ConvertedBackbone
from cluster_core.model.backbones.preprocessing import to_unit_range

if TYPE_CHECKING:
    from ai_edge_litert import schema_py_generated as schema

FILE_IDENTIFIER = b"TFL3"
_MAP_AXES = 4
_SPATIAL_AXES = (1, 2)
_NETWORKS_IN_MEMORY = 2


class MapExtractor:
    """Computes feature maps with LiteRT. Can be shared between threads, which take turns.

    Parameters
    ----------
    content : bytes
        A LiteRT file from `add_map_output`.
    """

    def __init__(self, content: bytes) -> None:
        self._interpreter = Interpreter(model_content=content, num_threads=1)
        self._interpreter.allocate_tensors()
        self._lock = threading.Lock()

    def extract(self, pictures: Sequence[np.ndarray]) -> np.ndarray:
        """Compute the feature maps of pictures.

        Parameters
        ----------
        pictures : sequence of ndarray of uint8, (size, size, 3)
            RGB pictures in the network's input size; at least one.

        Returns
        -------
        ndarray of float32, (n_pictures, map_height, map_width, n_features)
            The mean over the positions of a map is the features of the picture.
        """
        input_index = self._interpreter.get_input_details()[0]["index"]
        map_index = self._interpreter.get_output_details()[1]["index"]
        maps = []
        with self._lock:
            for picture in pictures:
                self._interpreter.set_tensor(input_index, to_unit_range(picture)[np.newaxis])
                self._interpreter.invoke()
                maps.append(self._interpreter.get_tensor(map_index)[0])
        return np.stack(maps)


def add_map_output(content: bytes) -> bytes | None:
    """Add the last feature map to the outputs of a network that ends in the mean over it.

    Parameters
    ----------
    content : bytes
        Content of a LiteRT file with one output, the features.

    Returns
    -------
    bytes or None
        Content of a LiteRT file with the same weights, whose second output is the map; None if
        the network ends in another way.
    """
    from ai_edge_litert import schema_py_generated as schema  # long, and only needed here

    model = schema.ModelT.InitFromPackedBuf(content)
    graph = model.subgraphs[0]
    last = graph.operators[-1]
    if not _is_mean_over_positions(model, last) or list(last.outputs) != list(graph.outputs):
        return None
    graph.outputs = [*graph.outputs, last.inputs[0]]
    model.signatureDefs = None  # it names one output, and only LiteRT's signature runners read it
    builder = flatbuffers.Builder(len(content))
    builder.Finish(model.Pack(builder), FILE_IDENTIFIER)
    return bytes(builder.Output())


def _is_mean_over_positions(model: schema.ModelT, operator: schema.OperatorT) -> bool:
    """Tell whether an operator is the mean over height and width of a map."""
    from ai_edge_litert import schema_py_generated as schema

    code = model.operatorCodes[operator.opcodeIndex]
    if max(code.builtinCode, code.deprecatedBuiltinCode) != schema.BuiltinOperator.MEAN:
        return False
    averaged, axes = (model.subgraphs[0].tensors[number] for number in operator.inputs)
    axes_data = model.buffers[axes.buffer].data
    if len(averaged.shape) != _MAP_AXES or axes_data is None:
        return False
    return tuple(np.frombuffer(bytes(axes_data), "<i4")) == _SPATIAL_AXES


@functools.lru_cache(maxsize=_NETWORKS_IN_MEMORY)
def load_map_extractor(backbone: ConvertedBackbone) -> MapExtractor | None:
    """Load a network with its map, once per process; None if it does not end in a mean.

    Raises
    ------
    BackboneError
        If the converted file is missing or was altered.
    """
    content = add_map_output(backbone.read_litert())
    return MapExtractor(content) if content is not None else None
