from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cluster_core.model.novelty import KnownPictures, fit_novelty
from cluster_core.model.novelty.fitting import LOST_SHARE
from cluster_core.model.novelty.saving import read_detector, to_record, to_table

N_FEATURES = 48


def draw_features(seed: int, n_pictures: int, shift: float = 0.0, n_views: int = 8) -> np.ndarray:
    """Draw features of pictures of two classes; a shift moves them away from both."""
    random = np.random.default_rng(seed)
    pictures = random.normal(4, size=(n_pictures, 1, N_FEATURES))
    pictures[: n_pictures // 2, :, 0] += 6
    pictures[:, :, 1:9] += shift
    views = random.normal(scale=0.2, size=(n_pictures, n_views, N_FEATURES))
    return (pictures + views).astype(np.float32)


@pytest.fixture(scope="module")
def detector():
    return fit_novelty(make_known(200))


def make_known(n_pictures: int) -> KnownPictures:
    classes = np.arange(n_pictures) // (n_pictures // 2)
    features = draw_features(0, n_pictures)
    return KnownPictures(features, classes, np.arange(n_pictures), np.ones(n_pictures, bool))


def test_pictures_unlike_those_of_training_are_novel(detector):
    known, unknown = draw_features(1, 300), draw_features(2, 300, shift=5.0)
    assert (detector.measure(unknown) > detector.threshold).mean() > 0.95
    assert (detector.measure(known) > detector.threshold).mean() < LOST_SHARE + 0.07
    assert detector.measure(np.concatenate([known, unknown])).min() >= 0
    assert detector.measure(np.full((1, 8, N_FEATURES), 1e6, np.float32))[0] <= 1


def test_threshold_is_not_judged_on_the_pictures_themselves(detector):
    lost = detector.measure(draw_features(0, 200)) > detector.threshold
    assert lost.mean() < LOST_SHARE  # each is its own nearest neighbour here


def test_novelty_of_a_picture_does_not_depend_on_others(detector):
    features = draw_features(3, 5)
    alone = [detector.measure(features[number : number + 1])[0] for number in range(5)]
    np.testing.assert_allclose(detector.measure(features), alone, rtol=1e-5)


def test_equal_pictures_have_a_detector():
    detector = fit_novelty(KnownPictures.of(np.ones((20, 1, N_FEATURES), np.float32)))
    assert detector.measure(np.ones((1, 1, N_FEATURES), np.float32))[0] <= detector.threshold
    assert detector.measure(np.zeros((1, 1, N_FEATURES), np.float32))[0] > detector.threshold


@pytest.mark.parametrize("n_pictures", [0, 1, 9])
def test_too_few_pictures_have_no_detector(n_pictures):
    assert fit_novelty(KnownPictures.of(draw_features(0, n_pictures))) is None


def test_detector_survives_a_round_trip(detector):
    loaded = read_detector(to_table(detector), to_record(detector), N_FEATURES)
    features = draw_features(4, 20)
    np.testing.assert_allclose(loaded.measure(features), detector.measure(features))
    assert loaded.threshold == detector.threshold


def test_counter_examples_are_recognised_where_distance_does_not_help():
    """Counter-examples among the classes, which differ in one feature alone."""
    counter = draw_features(5, 120)
    counter[:, :, 20] += 2.5
    unseen = draw_features(6, 120)
    unseen[:, :, 20] += 2.5
    detectors = [fit_novelty(make_known(200), examples) for examples in (None, counter)]
    without, taught = (
        (detector.measure(unseen) > detector.threshold).mean() for detector in detectors
    )
    assert taught > without + 0.2
    assert (detectors[1].measure(draw_features(7, 200)) > detectors[1].threshold).mean() < 0.15


@pytest.mark.parametrize("n_copies", [1, 3])
def test_few_pictures_lose_no_more_new_ones_than_allowed(n_copies):
    """20 objects: the empirical quantile would lose 2 of 21 on average."""
    lost = []
    for seed in range(100):
        features = np.random.default_rng(seed).normal(4, 1, (320, 1, 6)).astype(np.float32)
        groups = np.repeat(np.arange(20), n_copies)
        known = replace(KnownPictures.of(features[groups]), groups=groups)
        detector = fit_novelty(known)
        lost.append((detector.measure(features[20:]) > detector.threshold).mean())
    assert 0.02 < np.mean(lost) < LOST_SHARE + 0.015
