"""Leaving groups of pictures out of a detector, against detectors fitted without them."""

from __future__ import annotations

import numpy as np
import pytest

from cluster_core.model.novelty.distance import fit_shapes
from cluster_core.model.novelty.evidence import fit_log_odds, make_plain_prior
from cluster_core.model.novelty.fitting import KnownPictures, fit_novelty
from cluster_core.model.novelty.leaving_out import compute_distance_growth, compute_odds_growth

N_PICTURES = 60
# Pairs, one of them in two classes, and single pictures.
GROUPS = np.r_[np.repeat(np.arange(5), 2), np.arange(10, N_PICTURES)]
CLASSES = np.arange(N_PICTURES) % 3 // 2


def draw_features(n_features: int) -> np.ndarray:
    features = np.random.default_rng(0).normal(1, 1, (N_PICTURES, n_features))
    features[:, 0] += 3 * CLASSES
    return features


@pytest.mark.parametrize("n_features", [12, 90])
def test_distance_grows_as_by_a_fit_without_the_group(n_features):
    features, weights = draw_features(n_features), np.ones(N_PICTURES)
    shapes = fit_shapes(features, CLASSES, weights)
    growth = compute_distance_growth(shapes, features, CLASSES, weights, GROUPS)
    inside = np.log(shapes.measure_squared(features))
    for group in np.unique(GROUPS):
        out = group == GROUPS
        without = fit_shapes(features[~out], CLASSES[~out])
        expected = np.log(without.measure_squared(features[out])) - inside[out]
        assert growth[out] == pytest.approx(expected, abs=0.1)
    assert growth.min() > 0.02


def test_class_that_is_left_out_as_a_whole_has_no_distance():
    features, classes = draw_features(12), np.zeros(N_PICTURES, int)
    classes[-1] = 1
    shapes = fit_shapes(features, classes)
    growth = compute_distance_growth(shapes, features, classes, np.ones(N_PICTURES), GROUPS)
    assert np.isfinite(growth).all()
    assert growth[-1] > 3  # it was at its own mean
    alone = np.zeros(N_PICTURES, int)  # nothing would be left
    assert not compute_distance_growth(
        fit_shapes(features, alone), features, alone, np.ones(N_PICTURES), alone
    ).any()


def test_odds_grow_as_by_a_fit_without_the_group():
    features = draw_features(12)[:, np.newaxis] + np.zeros((1, 2, 1))
    features[:, 1] += np.random.default_rng(1).normal(0, 0.1, (N_PICTURES, 12))
    counter = features + 1
    prior = make_plain_prior(features.mean(axis=1))
    fit = fit_log_odds(prior, features, counter)
    growth = compute_odds_growth(fit, GROUPS)
    for group in (0, 3, 20, 59):
        out = group == GROUPS
        change = fit_log_odds(prior, features[~out], counter).log_odds - fit.log_odds
        expected = (features[out] @ change[:-1] + change[-1]).mean(axis=1)
        assert growth[out] == pytest.approx(expected, abs=0.1)


def test_copies_do_not_move_the_threshold():
    features = draw_features(12)[:, np.newaxis].astype(np.float32)
    everything = np.ones(N_PICTURES, bool)
    single = KnownPictures(features, CLASSES, np.arange(N_PICTURES), everything)
    offset = fit_novelty(single).offset
    copied = single.choose(np.repeat(np.arange(N_PICTURES), 4))
    as_others = KnownPictures(
        copied.features, copied.classes, np.arange(4 * N_PICTURES), copied.sets_threshold
    )
    assert fit_novelty(copied).offset == pytest.approx(offset, abs=0.2)
    assert fit_novelty(as_others).offset < offset - 0.4
