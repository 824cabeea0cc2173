"""Outliers, and pictures of little use."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cluster_core.health.findings import FindingKind
from cluster_core.health.outliers import (
    find_outliers,
    find_poor_pictures,
    measure_distances,
)
from tests.health.samples import PLAIN_LOOK, draw_features, make_pictures


def test_picture_far_from_all_others_comes_first():
    pictures = make_pictures(60)
    features = draw_features(pictures)
    features[17] *= 5
    found = find_outliers(pictures, features, np.arange(120))
    assert found[0].pictures == (pictures[17],)
    assert len(found) < 8
    assert found[0].measure > 1.3


def test_copies_are_not_neighbours_of_each_other():
    features = draw_features(make_pictures(60))
    features[10:16] = features[10]
    groups = np.arange(120)
    alone = measure_distances(features, groups)
    groups[10:16] = 10
    assert alone[10] < 0.1
    assert measure_distances(features, groups)[10] > 1


def test_identical_pictures_have_no_outlier():
    pictures = make_pictures(30)
    assert find_outliers(pictures, np.ones((60, 8), np.float32), np.arange(60)) == []


def test_noise_of_pictures_that_are_all_alike_makes_no_outlier():
    pictures = make_pictures(60)
    noise = np.random.default_rng(0).normal(0, 0.01, (120, 30))
    noise[17] *= 5
    alike = (5 + noise).astype(np.float32)
    assert find_outliers(pictures, alike, np.arange(120)) == []
    spread = (5 + 50 * noise).astype(np.float32)
    assert find_outliers(pictures, spread, np.arange(120))[0].pictures == (pictures[17],)


def test_few_pictures_have_no_outlier():
    pictures = make_pictures(2)
    assert find_outliers(pictures, draw_features(pictures), np.arange(4)) == []


def test_poor_pictures_are_found_the_worst_first():
    pictures = make_pictures(3)
    pictures[4] = replace(pictures[4], width_px=30)
    looks = [PLAIN_LOOK] * 6
    looks[0] = replace(PLAIN_LOOK, contrast=0.005, blur=1.0)
    looks[1] = replace(PLAIN_LOOK, blur=0.7)
    looks[2] = replace(PLAIN_LOOK, blur=0.8)
    found = [(one.kind, one.pictures[0]) for one in find_poor_pictures(pictures, looks)]
    assert found == [
        (FindingKind.NOTHING, pictures[0]),
        (FindingKind.BLURRED, pictures[2]),
        (FindingKind.BLURRED, pictures[1]),
        (FindingKind.TINY, pictures[4]),
    ]
