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
        The first is the default: the owner's choice, or if a visitor may not use that, the one
        published last, or the starter model.

    Raises
    ------
    BundleError
        The folder of the models cannot be read.
    """
    models = list_models(workspace)
    if access.allows(Action.VIEW_MODELS):
        return tuple(models)
    # By content too: another model may have got the id of one that was deleted.
    order = [(page.model_id, page.model_sha256) for page in list_published(workspace)]
    order += [_identify(model) for model in models if model.id == STARTER_ID]
    seen = [model for model in models if _identify(model) in order]
    if not any(model.is_default for model in seen):
        default = min(seen, key=lambda model: order.index(_identify(model)))
        seen = [replace(model, is_default=model is default) for model in seen]
    return tuple(sorted(seen, key=lambda model: not model.is_default))


def _identify(model: ModelSummary) -> tuple[str, str]:
    return model.id, model.content_sha256
