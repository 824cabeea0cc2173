from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cluster_core.errors import BackboneError
from cluster_core.model.backbones.litert import load_extractor
from cluster_core.model.backbones.shipped import ASSETS, STARTER
from cluster_core.model.bundle.folder import load_bundle
from cluster_core.model.explanation import heat_map
from cluster_core.model.explanation.heat_map import compute_heat_map
from cluster_core.model.head.head import Head
from cluster_core.model.prediction.predictor import obtain_backbone
from tests.samples import draw_blob


@pytest.fixture(scope="module")
def starter():
    return load_bundle(ASSETS / STARTER)


@pytest.fixture
def three_classes(starter):
    weights = np.column_stack([starter.head.weights, starter.head.weights[:, 0] * 0.3])
    head = Head(weights, np.array([0.5, -1, 2], np.float32), temperature=1.7)
    return replace(starter, labels=("a", "b", "c"), head=head)


def test_contributions_and_constant_add_up_to_the_evidence(three_classes, workspace):
    seen = draw_blob(5, size_px=128)
    extractor = load_extractor(obtain_backbone(three_classes, workspace))
    features = extractor.extract([view.apply(seen) for view in three_classes.view_list])
    logits = three_classes.head.compute_logits(features).mean(axis=0) / 1.7
    for number, label in enumerate(three_classes.labels):
        found = compute_heat_map(three_classes, seen, label, workspace)
        assert found.is_exact
        expected = logits[number] - np.delete(logits, number).mean()
        assert found.evidence.sum() + found.constant == pytest.approx(expected, abs=1e-4)


def test_turned_picture_has_the_turned_heat_map(starter, workspace):
    seen = draw_blob(6, size_px=128)
    seen[:60, :60] = 0  # without symmetry
    label = starter.labels[0]
    found = compute_heat_map(starter, seen, label, workspace).evidence
    turned = compute_heat_map(starter, np.rot90(seen), label, workspace).evidence
    mirrored = compute_heat_map(starter, seen[:, ::-1], label, workspace).evidence
    np.testing.assert_allclose(turned, np.rot90(found), atol=1e-5)
    np.testing.assert_allclose(mirrored, found[:, ::-1], atol=1e-5)
    assert np.abs(found - np.rot90(found)).max() > 1e-3


def test_network_without_a_map_is_explained_by_covering_parts(starter, workspace, monkeypatch):
    monkeypatch.setattr(heat_map, "load_map_extractor", lambda backbone: None)
    seen = np.zeros((128, 128, 3), np.uint8)
    seen[:40, :40] = draw_blob(7, size_px=40)
    steps = []
    found = compute_heat_map(
        starter, seen, starter.labels[0], workspace, lambda *step: steps.append(step)
    )
    assert not found.is_exact
    assert steps == [(n, found.evidence.size) for n in range(1, found.evidence.size + 1)]
    strongest = np.unravel_index(np.abs(found.evidence).argmax(), found.evidence.shape)
    assert max(strongest) <= 2  # where the picture has its stars


def test_network_that_only_tensorflow_runs_is_refused(starter, workspace, monkeypatch):
    backbone = replace(obtain_backbone(starter, workspace), litert_sha256="")
    monkeypatch.setattr(heat_map, "obtain_backbone", lambda bundle, workspace: backbone)
    with pytest.raises(BackboneError, match="train with another network"):
        compute_heat_map(starter, draw_blob(1, size_px=128), starter.labels[0], workspace)
