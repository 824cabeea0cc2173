"""List the models of a workspace, rename and delete them, and choose the default."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from cluster_core.access import Access, Action
from cluster_core.errors import BundleError, ConfigError, DatasetError
from cluster_core.model.bundle.accuracy import CROSS_VALIDATION, Accuracy
from cluster_core.model.bundle.bundle import BackboneReference
from cluster_core.model.bundle.folder import check_unsure_below, load_bundle
from cluster_core.model.bundle.manifest_hash import UNENCODABLE, format_manifest
from cluster_core.model.bundle.network import lacks_network, require_network
from cluster_core.model.bundle.selection import (
    STARTER_ID,
    get_model_id,
    list_candidates,
    model_dir,
    save_default,
)
from cluster_core.model.bundle.summaries import (
    MAX_TITLE_LENGTH,
    ModelSummary,
    clean_title,
    describe_model,
)
from cluster_core.model.bundle.untrusted_files import MANIFEST, read_manifest
from cluster_core.storage.drafts import replacing
from cluster_core.storage.saved_values import MALFORMED_ERRORS
from cluster_core.storage.trash import TrashEntry, list_trash, move_to_trash
from cluster_core.storage.trash_records import CONTENT
from cluster_core.workspace import Workspace


def list_models(workspace: Workspace) -> tuple[ModelSummary, ...]:
    """Return all models: the default first, then newest to oldest, the starter model last.

    A model that is damaged or lacks its network is listed as such, and is not the default even
    if it was chosen. Repeated calls are cheap: a summary is cached until the files of the model
    change.

    Raises
    ------
    BundleError
        If the folder of the models cannot be read.
    """
    models = _mark_missing_networks(
        [describe_model(folder) for folder in list_candidates(workspace)], workspace
    )
    default = next((model for model in models if model.is_usable), models[-1])
    others = [model for model in models if model is not default]
    return replace(default, is_default=True), *others


def _mark_missing_networks(models: list[ModelSummary], workspace: Workspace) -> list[ModelSummary]:
    networks = [
        None if model.problem else BackboneReference(model.architecture, model.weights_sha256)
        for model in models
    ]
    missing = {
        network for network in set(networks) if network and lacks_network(network, workspace)
    }
    return [
        replace(model, lacks_network=network in missing)
        for model, network in zip(models, networks, strict=True)
    ]


def rename_model(access: Access, workspace: Workspace, model_id: str, title: str) -> None:
    """Change the title of a model; its folder and id stay the same.

    Parameters
    ----------
    access : Access
    workspace : Workspace
        The workspace of the model.
    model_id : str
        Name of its folder.
    title : str
        One line of 1 to 80 visible characters.

    Raises
    ------
    BundleError
        If there is no such model, it is damaged or the starter model, the title is not
        allowed, or the disk cannot be written to.
    AccessError
        If this server does not allow changes to models.
    """
    access.require(Action.EDIT_MODELS, workspace.root)
    folder = _find_editable(workspace, model_id, "renamed")
    _change_manifest(folder, "title", _check_title(title, folder))


def set_unsure_below(access: Access, workspace: Workspace, model_id: str, value: float) -> None:
    """Set the score below which the answers of a model are unsure.

    Parameters
    ----------
    access : Access
    workspace : Workspace
        The workspace of the model.
    model_id : str
        Name of its folder.
    value : float
        0 to 1. Scores are rounded to two digits before they are compared with it.

    Raises
    ------
    ConfigError
        If the value is not a number from 0 to 1.
    BundleError
        If there is no such model, it is damaged or the starter model, or the disk cannot be
        written to.
    AccessError
        If this server does not allow changes to models.
    """
    access.require(Action.EDIT_MODELS, workspace.root)
    folder = _find_editable(workspace, model_id, "changed")
    try:
        score = check_unsure_below(value)
    except MALFORMED_ERRORS as error:
        raise ConfigError(
            f"The score below which answers are unsure must be a number from 0 to 1, not {value}.",
            field="unsure_below",
            received=value,
            allowed="0 to 1",
        ) from error
    _change_manifest(folder, "unsure_below", score)


def record_cross_validation(folder: Path, accuracy: Accuracy) -> None:
    """Write what a cross-validation measured into the manifest of the model in a folder.

    Raises
    ------
    BundleError
        If there is no such model, or the disk cannot be written to.
    """
    metrics = read_manifest(folder).get("metrics")
    known = metrics if isinstance(metrics, dict) else {}
    _change_manifest(folder, "metrics", known | {CROSS_VALIDATION: accuracy.to_record()})


def _change_manifest(folder: Path, key: str, value: object) -> None:
    """Set one value in the manifest of a model; raise BundleError if that is not possible."""
    manifest = read_manifest(folder)
    path = folder / MANIFEST
    try:
        written = path.stat()
        with replacing(path) as draft:
            text = format_manifest(manifest | {key: value}, path.read_bytes())
            draft.write_text(text, "utf-8", UNENCODABLE)
            # The newest model is the one trained last, so a change must not alter the time.
            os.utime(draft, ns=(written.st_atime_ns, written.st_mtime_ns))
    except OSError as error:
        raise BundleError(
            f"The model {get_model_id(folder)} could not be changed ({error.strerror}): make sure "
            "that the disk has free space and that you may write to the model's folder.",
            path=folder,
        ) from error


def set_default_model(access: Access, workspace: Workspace, model_id: str) -> None:
    """Make a model the default, which answers when no model is named.

    Raises
    ------
    BundleError
        If there is no such model, it is damaged or lacks its network, or the choice cannot
        be saved.
    AccessError
        If this server does not allow changes to models.
    """
    access.require(Action.EDIT_MODELS, workspace.root)
    require_network(load_bundle(model_dir(workspace, model_id)), workspace)
    save_default(workspace, model_id)


def delete_model(access: Access, workspace: Workspace, model_id: str) -> TrashEntry:
    """Move a model to the trash, even a damaged one.

    Returns
    -------
    TrashEntry
        For restoring the model.

    Raises
    ------
    BundleError
        If there is no such model, or it is the starter model.
    AccessError
        If this server does not allow changes to models.
    """
    access.require(Action.EDIT_MODELS, workspace.root)
    folder = _find_editable(workspace, model_id, "deleted")
    title = describe_model(folder).title
    return move_to_trash(
        access, workspace, [folder], f"The model {title}", action=Action.EDIT_MODELS
    )


def find_deleted_model(workspace: Workspace, model_id: str) -> TrashEntry | None:
    """Return the newest entry of the trash that has a model; None if there is none."""
    bundles = workspace.bundles.relative_to(workspace.root)
    try:
        entries = list_trash(workspace)
    except DatasetError:
        return None
    for entry in entries:
        found = (workspace.trash / entry.id / CONTENT / bundles).glob("*")
        if entry.problem is None and any(get_model_id(folder) == model_id for folder in found):
            return entry
    return None


def _find_editable(workspace: Workspace, model_id: str, change: str) -> Path:
    folder = model_dir(workspace, model_id)
    if model_id == STARTER_ID:
        raise BundleError(
            f"The starter model ships with the program and cannot be {change}: train your own "
            "model.",
            path=folder,
        )
    return folder


def _check_title(title: str, folder: Path) -> str:
    cleaned = clean_title(title)
    if not cleaned or len(cleaned) > MAX_TITLE_LENGTH or cleaned != " ".join(title.split()):
        raise BundleError(
            f"A model's name is one line of 1 to {MAX_TITLE_LENGTH} visible characters, but this "
            f"one has {len(title)}, counting invisible ones: choose another name.",
            path=folder,
        )
    return cleaned
