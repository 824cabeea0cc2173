"""Who acts, and what they may do."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from cluster_core.access.quota import keep_others_out, require_room
from cluster_core.errors import AccessError
from cluster_core.events import report_event
from cluster_core.workspace import Workspace


class Action(StrEnum):
    """What can be forbidden; each value completes "visitors may not …"."""

    CLASSIFY = "classify pictures"
    VIEW_DATASETS = "see datasets"
    VIEW_TRAININGS = "see trainings"
    VIEW_MODELS = "see models that are not published"
    EDIT_DATASETS = "change pictures and classes"
    DOWNLOAD = "download pictures from other servers"
    TRAIN = "train models"
    EVALUATE = "evaluate trainings and compare networks"
    LABEL_QUEUES = "label pictures in a queue"
    EDIT_MODELS = "change or upload models"
    IMPORT_MODELS = "upload models"
    EXPORT_MODELS = "export models to other formats"
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
_IN_OWN_WORKSPACE = frozenset(
    {
        Action.CLASSIFY,
        Action.VIEW_DATASETS,
        Action.VIEW_TRAININGS,
        Action.VIEW_MODELS,
        Action.EDIT_DATASETS,
        Action.TRAIN,
        Action.EDIT_MODELS,
    }
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
    root : Path or None
        The workspace outside which they may change nothing, and whose size is limited; None for
        no such bound.
    """

    who: str
    allowed: frozenset[Action]
    refusal: str = _REFUSAL
    root: Path | None = None

    @classmethod
    def owner(cls) -> Access:
        """Return the access of the workspace's owner, such as somebody at the command line."""
        return cls("owner", frozenset(Action))

    @classmethod
    def visitor(cls) -> Access:
        """Return the access of a visitor of a demo, who classifies with published models."""
        return cls("visitor", frozenset({Action.CLASSIFY}))

    @classmethod
    def visitor_in(cls, workspace: Workspace) -> Access:
        """Return the access of a visitor of a demo who has a throw-away workspace."""
        return cls("visitor with a workspace", _IN_OWN_WORKSPACE, root=workspace.root)

    def allows(self, action: Action) -> bool:
        """Tell whether they may perform an action."""
        return action in self.allowed

    def without(self, action: Action) -> Access:
        """Return the same access without one action."""
        return replace(self, allowed=self.allowed - {action})

    def refuse(self, action: Action) -> str:
        """Return the sentence for those who may not perform an action."""
        return self.refusal.format(action=action)

    def require(self, action: Action, *paths: Path) -> None:
        """Check that they may perform an action.

        Parameters
        ----------
        action : Action
        *paths : Path
            The workspace, or the folders in it, that are changed or read for it. Somebody bound
            to a workspace is refused without any, so that a forgotten path opens nothing; to
            classify changes no workspace.

        Raises
        ------
        AccessError
            They may not, or not there.
        """
        if not self.allows(action):
            report_event("refused", reason=f"may not {action}")
            raise AccessError(self.refuse(action), action=str(action))
        is_bound = self.root is not None and action is not Action.CLASSIFY
        if is_bound and not (paths and all(map(self._is_inside, paths))):
            report_event("refused", reason=f"may not {action} in another workspace")
            raise AccessError(f"You may {action} only in your own workspace.", action=str(action))

    def require_room(self, *, n_pictures: int = 0, n_bytes: int = 0) -> None:
        """Check that what they are about to add fits into their workspace, if it is limited.

        Parameters
        ----------
        n_pictures : int
            New pictures of datasets.
        n_bytes : int
            Size of all new files, in bytes.

        Raises
        ------
        DatasetError
            It does not fit.
        """
        if self.root is not None:
            require_room(Workspace(self.root), n_pictures, n_bytes)

    def alone(self) -> AbstractContextManager[None]:
        """Keep others out of their workspace, if it is limited, from `require_room` to the files.

        Raises
        ------
        DatasetError
            Entering: the workspace was deleted, or somebody else is adding to it.
        """
        return nullcontext() if self.root is None else keep_others_out(Workspace(self.root))

    def _is_inside(self, path: Path) -> bool:
        assert self.root is not None
        real = Path(os.path.realpath(path))
        return real.is_relative_to(os.path.realpath(self.root))
