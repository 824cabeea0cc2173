from __future__ import annotations

import pytest

from cluster_core.errors import BackboneError
from cluster_core.model.backbones.keras import hash_weights
from cluster_core.model.backbones.registry import SKY_BACKBONE, TEST_BACKBONE
from cluster_core.model.backbones.shipped import load_shipped_record
from cluster_core.model.backbones.trained_network import load_trained_network


def test_network_has_the_weights_of_the_model(workspace):
    wanted = load_shipped_record(SKY_BACKBONE).weights_sha256
    assert hash_weights(load_trained_network("sky", wanted, workspace)) == wanted


def test_other_weights_are_refused(workspace):
    with pytest.raises(BackboneError, match="are not those that the model was trained with"):
        load_trained_network(TEST_BACKBONE.name, "0" * 64, workspace)
