"""What sets trainings apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cluster_core.training.config import TrainConfig


def find_differences(configs: Mapping[str, TrainConfig]) -> dict[str, dict[str, Any]]:
    """Return the settings that are not the same in all trainings.

    Parameters
    ----------
    configs : mapping of str to TrainConfig
        By the name of the training.

    Returns
    -------
    dict of str to dict
        For each setting that differs, the value of every training by its name.
        The folder of pictures counts as a setting, by its name.
    """
    records = {
        name: {"image_dir": config.image_dir.name, **config.to_record()}
        for name, config in configs.items()
    }
    settings = next(iter(records.values()), {})
    return {
        setting: {name: record[setting] for name, record in records.items()}
        for setting in settings
        if len({record[setting] for record in records.values()}) > 1
    }
