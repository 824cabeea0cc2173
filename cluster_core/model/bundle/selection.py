"""Which model answers when several could."""

from __future__ import annotations

import json
from pathlib import Path

from cluster_core.errors import BundleError
from cluster_core.model.backbones.shipped import ASSETS
from cluster_core.model.bundle.bundle import ModelBundle, list_bundle_folders, load_bundle
from cluster_core.model.bundle.starter import STARTER
from cluster_core.workspace import Workspace, replacing

STARTER_ID = "starter"
_MAX_DEFAULT_BYTES = 10_000


def choose_bundle_folder(workspace: Workspace) -> Path:
    """Return the folder of the default model if one was chosen and is there, else the newest.

    The starter model answers where the workspace has none.

    Raises
    ------
    BundleError
        The folder of the models cannot be read.
    """
    folders = list_own_folders(workspace)
    chosen = _load_default(workspace)
    if chosen == STARTER_ID:
        return ASSETS / STARTER
    newest = folders[0] if folders else ASSETS / STARTER
    return next((folder for folder in folders if folder.name == chosen), newest)


def choose_bundle(folder: Path | None, workspace: Workspace) -> ModelBundle:
    """Return the model of a folder; when none is named, the one of `choose_bundle_folder`.

    Raises
    ------
    BundleError
        There is no model there.
    """
    return load_bundle(folder or choose_bundle_folder(workspace))


def list_own_folders(workspace: Workspace) -> tuple[Path, ...]:
    """Return the folders of the workspace's models, the one written last first.

    Raises
    ------
    BundleError
        The folder of the models cannot be read.
    """
    folders = list_bundle_folders(workspace.bundles)
    return tuple(folder for folder in folders if folder.name != STARTER_ID)


def model_dir(workspace: Workspace, model_id: str) -> Path:
    """Return the folder of a model.

    Parameters
    ----------
    workspace : Workspace
    model_id : str
        Name of its folder, or `starter`. It may come from a visitor.

    Raises
    ------
    BundleError
        There is no such model.
    """
    if model_id == STARTER_ID:
        return ASSETS / STARTER
    for folder in list_own_folders(workspace):
        if folder.name == model_id:
            return folder
    raise BundleError(
        f"There is no model {model_id[:100]!r} here, perhaps it was deleted: choose another.",
        path=workspace.bundles,
    )


def save_default(workspace: Workspace, model_id: str) -> None:
    """Keep which model answers where none is named.

    Raises
    ------
    BundleError
        It cannot be written.
    """
    try:
        with replacing(workspace.default_model) as draft:
            draft.write_text(json.dumps({"model": model_id}, ensure_ascii=False), "utf-8")
    except OSError as error:
        raise BundleError(
            f"The choice could not be written to {workspace.default_model} ({error.strerror}): "
            "make sure that the disk has room and that you may write there.",
            path=workspace.default_model,
        ) from error


def _load_default(workspace: Workspace) -> str | None:
    """Return the id that was chosen; None if none was, or the file holds something else."""
    path = workspace.default_model
    try:
        if path.stat().st_size > _MAX_DEFAULT_BYTES:
            return None
        found = json.loads(path.read_text("utf-8")).get("model")
    except (OSError, ValueError, AttributeError, RecursionError):
        return None
    return found if isinstance(found, str) else None
