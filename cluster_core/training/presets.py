"""Presets: complete settings for a purpose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any

from cluster_core.training.config import AUTOMATIC, TrainConfig

# Presets leave paths alone, which do not affect what is learned, and the rule of the split, which
# only repeats the split of an earlier training.
_NOT_IN_PRESETS = ("_dir", "_graph", "_labels", "split_version")
DEFAULTS: Mapping[str, Any] = MappingProxyType(
    {
        field.name: field.default
        for field in fields(TrainConfig)
        if not field.name.endswith(_NOT_IN_PRESETS)
    }
)


@dataclass(frozen=True)
class Preset:
    """Settings for a purpose.

    Attributes
    ----------
    sentence : str
        Describes the purpose to the user.
    overrides : mapping of str to object
        Settings of `TrainConfig` that differ from its defaults, by name.
    """

    sentence: str
    overrides: Mapping[str, Any]

    @property
    def settings(self) -> dict[str, Any]:
        """Every setting of `TrainConfig` except paths and the rule of the split, by name."""
        return {**DEFAULTS, **self.overrides}


# The defaults of the 2018 retrain script. It has no flags for the other settings: it does not stop
# early, weight classes or use sky views.
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
            "A first model in seconds: fewer and larger steps, with the network that suits your "
            "pictures.",
            MappingProxyType(
                {
                    "architecture": AUTOMATIC,
                    "how_many_training_steps": 500,
                    "learning_rate": 0.05,
                }
            ),
        ),
        "Article": Preset(
            "As in the 2018 article: MobileNet, all 4,000 steps at a learning rate of 0.01, and "
            "every picture counts the same.",
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
            "The most accurate on new pictures: the network that suits yours, and as many steps as "
            "improve the model.",
            MappingProxyType({"architecture": AUTOMATIC}),
        ),
    }
)


def find_preset(settings: Mapping[str, Any]) -> str | None:
    """Return the name of the preset with exactly these settings, or None."""
    return next(
        (name for name, preset in PRESETS.items() if preset.settings == dict(settings)), None
    )
