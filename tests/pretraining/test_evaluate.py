"""The starter on real photos, where they are at hand: they are other people's and do not ship."""

import os
from pathlib import Path

import pytest

import cluster_core
from pretraining.evaluate import measure_starter

PHOTOS = Path(os.environ.get("CLUSTER_LAB_PHOTOS", "../shared/photos"))
ASSETS = Path(cluster_core.__file__).parent / "assets"


@pytest.mark.skipif(not (PHOTOS / "messier_dev").is_dir(), reason="no real photos at hand")
def test_the_starter_knows_real_clusters():
    pytest.importorskip("ai_edge_litert")
    scores = measure_starter(ASSETS, PHOTOS)
    assert scores["starter, messier tier A"] >= 0.95
    assert scores["starter, messier tiers A and B"] >= 0.90
    assert scores["starter, cluster_photos"] >= 0.88
    right = [score for name, score in scores.items() if "right class" in name]
    assert len(right) == 2
    assert min(right) > 0.5
