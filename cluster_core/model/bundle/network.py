"""Tell whether this computer has the network of a model."""

from __future__ import annotations

from contextlib import suppress

from cluster_core.errors import BackboneError, BundleError
from cluster_core.model.backbones.availability import explain_missing_network, is_network_missing
from cluster_core.model.bundle.bundle import BackboneReference, ModelBundle
from cluster_core.workspace import Workspace


def lacks_network(reference: BackboneReference, workspace: Workspace) -> bool:
    """Return whether a model cannot be used because this computer lacks its network."""
    with suppress(BackboneError):  # a shipped file was altered, which its use reports
        return is_network_missing(reference.name, reference.weights_sha256, workspace)
    return False


def require_network(bundle: ModelBundle, workspace: Workspace) -> None:
    """Check that this computer has the network of a model.

    Raises
    ------
    BundleError
        If it does not; the message says how to get it.
    """
    if lacks_network(bundle.backbone, workspace):
        sentence = explain_missing_network(
            bundle.backbone.name, bundle.backbone.weights_sha256, workspace
        )
        raise BundleError(
            f"The model {bundle.name} cannot be used yet. {sentence}",
            path=workspace.bundles / bundle.name,
        )
