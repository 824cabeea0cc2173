"""The odds that ship: fitted to rendered pictures, and a stand-in for them later."""

import shutil

import numpy as np
import pytest

from cluster_core.model.backbones.shipped import ASSETS, STARTER
from cluster_core.model.bundle.folder import load_bundle
from cluster_core.model.bundle.starter import REHEARSAL
from cluster_core.model.novelty.evidence import fit_log_odds
from pretraining.novelty import (
    RenderedFeatures,
    _render_kind,
    fit_evidence,
    load_features,
    ship_novelty,
)

N_FEATURES = 256


@pytest.fixture(scope="module")
def rendered() -> RenderedFeatures:
    """Made-up features in which the first one tells clusters from the rest."""
    random = np.random.default_rng(0)
    kinds = np.repeat(["open_rich", "globular_core", "spiral", "text"], 300)
    features = random.random((1200, 2, N_FEATURES)).astype(np.float32)
    features[600:, :, 0] += 0.8
    return RenderedFeatures(features, kinds, np.arange(1200) < 600)


def test_odds_tell_clusters_from_the_rest(rendered):
    log_odds = fit_evidence(rendered, np.ones(1200, bool)).log_odds
    odds = (rendered.features @ log_odds[:-1] + log_odds[-1]).mean(axis=1)
    assert (odds[600:] > 0).mean() > 0.95
    assert (odds[:600] < 0).mean() > 0.95


def test_prior_keeps_what_it_knows_beside_new_pictures(rendered):
    prior = fit_evidence(rendered, np.ones(1200, bool))
    eigenvalues = np.linalg.eigvalsh(prior.precision)
    assert eigenvalues.min() > 0
    learned = fit_log_odds(prior, rendered.features[:50], None).log_odds
    odds = (rendered.features @ learned[:-1] + learned[-1]).mean(axis=1)
    assert np.median(odds[600:]) > np.median(odds[:600]) + 1


def test_shipped_threshold_loses_one_plain_cluster_in_twenty(rendered, tmp_path):
    shutil.copytree(ASSETS / STARTER, tmp_path / STARTER)
    shutil.copy(ASSETS / REHEARSAL, tmp_path)
    shares = ship_novelty(rendered, tmp_path)
    assert shares["clusters plain to see"] == pytest.approx(0.05, abs=0.01)
    starter, before = load_bundle(tmp_path / STARTER), load_bundle(ASSETS / STARTER)
    assert starter.novelty.threshold == 0.5
    np.testing.assert_array_equal(starter.head.weights, before.head.weights)


def test_rendering_keeps_what_is_finished(tmp_path):
    for seed in (1, 2):
        for kind in ("open_rich", "text"):
            _render_kind(kind, tmp_path, seed, 4)
        found = load_features(tmp_path)
        assert sorted(found.kinds) == ["open_rich"] * 4 + ["text"] * 2
        if seed == 1:
            first = found.features
    np.testing.assert_array_equal(first, found.features)
