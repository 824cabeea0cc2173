from __future__ import annotations

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from cluster_core.model.backbones.litert import LiteRTExtractor
from cluster_core.model.backbones.registry import EVERYDAY_BACKBONE, SKY_BACKBONE
from cluster_core.model.backbones.shipped import load_shipped_record
from cluster_core.model.explanation.feature_maps import MapExtractor, add_map_output
from tests.samples import draw_blob


@pytest.mark.parametrize("spec", [SKY_BACKBONE, EVERYDAY_BACKBONE], ids=lambda spec: spec.name)
def test_mean_of_the_map_equals_the_features(spec):
    content = load_shipped_record(spec).read_litert()
    pictures = [draw_blob(seed, size_px=spec.input_size_px) for seed in range(2)]
    with_map = add_map_output(content)
    assert with_map is not None
    maps = MapExtractor(with_map).extract(pictures)
    features = LiteRTExtractor(content).extract(pictures)
    np.testing.assert_allclose(maps.mean(axis=(1, 2)), features, atol=1e-5)


def test_network_that_does_not_end_in_a_mean_has_no_map():
    model = schema.ModelT.InitFromPackedBuf(load_shipped_record(SKY_BACKBONE).read_litert())
    graph = model.subgraphs[0]
    graph.outputs = [graph.operators.pop().inputs[0]]  # it now ends in a convolution
    builder = flatbuffers.Builder()
    builder.Finish(model.Pack(builder), b"TFL3")
    assert add_map_output(bytes(builder.Output())) is None
