"""Who uses the page, and what they may do."""

from __future__ import annotations

import os

from cluster_core.access import TENSORBOARD_VARIABLE, Access, Action, Mode, read_mode


def get_access() -> Access:
    """Return what the person who uses the present page may do."""
    if read_mode() is Mode.DEMO:
        return Access.visitor()
    access = Access.owner()
    if os.environ.get(TENSORBOARD_VARIABLE) != "1":
        access = access.without(Action.RUN_TENSORBOARD)
    return access
