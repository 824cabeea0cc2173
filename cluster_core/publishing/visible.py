"""The models that somebody may classify with."""

from __future__ import annotations

from dataclasses import replace

from cluster_core.access import Access, Action
from cluster_core.model.bundle.collection import list_models
from cluster_core.model.bundle.selection import STARTER_ID
from cluster_core.model.bundle.summaries import ModelSummary
from cluster_core.publishing.store import list_published
from cluster_core.workspace import Workspace


def list_visible(access: Access, workspace: Workspace) -> tuple[ModelSummary, ...]:
    """Return all models, or for a visitor those that are published and the starter model.

    Returns
    -------
    tuple of ModelSummary
        Exactly one is the default: the owner's choice, or if a visitor may not use that, the one
        published last, or the starter model.

    Raises
    ------
    BundleError
        The folder of the models cannot be read.
    """
    models = list_models(workspace)
    if access.allows(Action.VIEW_MODELS):
        return tuple(models)
    order = [*(page.model_id for page in list_published(workspace)), STARTER_ID]
    seen = [model for model in models if model.id in order]
    if any(model.is_default for model in seen):
        return tuple(seen)
    default = min(seen, key=lambda model: order.index(model.id))
    return tuple(replace(model, is_default=model is default) for model in seen)
