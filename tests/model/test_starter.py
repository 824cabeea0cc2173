from __future__ import annotations

import numpy as np
import pytest

from cluster_core.model.bundle import load_bundle
from cluster_core.model.shipped import ASSETS, STARTER, load_rehearsal
from cluster_core.model.starter import find_prior


@pytest.fixture(scope="module")
def starter():
    return load_bundle(ASSETS / STARTER)


@pytest.mark.parametrize(
    "labels",
    [
        ("globular clusters", "open clusters"),
        ("Globular", "Open"),
        ("globular_clusters", "open star clusters"),
        ("open clusters", "globular clusters"),
    ],
)
def test_labels_that_mean_the_same_get_the_same_answers(starter, labels):
    prior = find_prior("sky", labels)
    features = load_rehearsal()[0][:50, np.newaxis]
    expected = starter.head.compute_scores(features)
    found = prior.head.compute_scores(features)
    is_swapped = labels[0].startswith("open")
    np.testing.assert_allclose(found[:, ::-1] if is_swapped else found, expected, atol=1e-6)


@pytest.mark.parametrize("labels", [("Globular", "Open"), ("Open", "Globular")])
def test_what_is_rehearsed_has_the_class_it_shows(labels):
    prior = find_prior("sky", labels)
    answers = prior.head.compute_scores(prior.rehearsal.features).argmax(axis=1)
    assert (answers == prior.rehearsal.classes).mean() > 0.9


@pytest.mark.parametrize(
    ("architecture", "labels"),
    [
        ("mobilenet_0.50_224", ("globular clusters", "open clusters")),
        ("sky", ("globular clusters", "galaxies")),
        ("sky", ("globular clusters", "nebulae", "open clusters")),
        ("sky", ("open", "open clusters")),
    ],
)
def test_another_question_has_no_prior(architecture, labels):
    assert find_prior(architecture, labels) is None
