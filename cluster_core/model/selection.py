"""Which model answers when several could."""

from __future__ import annotations

from pathlib import Path

from cluster_core.model.bundle import ModelBundle, find_newest_bundle, load_bundle
from cluster_core.model.shipped import ASSETS, STARTER
from cluster_core.workspace import Workspace


def choose_bundle_folder(workspace: Workspace) -> Path:
    """Return the folder of the newest model of the workspace, else of the starter model."""
    return find_newest_bundle(workspace.bundles) or ASSETS / STARTER


def choose_bundle(folder: Path | None, workspace: Workspace) -> ModelBundle:
    """Return the model of a folder; when none is named, the newest, else the starter model.

    Raises
    ------
    BundleError
        There is no model there.
    """
    return load_bundle(folder or choose_bundle_folder(workspace))
