from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from cluster_core.training.config import TrainConfig
from cluster_core.training.insight.differences import find_differences

CONFIG = TrainConfig(Path("tf_files/cluster_photos"))


def test_only_differing_settings_are_returned():
    quick = replace(CONFIG, how_many_training_steps=500, sky_views=True)
    found = find_differences({"slow": CONFIG, "quick": quick, "again": CONFIG})
    assert found == {
        "how_many_training_steps": {"slow": 4000, "quick": 500, "again": 4000},
        "sky_views": {"slow": None, "quick": True, "again": None},
    }


def test_datasets_are_compared_by_name_and_output_paths_ignored():
    other = replace(CONFIG, image_dir=Path("elsewhere/dog_photos"), summaries_dir=Path("x"))
    assert find_differences({"a": CONFIG, "b": other}) == {
        "image_dir": {"a": "cluster_photos", "b": "dog_photos"}
    }
    assert find_differences({"a": CONFIG, "b": replace(CONFIG, summaries_dir=Path("x"))}) == {}


def test_fewer_than_two_trainings_have_no_differences():
    assert find_differences({}) == {}
    assert find_differences({"a": CONFIG}) == {}
