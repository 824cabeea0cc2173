from __future__ import annotations

import random
import shlex
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from cluster_core import retrain
from cluster_core.training.config import TrainConfig
from cluster_core.training.presets import PRESETS
from cluster_core.training.retrain_command import PROGRAM, format_command
from cluster_core.workspace import DEFAULT_ROOT, ROOT_VARIABLE, Workspace

VALUES = {
    "architecture": ("sky", "mobilenet_0.25_128", "inception_v3"),
    "how_many_training_steps": (1, 500, 4000, 1_000_000),
    "learning_rate": (1e-9, 0.01, 0.1, 1 / 3, 2, 1.0),
    "testing_percentage": (0, 10, 33.3, 20.0),
    "validation_percentage": (0, 10, 12.5),
    "eval_step_interval": (1, 10, 77),
    "train_batch_size": (1, 100),
    "test_batch_size": (-1, 5),
    "validation_batch_size": (-1, 100),
    "random_crop": (0, 10),
    "random_scale": (0, 15),
    "random_brightness": (0, 20),
    "weight_decay": (0.0, 1e-05, 0.25),
    "seed": (0, 7, 2**32 - 1),
    "split_version": (1, 4),
    "final_tensor_name": ("final_result", "a/b.c"),
    "intermediate_store_frequency": (0, 100),
}
HERE = Workspace(Path(DEFAULT_ROOT))
FOLDERS = (
    "photos",
    "tf_files/my photos",
    '/a/b\'c "d" $HOME `x`',
    "Kugelhäufen 🔭",
    "--odd",
    "a=b;c&d\\e",
    "two\nlines",
    "odd \udcff byte",
)


def parse(line: str) -> tuple[dict[str, str], TrainConfig]:
    """Parse a line as the shell and then the command do."""
    words = shlex.split(line)
    variables = {}
    while "=" in words[0]:
        name, _, value = words.pop(0).partition("=")
        variables[name] = value
    assert words[:3] == PROGRAM.split()
    parameters = retrain.main.make_context("retrain", words[3:]).params
    for name in ("print_misclassified_test_images", "scheduler"):  # of the command alone
        parameters.pop(name)
    return variables, TrainConfig(**parameters)


def draw_config(seed: int) -> TrainConfig:
    chance = random.Random(seed)
    settings: dict[str, Any] = {name: chance.choice(values) for name, values in VALUES.items()}
    for field in fields(TrainConfig):
        if isinstance(field.default, bool):
            settings[field.name] = chance.choice((True, False))
        elif field.name.endswith(("_dir", "_graph", "_labels")):
            settings[field.name] = chance.choice((None, Path(chance.choice(FOLDERS))))
    settings["sky_views"] = chance.choice((None, True, False))
    settings["image_dir"] = Path(chance.choice(FOLDERS))
    return TrainConfig(**settings)


def test_random_configs_vary_every_setting():
    configs = [draw_config(seed) for seed in range(60)]
    for field in fields(TrainConfig):
        assert len({getattr(config, field.name) for config in configs}) > 1, field.name


@pytest.mark.parametrize("seed", range(60))
def test_command_restores_the_settings(seed):
    config = draw_config(seed)
    assert parse(format_command(config, HERE)) == ({}, config)


@pytest.mark.parametrize("preset", PRESETS)
def test_command_restores_a_preset(preset):
    config = TrainConfig(Path("photos"), **PRESETS[preset].settings)
    assert parse(format_command(config, HERE)) == ({}, config)


def test_command_omits_defaults():
    config = TrainConfig(Path("tf_files/cluster_photos"), learning_rate=0.5, early_stopping=False)
    assert format_command(config, HERE) == (
        "python -m cluster_core.retrain --image_dir=tf_files/cluster_photos --architecture=sky "
        "--learning_rate=0.5 --no-early_stopping"
    )


@pytest.mark.parametrize("root", ["/data/of mine", "elsewhere"])
def test_command_names_another_workspace(root):
    config = replace(draw_config(0), image_dir=Path(root, "cluster_photos"))
    line = format_command(config, Workspace(Path(root)))
    assert parse(line) == ({ROOT_VARIABLE: root}, config)
