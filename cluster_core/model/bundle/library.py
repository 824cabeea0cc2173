"""The models of a workspace as a list: name them, choose one, delete them."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

from cluster_core.access import Action, require
from cluster_core.errors import BundleError
from cluster_core.model.backbones.shipped import ASSETS
from cluster_core.model.bundle.bundle import load_bundle
from cluster_core.model.bundle.files import MANIFEST, read_manifest
from cluster_core.model.bundle.selection import (
    STARTER_ID,
    choose_bundle_folder,
    list_own_folders,
    model_dir,
    save_default,
)
from cluster_core.model.bundle.starter import STARTER
from cluster_core.model.bundle.summaries import (
    MAX_TITLE_LENGTH,
    ModelSummary,
    clean_title,
    describe_model,
)
from cluster_core.storage.trash import TrashEntry, move_to_trash
from cluster_core.workspace import Workspace, replacing


def list_models(workspace: Workspace) -> tuple[ModelSummary, ...]:
    """Return all models: the default one first, then the newest, the starter last.

    A damaged one is listed with its problem. Cheap: what was read of a model is
    kept as long as its files do not change.

    Raises
    ------
    BundleError
        The folder of the models cannot be read.
    """
    default = choose_bundle_folder(workspace)
    folders = (*list_own_folders(workspace), ASSETS / STARTER)
    entries = [replace(describe_model(folder), is_default=folder == default) for folder in folders]
    return tuple(sorted(entries, key=lambda entry: not entry.is_default))


def rename_model(workspace: Workspace, model_id: str, title: str) -> None:
    """Give a model another title; its folder, and so its id, stays.

    Raises
    ------
    BundleError
        There is no such model, it is damaged or the starter, or the title is empty,
        too long or not one line of text.
    AccessError
        This server does not allow it.
    """
    require(Action.EDIT_MODELS)
    folder = _find_own(workspace, model_id, "renamed")
    title = _check_title(title, folder)
    manifest = read_manifest(folder)
    path = folder / MANIFEST
    try:
        written = path.stat()
        with replacing(path) as draft:
            draft.write_text(
                json.dumps(manifest | {"title": title}, indent=2, ensure_ascii=False), "utf-8"
            )
            # The newest model is the one trained last, not the one renamed last.
            os.utime(draft, ns=(written.st_atime_ns, written.st_mtime_ns))
    except OSError as error:
        raise BundleError(
            f"The model {model_id} could not be renamed ({error.strerror}): make sure that the "
            "disk has room and that you may change the model's folder.",
            path=folder,
        ) from error


def set_default_model(workspace: Workspace, model_id: str) -> None:
    """Let a model answer where none is named.

    Raises
    ------
    BundleError
        There is no such model, or it is damaged.
    AccessError
        This server does not allow it.
    """
    require(Action.EDIT_MODELS)
    load_bundle(model_dir(workspace, model_id))
    save_default(workspace, model_id)


def delete_model(workspace: Workspace, model_id: str) -> TrashEntry:
    """Move a model to the trash, damaged or not.

    Raises
    ------
    BundleError
        There is no such model, or it is the starter.
    AccessError
        This server does not allow it.
    """
    require(Action.EDIT_MODELS)
    folder = _find_own(workspace, model_id, "deleted")
    title = describe_model(folder).title
    return move_to_trash(workspace, [folder], f"The model {title}", action=Action.EDIT_MODELS)


def _find_own(workspace: Workspace, model_id: str, what: str) -> Path:
    folder = model_dir(workspace, model_id)
    if model_id == STARTER_ID:
        raise BundleError(
            f"The starter model ships with the program and cannot be {what}: train a model of "
            "your own.",
            path=folder,
        )
    return folder


def _check_title(title: str, folder: Path) -> str:
    cleaned = clean_title(title)
    if not cleaned or len(cleaned) > MAX_TITLE_LENGTH or cleaned != " ".join(title.split()):
        raise BundleError(
            f"A model's name is one line of 1 to {MAX_TITLE_LENGTH} letters, digits and signs, "
            f"without hidden characters; yours has {len(title)}: choose another.",
            path=folder,
        )
    return cleaned
