"""Select the model that answers."""

from __future__ import annotations

import json
from pathlib import Path

from cluster_core.errors import BundleError
from cluster_core.model.backbones.shipped import ASSETS, STARTER
from cluster_core.model.bundle.bundle import ModelBundle, list_bundle_folders, load_bundle
from cluster_core.workspace import Workspace, replacing

STARTER_ID = "starter"
_MAX_DEFAULT_BYTES = 10_000


def choose_bundle_folder(workspace: Workspace) -> Path:
    """Return the folder of the model that answers when none is named.

    This is the default model if one was chosen and still exists, otherwise the newest
    model of the workspace, otherwise the starter model.

    Raises
    ------
    BundleError
        If the folder of the models cannot be read.
    """
    folders = list_model_folders(workspace)
    chosen = _load_default(workspace)
    if chosen == STARTER_ID:
        return ASSETS / STARTER
    newest = folders[0] if folders else ASSETS / STARTER
    return next((folder for folder in folders if folder.name == chosen), newest)


def choose_bundle(folder: Path | None, workspace: Workspace) -> ModelBundle:
    """Load the model of a folder, or the one that answers when none is named.

    Parameters
    ----------
    folder : Path or None
        The model's folder; None for that of `choose_bundle_folder`.
    workspace : Workspace
        The workspace to choose from.

    Returns
    -------
    ModelBundle

    Raises
    ------
    BundleError
        If there is no model in the folder, or it is damaged.
    """
    return load_bundle(folder or choose_bundle_folder(workspace))


def list_model_folders(workspace: Workspace) -> tuple[Path, ...]:
    """Return the folders of the workspace's models, most recently written first.

    Raises
    ------
    BundleError
        If the folder of the models cannot be read.
    """
    folders = list_bundle_folders(workspace.bundles)
    return tuple(folder for folder in folders if folder.name != STARTER_ID)


def model_dir(workspace: Workspace, model_id: str) -> Path:
    """Return the folder of a model.

    Parameters
    ----------
    workspace : Workspace
        The workspace of the model.
    model_id : str
        Name of its folder, or `starter`. It may come from a visitor: it is only compared
        with existing names, never used as a path.

    Returns
    -------
    Path

    Raises
    ------
    BundleError
        If there is no such model, or the folder of the models cannot be read.
    """
    if model_id == STARTER_ID:
        return ASSETS / STARTER
    for folder in list_model_folders(workspace):
        if folder.name == model_id:
            return folder
    raise BundleError(
        f"There is no model {model_id[:100]!r}, perhaps it was deleted: choose another model.",
        path=workspace.bundles,
    )


def save_default(workspace: Workspace, model_id: str) -> None:
    """Save the id of the default model, which answers when no model is named.

    Raises
    ------
    BundleError
        If it cannot be saved.
    """
    try:
        with replacing(workspace.default_model) as draft:
            draft.write_text(json.dumps({"model": model_id}, ensure_ascii=False), "utf-8")
    except OSError as error:
        raise BundleError(
            f"The default model could not be saved in {workspace.default_model} "
            f"({error.strerror}): make sure that the disk has free space and that you may write "
            "to this file.",
            path=workspace.default_model,
        ) from error


def _load_default(workspace: Workspace) -> str | None:
    """Return the id of the default model; None if none was chosen or the file is malformed."""
    path = workspace.default_model
    try:
        if path.stat().st_size > _MAX_DEFAULT_BYTES:
            return None
        model_id = json.loads(path.read_text("utf-8")).get("model")
    except (OSError, ValueError, AttributeError, RecursionError):
        return None
    return model_id if isinstance(model_id, str) else None
