"""Delete for good what is in the trash, with the imported networks that no model needs any more."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from pathlib import Path

from cluster_core.access import Access, Action
from cluster_core.model.bundle.untrusted_files import MANIFEST, MAX_MANIFEST_BYTES
from cluster_core.storage.saved_values import MALFORMED_ERRORS
from cluster_core.storage.trash import empty_trash
from cluster_core.storage.trash_records import CONTENT
from cluster_core.workspace import Workspace

_NETWORK_FILE = re.compile(r"(?P<network>.+-[0-9a-f]{12})\.(json|tflite)")


def discard_trash(access: Access, workspace: Workspace, unreadable: Collection[str] = ()) -> int:
    """Empty the trash, and delete the imported networks that only deleted models used.

    Until then, a model in the trash keeps its network, so that it answers again once restored.

    Parameters
    ----------
    access : Access
    workspace, unreadable
        As for `empty_trash`.

    Returns
    -------
    int
        Number of files deleted from the trash.

    Raises
    ------
    DatasetError
        Something cannot be deleted.
    AccessError
        This server does not allow it for every entry; nothing was deleted.
    """
    n_files = empty_trash(access, workspace, unreadable)
    if access.allows(Action.EDIT_MODELS):
        _remove_unused_networks(workspace)
    return n_files


def _remove_unused_networks(workspace: Workspace) -> None:
    """Delete imported networks of no model, neither a present one nor one in the trash."""
    try:
        used = {_name_network(manifest) for manifest in _list_manifests(workspace)}
        # The record goes first: a network without one is not there.
        for path in sorted(workspace.imported_backbones.glob("*.*")):
            name = _NETWORK_FILE.fullmatch(path.name)
            if name and name["network"] not in used:
                path.unlink(missing_ok=True)
    except (OSError, *MALFORMED_ERRORS):
        return  # a model that cannot be read may need any of them


def _list_manifests(workspace: Workspace) -> list[Path]:
    """Return the manifests of all models, with those being imported or in the trash."""
    bundles = workspace.bundles.relative_to(workspace.root)
    pattern = f"*/{MANIFEST}"
    found = list(workspace.bundles.glob(pattern))
    for entry in workspace.trash.glob("*"):
        found += (entry / CONTENT / bundles).glob(pattern)
    # Again, for a model that was restored meanwhile; one that was deleted is missed when read.
    return [*found, *workspace.bundles.glob(pattern)]


def _name_network(manifest: Path) -> str:
    """Return the name, without its ending, of the files of the network that a model needs."""
    if manifest.stat().st_size > MAX_MANIFEST_BYTES:
        raise ValueError("too large")
    backbone = json.loads(manifest.read_text("utf-8"))["backbone"]
    return f"{backbone['name']}-{str(backbone['weights_sha256'])[:12]}"
