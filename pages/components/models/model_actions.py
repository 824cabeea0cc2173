"""Actions on models, each of which reports its outcome on the page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cluster_core.model.bundle.collection import delete_model, rename_model, set_default_model
from cluster_core.model.bundle.summaries import ModelSummary
from pages.components.outcome import Outcome, attempt, make_deletion_outcome
from pages.components.selection import Choice, choose
from pages.components.signed_in import get_access, get_workspace


def rename(model: ModelSummary, title: str) -> None:
    """Change a model's title."""

    def act() -> Outcome:
        rename_model(get_access(), get_workspace(), model.id, title)
        return Outcome(f"Renamed {model.title} to {title.strip()}.")

    attempt(act)


def make_default(model: ModelSummary) -> None:
    """Make a model the one that classifies when no other is chosen."""

    def act() -> Outcome:
        set_default_model(get_access(), get_workspace(), model.id)
        return Outcome(f"{model.title} is now the default model.")

    attempt(act)


def delete(model: ModelSummary) -> None:
    """Move a model to the trash; the outcome has an Undo button."""

    def act() -> Outcome:
        workspace = get_workspace()
        entry = delete_model(get_access(), workspace, model.id)
        choose(Choice.MODEL, None)
        return make_deletion_outcome(workspace, entry, _choose_restored)

    attempt(act)


def _choose_restored(folders: Sequence[Path]) -> None:
    for folder in folders:
        choose(Choice.MODEL, folder.name)
