from __future__ import annotations

import pytest

from cluster_core.model.backbones.shipped import ASSETS, STARTER
from cluster_core.model.bundle.folder import load_bundle
from cluster_core.model.bundle.starter import find_prior

LABELS = [
    ("globular clusters", "open clusters"),
    ("Globular", "Open"),
    ("globular_clusters", "open star clusters"),
    ("open clusters", "globular clusters"),
]


@pytest.mark.parametrize("labels", LABELS)
def test_rehearsal_classes_follow_the_order_of_the_labels(labels):
    starter, rehearsal = load_bundle(ASSETS / STARTER), find_prior("sky", labels).rehearsal
    answers = starter.head.compute_scores(rehearsal.features).argmax(axis=1)
    if labels[0].startswith("open"):
        answers = 1 - answers
    assert (answers == rehearsal.classes).mean() > 0.9


@pytest.mark.parametrize(
    ("architecture", "labels"),
    [
        ("mobilenet_0.50_224", ("globular clusters", "open clusters")),
        ("sky", ("globular clusters", "galaxies")),
        ("sky", ("globular clusters", "nebulae", "open clusters")),
        ("sky", ("open", "open clusters")),
    ],
)
def test_other_classes_or_backbone_have_no_prior(architecture, labels):
    assert find_prior(architecture, labels) is None


@pytest.mark.parametrize("labels", LABELS)
def test_odds_favour_globular_clusters(labels):
    odds = find_prior("sky", labels).odds
    globular = int(labels[0].lower().startswith("open"))
    assert odds[globular] == 3 * odds[1 - globular]
