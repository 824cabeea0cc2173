"""Permissions: what this server lets its visitors change."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum

from cluster_core.errors import AccessError
from cluster_core.events import report_event

# Set to 1 on a public demo: visitors may look around and classify, but change nothing.
PUBLIC_VARIABLE = "CLUSTER_LAB_PUBLIC_DEMO"
# Set to 1 to let the browser start TensorBoard.
TENSORBOARD_VARIABLE = "CLUSTER_LAB_TENSORBOARD"


class Action(StrEnum):
    """Actions that can be forbidden; each value completes "visitors may not …"."""

    EDIT_DATASETS = "change pictures and classes"
    DOWNLOAD = "download pictures from other servers"
    TRAIN = "train models"
    EDIT_MODELS = "change or upload models"
    PUBLISH = "publish models"
    MANAGE_KEYS = "manage API keys"
    SAVE_PROJECT = "save the whole project"
    ADD_NETWORKS = "add pretrained networks"
    RUN_TENSORBOARD = "start TensorBoard"


@dataclass(frozen=True)
class Access:
    """Who acts, and what they may do; passed to every core function that changes something.

    Attributes
    ----------
    who : str
        `owner`, the name of a signed-in person or of an API key, or a visitor's random id.
    allowed : frozenset of Action
        What they may do.
    """

    who: str
    allowed: frozenset[Action]

    @classmethod
    def owner(cls) -> Access:
        """Return the access of the workspace's owner, such as somebody at the command line."""
        return cls("owner", frozenset(Action))

    def allows(self, action: Action) -> bool:
        """Tell whether they may perform an action."""
        return action in self.allowed

    def require(self, action: Action) -> None:
        """Check that they may perform an action.

        Raises
        ------
        AccessError
            They may not.
        """
        if not self.allows(action):
            report_event("refused", reason=f"may not {action}")
            raise AccessError(
                f"This server does not let its visitors {action}. Install Cluster Lab on your own "
                "computer, or ask the people who run this server.",
                action=str(action),
            )


def is_allowed(action: Action) -> bool:
    """Tell whether visitors of this server may perform an action."""
    if os.environ.get(PUBLIC_VARIABLE) == "1":
        return False
    if action is Action.RUN_TENSORBOARD:
        return os.environ.get(TENSORBOARD_VARIABLE) == "1"
    return True


def require(action: Action) -> None:
    """Check that an action is allowed.

    Every core function that changes something calls this first.

    Raises
    ------
    AccessError
        This server does not allow the action.
    """
    if not is_allowed(action):
        report_event("refused", reason=f"may not {action}")
        raise AccessError(
            f"This server does not let its visitors {action}. Install Cluster Lab on your own "
            "computer, or ask the people who run this server.",
            action=str(action),
        )
