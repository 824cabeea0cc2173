from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from cluster_core import retrain
from cluster_core.training.config import TrainConfig
from cluster_core.training.presets import DEFAULTS, PRESETS, SCRIPT_OF_2018, find_preset
from tests.test_retrain import FLAGS


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_can_be_trained_with_and_found_again(preset):
    settings = PRESETS[preset].settings
    TrainConfig(Path("photos"), **settings)
    assert find_preset(settings) == preset
    assert find_preset({**settings, "seed": 99}) is None
    assert PRESETS[preset].sentence.endswith(".")


def test_presets_say_everything_that_a_record_has():
    record = TrainConfig(Path("photos")).to_record()
    assert set(DEFAULTS) == set(record)
    for preset in PRESETS.values():
        assert set(preset.settings) == set(record)


def test_the_article_is_the_script_of_2018():
    config = TrainConfig(Path("photos"), **PRESETS["Article"].settings)
    assert config.architecture == "mobilenet_0.50_224"
    assert (config.how_many_training_steps, config.learning_rate) == (4000, 0.01)
    assert not config.early_stopping
    assert not config.balance_classes
    assert not config.uses_sky_views
    assert len(config.training_views) == 1


def test_what_the_script_did_is_what_its_flags_say():
    of_the_script = {name: value for name, value in FLAGS.items() if name in DEFAULTS}
    for ours in ("architecture", "seed"):
        of_the_script.pop(ours)
    assert of_the_script == SCRIPT_OF_2018


def test_quick_is_quick_and_best_is_the_networks_own():
    assert PRESETS["Quick"].settings["how_many_training_steps"] == 500
    assert TrainConfig(Path("photos"), **PRESETS["Best"].settings).uses_sky_views
    names = {option.name for option in retrain.main.params}
    assert set(DEFAULTS) <= names
    assert set(DEFAULTS) <= {field.name for field in fields(TrainConfig)}
