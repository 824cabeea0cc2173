"""The models that the visitor of the present page may classify with, and where each is kept."""

from __future__ import annotations

from dataclasses import replace

from cluster_core.access import Access
from cluster_core.model.bundle.selection import STARTER_ID
from cluster_core.model.bundle.summaries import ModelSummary
from cluster_core.publishing.visible import list_visible
from cluster_core.training.insight.model_accuracy import complete_accuracies
from cluster_core.workspace import Workspace
from pages.components.signed_in import get_access


def list_offered() -> tuple[ModelSummary, ...]:
    """Return the models that the person who uses the present page may classify with.

    A visitor with a workspace has their own models and the starter, and then the published ones;
    of two with the same id only their own.

    Raises
    ------
    BundleError
        A folder of models cannot be read.
    """
    access = get_access()
    if access.root is None:
        return _list_complete(access, Workspace.default())
    own = _list_complete(access, Workspace(access.root))
    ids = {model.id for model in own}
    return own + tuple(model for model in _list_published() if model.id not in ids)


def find_home(model: ModelSummary) -> Workspace:
    """Return the workspace that a model from `list_offered` is kept in."""
    root = get_access().root
    if root is None:
        return Workspace.default()
    own = Workspace(root)
    is_own = model.id == STARTER_ID or (own.bundles / model.id).is_dir()
    # By content too: the owner's models that are not published may have any id.
    published = {(one.id, one.content_sha256) for one in _list_published()}
    is_shared = not is_own and (model.id, model.content_sha256) in published
    return Workspace.default() if is_shared else own


def _list_complete(access: Access, workspace: Workspace) -> tuple[ModelSummary, ...]:
    return complete_accuracies(workspace, list_visible(access, workspace))


def _list_published() -> tuple[ModelSummary, ...]:
    models = _list_complete(Access.visitor(), Workspace.default())
    # The default is one of the visitor's own.
    return tuple(replace(one, is_default=False) for one in models if one.id != STARTER_ID)
