"""Compare the settings of trainings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cluster_core.training.config import TrainConfig


def find_differences(configs: Mapping[str, TrainConfig]) -> dict[str, dict[str, Any]]:
    """Return the settings that differ between trainings.

    Parameters
    ----------
    configs : mapping of str to TrainConfig
        The settings of each training, by its name.

    Returns
    -------
    dict of str to dict
        For each setting that differs, its value in every training, by the training's name. The
        name of the folder of pictures counts as a setting.
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
