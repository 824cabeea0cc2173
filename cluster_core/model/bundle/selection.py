"""Select the model that answers."""

from __future__ import annotations

import json
import logging
from pathlib import Path

from cluster_core.errors import BundleError
from cluster_core.model.backbones.shipped import ASSETS, STARTER
from cluster_core.model.bundle.bundle import ModelBundle
from cluster_core.model.bundle.folder import list_bundle_folders, load_bundle
from cluster_core.model.bundle.network import require_network
from cluster_core.storage.drafts import replacing
from cluster_core.storage.saved_values import make_printable
from cluster_core.workspace import Workspace

STARTER_ID = "starter"
_MAX_DEFAULT_BYTES = 10_000
_logger = logging.getLogger(__name__)


def choose_bundle(folder: Path | None, workspace: Workspace) -> ModelBundle:
    """Load the model of a folder, or the one that answers when none is named.

    Parameters
    ----------
    folder : Path or None
        The model's folder; None for the first usable one of `list_candidates`. A warning is
        logged for each model before it.
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
    if folder:
        return load_bundle(folder)
    problems = []
    *others, last = list_candidates(workspace)
    for candidate in others:
        try:
            bundle = load_bundle(candidate)
            require_network(bundle, workspace)
        except BundleError as error:
            problems.append(error)
        else:
            break
    else:
        bundle = load_bundle(last)
    for problem in problems:
        _logger.warning("%s The model %s is used instead.", problem, bundle.name)
    return bundle


def list_candidates(workspace: Workspace) -> tuple[Path, ...]:
    """Return the folders of all models, in the order in which they answer when none is named.

    The default model comes first if one was chosen and still exists, then the models of the
    workspace, newest first, then the starter model. The first one that is usable answers.

    Raises
    ------
    BundleError
        If the folder of the models cannot be read.
    """
    folders = {get_model_id(folder): folder for folder in list_model_folders(workspace)}
    folders[STARTER_ID] = ASSETS / STARTER
    chosen = load_default(workspace)
    return tuple(sorted(folders.values(), key=lambda folder: folder != folders.get(chosen)))


def list_model_folders(workspace: Workspace) -> tuple[Path, ...]:
    """Return the folders of the workspace's models, most recently written first.

    Raises
    ------
    BundleError
        If the folder of the models cannot be read.
    """
    folders = list_bundle_folders(workspace.bundles)
    return tuple(folder for folder in folders if folder.name != STARTER_ID)


def get_model_id(folder: Path) -> str:
    """Return the id of a model: the name of its folder, in a form that a browser can show."""
    return make_printable(folder.name)


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
        if get_model_id(folder) == model_id:
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


def load_default(workspace: Workspace) -> str:
    """Return the id of the default model; empty if none was chosen or the file is damaged."""
    path = workspace.default_model
    try:
        if path.stat().st_size > _MAX_DEFAULT_BYTES:
            return ""
        model_id = json.loads(path.read_text("utf-8")).get("model")
    except (OSError, ValueError, AttributeError, RecursionError):
        return ""
    return model_id if isinstance(model_id, str) else ""
