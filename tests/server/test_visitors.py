"""Many visitors while a training runs, in a short form of `python -m benchmarks.visitors`."""

import sys

import pytest

from benchmarks import visitors
from benchmarks.visitors import LABELS, make_scene, run_scene
from cluster_core.sky import render_demo_dataset


@pytest.mark.skipif(sys.platform != "linux", reason="reads the server's memory as Linux tells it")
def test_every_visitor_gets_every_answer_while_a_training_runs(tmp_path, monkeypatch):
    monkeypatch.setattr(visitors, "INTERVAL_S", 2.5)
    photos = tmp_path / "photos"
    render_demo_dataset(photos, LABELS, 6, seed=0)
    scene = make_scene(n_visitors=3, trains=True)
    found = run_scene(scene, tmp_path, photos, seconds=5)
    assert len(found.waits.rerun_ms) == 6
    assert (found.waits.n_failed, found.waits.n_late) == (0, 0)
