"""Networks for LiteRT.js: a fixed batch, and the map beside the features."""

from __future__ import annotations

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from cluster_core.model.backbones.litert import LiteRTExtractor
from cluster_core.model.backbones.registry import EVERYDAY_BACKBONE, SKY_BACKBONE
from cluster_core.model.backbones.shipped import load_shipped_record
from cluster_core.model.export.web.network import make_web_network


@pytest.mark.parametrize("spec", [SKY_BACKBONE, EVERYDAY_BACKBONE])
def test_web_network_computes_the_same_features_for_a_batch_of_one(spec):
    original = load_shipped_record(spec).read_litert()
    content, has_map = make_web_network(original)
    graph = schema.ModelT.InitFromPackedBuf(content).subgraphs[0]
    assert all(tensor.shapeSignature is None for tensor in graph.tensors)
    assert has_map
    side = spec.input_size_px
    picture = np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8)
    expected = LiteRTExtractor(original).extract([picture])
    assert np.array_equal(LiteRTExtractor(content).extract([picture]), expected)
    interpreter = Interpreter(model_content=content)
    assert interpreter.get_input_details()[0]["shape_signature"].tolist() == [1, side, side, 3]
