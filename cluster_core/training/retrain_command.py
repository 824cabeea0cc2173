"""The `retrain` command line for a training that was set up in the browser."""

from __future__ import annotations

import shlex
from dataclasses import fields
from pathlib import Path

from cluster_core.training.config import TrainConfig
from cluster_core.workspace import DEFAULT_ROOT, ROOT_VARIABLE, Workspace

PROGRAM = "python -m cluster_core.retrain"
# Always included, so that a copied command names its pictures and its network.
_ALWAYS = ("image_dir", "architecture")


def format_command(config: TrainConfig, workspace: Workspace) -> str:
    """Return a shell command that trains with exactly these settings.

    Settings that have their default are omitted.

    Parameters
    ----------
    config : TrainConfig
        The settings.
    workspace : Workspace
        Where to train; set through CLUSTER_LAB_WORKSPACE unless it is the default folder.
    """
    words = [PROGRAM]
    root = workspace.root
    if root != Path(DEFAULT_ROOT):
        words.insert(0, f"{ROOT_VARIABLE}={shlex.quote(str(root))}")
    for field in fields(config):
        value = getattr(config, field.name)
        if value != field.default or field.name in _ALWAYS:
            words.append(_format_flag(field.name, value))
    return " ".join(words)


def _format_flag(name: str, value: object) -> str:
    if isinstance(value, bool):
        return f"--{name}" if value else f"--no-{name}"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return shlex.quote(f"--{name}={value}")
