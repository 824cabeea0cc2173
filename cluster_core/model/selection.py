"""Which model answers when several could."""

from __future__ import annotations

from pathlib import Path

from cluster_core.errors import BundleError
from cluster_core.model.bundle import ModelBundle, find_newest_bundle, load_bundle
from cluster_core.workspace import Workspace


def choose_bundle(folder: Path | None, workspace: Workspace) -> ModelBundle:
    """Return the model of a folder, or the newest of the workspace when none is named.

    Raises
    ------
    BundleError
        There is no model there.
    """
    chosen = folder or find_newest_bundle(workspace.bundles)
    if chosen is None:
        raise BundleError(
            f"There is no model in {workspace.root} yet: train one with "
            "python -m cluster_core.retrain --image_dir=FOLDER, or name one with --graph.",
            path=workspace.bundles,
        )
    return load_bundle(chosen)
