"""A network in the form that LiteRT.js runs."""

from __future__ import annotations

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from cluster_core.model.explanation.feature_maps import FILE_IDENTIFIER, add_map_output


def make_web_network(content: bytes) -> tuple[bytes, bool]:
    """Fix the batch of a network to one picture, and add its last feature map to its outputs.

    Parameters
    ----------
    content : bytes
        Content of a LiteRT file with one output, the features.

    Returns
    -------
    content : bytes
        Content of a LiteRT file with the same weights. LiteRT.js refuses a batch of any size.
    has_map : bool
        Whether it has a second output, the map whose mean the features are.
    """
    with_map = add_map_output(content)
    model = schema.ModelT.InitFromPackedBuf(with_map or content)
    model.signatureDefs = None
    for tensor in model.subgraphs[0].tensors:
        _fix_batch(tensor)
    builder = flatbuffers.Builder(len(content))
    builder.Finish(model.Pack(builder), FILE_IDENTIFIER)
    return bytes(builder.Output()), with_map is not None


def _fix_batch(tensor: schema.TensorT) -> None:
    # The shape itself has 1 where the signature has -1, for "any".
    tensor.shapeSignature = None
    if tensor.shape is not None:
        tensor.shape = np.maximum(np.asarray(tensor.shape, np.int32), 1)
