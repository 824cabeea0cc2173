"""The models that a caller may use."""

from __future__ import annotations

from cluster_core.access import Access
from cluster_core.api.callers import Caller
from cluster_core.api.problems import ApiError
from cluster_core.model.bundle.summaries import ModelSummary
from cluster_core.publishing import visible
from cluster_core.workspace import Workspace


def list_visible(workspace: Workspace, caller: Caller) -> tuple[ModelSummary, ...]:
    """Return the models that a caller may use, the default first.

    Raises
    ------
    BundleError
        The folder of the models cannot be read.
    """
    access = Access.owner() if caller.sees_all else Access.visitor()
    return visible.list_visible(access, workspace)


def find_visible(workspace: Workspace, caller: Caller, model_id: str) -> ModelSummary:
    """Return a model that a caller may use.

    Parameters
    ----------
    workspace : Workspace
    caller : Caller
    model_id : str
        It may be anything: it is only compared with existing names.

    Raises
    ------
    ApiError
        404 if there is none, which says nothing about models that the caller may not use.
    BundleError
        The folder of the models cannot be read.
    """
    for model in list_visible(workspace, caller):
        if model.id == model_id:
            return model
    raise ApiError(
        404,
        f"There is no model {model_id[:100]!r} for you on this server: GET /api/v1/models lists "
        "those that there are.",
    )
