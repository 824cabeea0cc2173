from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from cluster_core.errors import BackboneError, ConfigError
from cluster_core.training.config import TrainConfig
from cluster_core.training.outputs import TrainingOutputs
from cluster_core.workspace import Workspace

NAN, INF = float("nan"), float("inf")
ALLOWED = {
    "how_many_training_steps": (1, 4000, 1_000_000),
    "learning_rate": (1e-9, 0.01, 100),
    "testing_percentage": (0, 10, 33.3, 89.9),
    "validation_percentage": (0, 10, 89),
    "eval_step_interval": (1, 10, 1_000_000),
    "train_batch_size": (1, 100_000),
    "test_batch_size": (-1, 1, 100),
    "validation_batch_size": (-1, 1, 100),
    "intermediate_store_frequency": (0, 1, 1_000_000),
    "random_crop": (0, 99),
    "random_scale": (0, 400),
    "random_brightness": (0, 99),
    "weight_decay": (0, 0.5, 1),
    "seed": (0, 2**32 - 1),
    "split_version": (1, 2, 3, 4),
    "final_tensor_name": ("final_result", "softmax/out"),
    "architecture": ("mobilenet_0.50_224", "inception_v3", "auto"),
}
REFUSED = {
    "how_many_training_steps": (0, -1, 1_000_001),
    "learning_rate": (0, -0.01, 100.1, NAN, INF, -INF),
    "testing_percentage": (-1, 100, 90, NAN),
    "validation_percentage": (-0.1, 100, 90, INF),
    "eval_step_interval": (0, -10),
    "train_batch_size": (0, -1, 100_001),
    "test_batch_size": (0, -2),
    "validation_batch_size": (0, -2),
    "intermediate_store_frequency": (-1,),
    "random_crop": (-1, 100),
    "random_scale": (-1, 401),
    "random_brightness": (-1, 100),
    "weight_decay": (-0.1, 1.1, NAN),
    "seed": (-1, 2**32),
    "split_version": (0, 5),
    "final_tensor_name": ("", "a b", "input"),
}


def pairs(table):
    return [(name, value) for name, values in table.items() for value in values]


@pytest.mark.parametrize(("name", "value"), pairs(ALLOWED))
def test_settings_in_range_are_accepted(name, value):
    assert getattr(TrainConfig(Path("photos"), **{name: value}), name) == value


@pytest.mark.parametrize(("name", "value"), pairs(REFUSED))
def test_settings_out_of_range_are_refused_with_the_allowed_range(name, value):
    with pytest.raises(ConfigError) as caught:
        TrainConfig(Path("photos"), **{name: value})
    error = caught.value
    if "percentage" in name and value == 90:
        assert "leaves no pictures to train on" in str(error)
    else:
        assert error.field == name
        assert error.received is value
    assert error.allowed
    assert len(str(error).splitlines()) == 1


def test_every_numeric_setting_has_a_range():
    numbers = {
        field.name
        for field in dataclasses.fields(TrainConfig)
        if isinstance(field.default, int | float) and not isinstance(field.default, bool)
    }
    assert numbers <= REFUSED.keys()


def test_weight_decay_is_limited_by_the_learning_rate():
    TrainConfig(Path("photos"), learning_rate=2, weight_decay=0.5)
    with pytest.raises(ConfigError) as caught:
        TrainConfig(Path("photos"), learning_rate=2, weight_decay=0.51)
    assert caught.value.field == "weight_decay"


def test_unknown_architecture_is_refused():
    with pytest.raises(BackboneError, match=r"did you mean mobilenet_0\.50_224"):
        TrainConfig(Path("photos"), architecture="mobilenet_0.5_224")


def test_record_is_json_without_paths():
    config = TrainConfig(Path("/home/somebody/photos"), output_graph=Path("/home/x.pb"))
    record = json.loads(json.dumps(config.to_record(), allow_nan=False))
    assert "home" not in json.dumps(record)
    assert TrainConfig(Path("elsewhere"), **record) == dataclasses.replace(
        config, image_dir=Path("elsewhere"), output_graph=None
    )


def test_head_settings_match_the_config():
    config = TrainConfig(Path("photos"), learning_rate=0.5, seed=7, intermediate_store_frequency=3)
    settings = dataclasses.asdict(config.head_settings)
    assert settings.pop("store_frequency") == 3
    assert all(getattr(config, name) == value for name, value in settings.items())


@pytest.mark.parametrize("sky", [True, False])
@pytest.mark.parametrize("crop", [0, 10])
def test_distorted_views_are_used_only_for_training(sky, crop):
    config = TrainConfig(Path("photos"), sky_views=sky, random_crop=crop)
    assert len(config.views) == (8 if sky else 1)
    assert config.training_views[: len(config.views)] == config.views
    assert len(config.training_views) == len(config.views) + (16 if crop else 0)


PATHS = [
    field.name
    for field in dataclasses.fields(TrainConfig)
    if field.name in TrainingOutputs.__dataclass_fields__
]


def test_paths_default_to_the_workspace():
    workspace = Workspace(Path("somewhere"))
    outputs = TrainingOutputs.of(TrainConfig(Path("photos")), workspace)
    for name in PATHS:
        path = getattr(outputs, name)
        assert path is None if name == "saved_model_dir" else workspace.root in path.parents
    assert outputs.summaries_dir.name == TrainConfig(Path("photos")).architecture
    named: dict[str, Any] = {name: Path("named", name) for name in PATHS}
    outputs = TrainingOutputs.of(TrainConfig(Path("photos"), **named), workspace)
    assert {name: getattr(outputs, name) for name in PATHS} == named
