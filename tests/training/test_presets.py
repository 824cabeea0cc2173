from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from cluster_core import retrain
from cluster_core.training.config import TrainConfig
from cluster_core.training.presets import DEFAULTS, PRESETS, SCRIPT_OF_2018, find_preset
from tests.test_retrain import FLAGS


@pytest.mark.parametrize("preset", PRESETS)
def test_preset_is_valid_and_can_be_identified(preset):
    settings = PRESETS[preset].settings
    TrainConfig(Path("photos"), **settings)
    assert find_preset(settings) == preset
    assert find_preset({**settings, "seed": 99}) is None
    assert PRESETS[preset].sentence.endswith(".")


def test_presets_set_every_recorded_setting():
    # The rule of the split only repeats the split of an earlier training.
    recorded = set(TrainConfig(Path("photos")).to_record()) - {"split_version"}
    assert set(DEFAULTS) == recorded
    for preset in PRESETS.values():
        assert set(preset.settings) == recorded


def test_article_preset_matches_the_2018_script():
    config = TrainConfig(Path("photos"), **PRESETS["Article"].settings)
    assert config.architecture == "mobilenet_0.50_224"
    assert (config.how_many_training_steps, config.learning_rate) == (4000, 0.01)
    assert not config.early_stopping
    assert not config.balance_classes
    assert not config.uses_sky_views
    assert len(config.training_views) == 1


def test_script_defaults_match_the_flags():
    defaults = {name: value for name, value in FLAGS.items() if name in DEFAULTS}
    for added in ("architecture", "seed"):
        defaults.pop(added)
    assert defaults == SCRIPT_OF_2018


def test_quick_runs_500_steps_and_quick_and_best_choose_the_network_by_the_pictures():
    assert PRESETS["Quick"].settings["how_many_training_steps"] == 500
    for preset in ("Quick", "Best"):
        assert TrainConfig(Path("photos"), **PRESETS[preset].settings).is_automatic
    names = {option.name for option in retrain.main.params}
    assert set(DEFAULTS) <= names
    assert set(DEFAULTS) <= {field.name for field in fields(TrainConfig)}
