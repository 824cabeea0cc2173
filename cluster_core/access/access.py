"""Who acts, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cluster_core.errors import AccessError
from cluster_core.events import report_event


class Action(StrEnum):
    """What can be forbidden; each value completes "visitors may not …"."""

    CLASSIFY = "classify pictures"
    VIEW_DATASETS = "see datasets"
    VIEW_TRAININGS = "see trainings"
    VIEW_MODELS = "see models that are not published"
    EDIT_DATASETS = "change pictures and classes"
    DOWNLOAD = "download pictures from other servers"
    TRAIN = "train models"
    EDIT_MODELS = "change or upload models"
    PUBLISH = "publish models"
    MANAGE_KEYS = "manage API keys"
    SAVE_PROJECT = "save the whole project"
    ADD_NETWORKS = "add pretrained networks"
    RUN_TENSORBOARD = "start TensorBoard"
    READ_FOLDERS = "classify folders of the server's computer"
    SORT_FILES = "sort files in folders of the server's computer"
    SOLVE = "compare the stars of pictures with star charts"


_REFUSAL = (
    "This server does not let its visitors {action}. Install Cluster Lab on your own computer, or "
    "ask the people who run this server."
)


@dataclass(frozen=True)
class Access:
    """Who acts, and what they may do; passed to every core function that changes something.

    Attributes
    ----------
    who : str
        `owner`, or the kind of visitor; never shown to others.
    allowed : frozenset of Action
        What they may do.
    refusal : str
        Said about anything else, with `{action}` where the action is named.
    """

    who: str
    allowed: frozenset[Action]
    refusal: str = _REFUSAL

    @classmethod
    def owner(cls) -> Access:
        """Return the access of the workspace's owner, such as somebody at the command line."""
        return cls("owner", frozenset(Action))

    @classmethod
    def visitor(cls) -> Access:
        """Return the access of a visitor of a demo, who classifies with published models."""
        return cls("visitor", frozenset({Action.CLASSIFY}))

    def allows(self, action: Action) -> bool:
        """Tell whether they may perform an action."""
        return action in self.allowed

    def without(self, action: Action) -> Access:
        """Return the same access without one action."""
        return Access(self.who, self.allowed - {action}, self.refusal)

    def refuse(self, action: Action) -> str:
        """Return the sentence for those who may not perform an action."""
        return self.refusal.format(action=action)

    def require(self, action: Action) -> None:
        """Check that they may perform an action.

        Raises
        ------
        AccessError
            They may not.
        """
        if not self.allows(action):
            report_event("refused", reason=f"may not {action}")
            raise AccessError(self.refuse(action), action=str(action))
