"""What a server lets its visitors change; every core function that changes something asks here."""

from __future__ import annotations

import os
from enum import StrEnum

from cluster_core.errors import AccessError

# Set to 1 by whoever shows the program to strangers: they may look and classify, no more.
PUBLIC_VARIABLE = "CLUSTER_LAB_PUBLIC_DEMO"
# Set to 1 by whoever wants TensorBoard to be started from the browser.
TENSORBOARD_VARIABLE = "CLUSTER_LAB_TENSORBOARD"


class Action(StrEnum):
    """What may be allowed or not, in words that complete "this server does not let visitors …"."""

    EDIT_DATASETS = "change pictures and classes"
    DOWNLOAD = "download pictures from other servers"
    TRAIN = "train models"
    EDIT_MODELS = "change or upload models"
    RUN_TENSORBOARD = "start TensorBoard"


def is_allowed(action: Action) -> bool:
    """Tell whether this process may do something for its visitors."""
    if os.environ.get(PUBLIC_VARIABLE) == "1":
        return False
    if action is Action.RUN_TENSORBOARD:
        return os.environ.get(TENSORBOARD_VARIABLE) == "1"
    return True


def require(action: Action) -> None:
    """Raise AccessError unless it is allowed."""
    if not is_allowed(action):
        raise AccessError(
            f"This server does not let its visitors {action}: install Cluster Lab on a computer "
            "of your own to do that, or ask whoever runs this server.",
            action=str(action),
        )
