"""Models in a project's file, each as the .zip file that the Models page downloads."""

from __future__ import annotations

import io
from pathlib import Path

from cluster_core.access import Access
from cluster_core.errors import BackboneError, BundleError
from cluster_core.model.bundle.archive import export_model, find_portable_network, import_model
from cluster_core.model.bundle.collection import list_models
from cluster_core.model.bundle.selection import STARTER_ID
from cluster_core.model.bundle.summaries import ModelSummary
from cluster_core.projects.layout import MODELS
from cluster_core.projects.members import Listing, Member, is_portable_name
from cluster_core.workspace import Workspace


def choose_models(workspace: Workspace, datasets: set[str] | None) -> list[ModelSummary]:
    """Return the models to save: all, or those that learned from some datasets' folders.

    Raises
    ------
    BundleError
        The folder of the models cannot be read.
    """
    return [
        model
        for model in list_models(workspace)
        if model.id != STARTER_ID and (datasets is None or model.dataset in datasets)
    ]


def list_model_files(workspace: Workspace, models: list[ModelSummary], listing: Listing) -> None:
    """Add models to a listing; the first one of each network carries it."""
    carried = set()
    for model in models:
        network = (model.architecture, model.weights_sha256)
        try:
            if model.problem or not is_portable_name(model.id):
                raise BundleError(model.problem or "its name cannot be stored", path=Path(model.id))
            is_first = network not in carried and bool(find_portable_network(workspace, model.id))
        except (BundleError, BackboneError) as error:
            listing.notes.append(f"The model {model.title} was left out: {error}")
            continue
        if is_first:
            carried.add(network)
        listing.members.append(_make_member(workspace, model.id, is_first))


def _make_member(workspace: Workspace, model_id: str, with_network: bool) -> Member:
    return Member(
        f"{MODELS}/{model_id}.zip",
        lambda: io.BytesIO(export_model(workspace, model_id, with_network=with_network)),
    )


def add_model(access: Access, workspace: Workspace, staged: Path) -> tuple[ModelSummary, bool]:
    """Add an unpacked model's .zip file with all checks of such a file from a stranger.

    Returns
    -------
    model : ModelSummary
        The new model, or the identical one of the workspace.
    is_new : bool
        Whether it was added.

    Raises
    ------
    BundleError, BackboneError
        The model, or the network that it carries, cannot be used.
    """
    known = {model.id for model in list_models(workspace)}
    with staged.open("rb") as file:
        model = import_model(access, workspace, file)
    return model, model.id not in known
