"""Suggest the title of a model's page, and the name in its link."""

from __future__ import annotations

import os

from cluster_core.model.bundle.selection import STARTER_ID
from cluster_core.model.bundle.summaries import MAX_TITLE_LENGTH, ModelSummary
from cluster_core.model.prediction.words import name_one
from cluster_core.publishing.aliases import MAX_ALIAS_LENGTH, make_alias
from cluster_core.workspace import Workspace

_NUMBER_LENGTH = 10


def suggest_title(model: ModelSummary) -> str:
    """Return a title: the model's own, or a question with its classes if nobody renamed it."""
    is_renamed = model.id != STARTER_ID and f"{model.architecture}, " not in model.title
    question = " or ".join(map(name_one, model.labels)) + "?"
    if is_renamed or len(question) > MAX_TITLE_LENGTH:
        return model.title
    return question[0].upper() + question[1:]


def suggest_alias(workspace: Workspace, title: str) -> str:
    """Return an alias for a title that is still free, such as `my-clusters-2`."""
    alias = make_alias(title)
    number = 1
    suggested = alias
    while os.path.lexists(workspace.published / suggested):
        number += 1
        suggested = make_alias(f"{alias[: MAX_ALIAS_LENGTH - _NUMBER_LENGTH]}-{number}")
    return suggested
