"""The terminal command for a training, to copy."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import streamlit as st

from cluster_core.access import Action
from cluster_core.training.config import TrainConfig
from cluster_core.training.retrain_command import format_command
from cluster_core.workspace import DEFAULT_ROOT, Workspace
from pages.components.signed_in import get_access


def show_command(workspace: Workspace, config: TrainConfig) -> None:
    """Draw the command that trains with these settings."""
    shown = get_shown_workspace(workspace)
    if shown != workspace:
        config = replace(config, image_dir=shown.root / config.image_dir.name)
    st.caption("To train with these settings from a terminal:")
    st.code(format_command(config, shown), language="bash", wrap_lines=True)


def get_shown_workspace(workspace: Workspace) -> Workspace:
    """Return the workspace to name in commands: in a public demo, the default one."""
    access = get_access()
    may_see_path = access.allows(Action.TRAIN) and access.root is None
    return workspace if may_see_path else Workspace(Path(DEFAULT_ROOT))
