"""The same from a terminal, to copy."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import streamlit as st

from cluster_core.access import Action, is_allowed
from cluster_core.training.config import TrainConfig
from cluster_core.training.retrain_command import format_command
from cluster_core.workspace import DEFAULT_ROOT, Workspace


def show_command(workspace: Workspace, config: TrainConfig) -> None:
    """Draw the command that trains with these settings."""
    place = place_for_visitor(workspace)
    if place != workspace:
        config = replace(config, image_dir=place.root / config.image_dir.name)
    st.caption("The same from a terminal:")
    st.code(format_command(config, place), language="bash", wrap_lines=True)


def place_for_visitor(workspace: Workspace) -> Workspace:
    """Return the workspace of the terminal that a visitor has: strangers have one of their own."""
    return workspace if is_allowed(Action.TRAIN) else Workspace(Path(DEFAULT_ROOT))
