"""Settings for a purpose, all at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any

from cluster_core.training.config import TrainConfig

# Paths are not settings of learning: a preset leaves them alone.
_PATHS = ("_dir", "_graph", "_labels")
DEFAULTS: Mapping[str, Any] = MappingProxyType(
    {field.name: field.default for field in fields(TrainConfig) if not field.name.endswith(_PATHS)}
)


@dataclass(frozen=True)
class Preset:
    """A choice of settings, and the sentence that says what it is good for.

    Attributes
    ----------
    sentence : str
    overrides : mapping
        Settings of `TrainConfig` that differ from its defaults.
    """

    sentence: str
    overrides: Mapping[str, Any]

    @property
    def settings(self) -> dict[str, Any]:
        """Every setting that decides what is learned."""
        return {**DEFAULTS, **self.overrides}


# What the retrain script of 2018 does when it is told nothing. It has no flag for the others:
# it neither stops early nor weighs classes, and knows no sky.
SCRIPT_OF_2018: Mapping[str, Any] = MappingProxyType(
    {
        "how_many_training_steps": 4000,
        "learning_rate": 0.01,
        "testing_percentage": 10,
        "validation_percentage": 10,
        "eval_step_interval": 10,
        "train_batch_size": 100,
        "test_batch_size": -1,
        "validation_batch_size": 100,
        "flip_left_right": False,
        "random_crop": 0,
        "random_scale": 0,
        "random_brightness": 0,
        "final_tensor_name": "final_result",
        "intermediate_store_frequency": 0,
    }
)

PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        "Quick": Preset(
            "A first answer in about a second: few, large steps on the network that is at hand.",
            MappingProxyType({"how_many_training_steps": 500, "learning_rate": 0.05}),
        ),
        "Article": Preset(
            "As the 2018 script trained: MobileNet, 4000 steps at 0.01, to the last step, and "
            "every picture weighs alike.",
            MappingProxyType(
                {
                    **SCRIPT_OF_2018,
                    "architecture": "mobilenet_0.50_224",
                    "sky_views": False,
                    "weight_decay": 0.0,
                    "balance_classes": False,
                    "early_stopping": False,
                }
            ),
        ),
        "Best": Preset(
            "What works best on pictures nobody has seen: the network that knows the sky, in all "
            "eight views.",
            MappingProxyType({"sky_views": True}),
        ),
    }
)


def find_preset(settings: Mapping[str, Any]) -> str | None:
    """Return the name of the preset that has exactly these settings, or None."""
    return next(
        (name for name, preset in PRESETS.items() if preset.settings == dict(settings)), None
    )
