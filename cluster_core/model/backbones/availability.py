"""Find out whether this computer has the network that a model was trained with."""

from __future__ import annotations

import re

from cluster_core.model.backbones.converted import (
    ConvertedBackbone,
    find_converted,
    find_converted_from,
)
from cluster_core.model.backbones.registry import BackboneSpec, get_backbone
from cluster_core.model.backbones.shipped import load_shipped_record
from cluster_core.model.backbones.weights import find_weights, list_weights_files
from cluster_core.workspace import Workspace

_HASH = re.compile(r"[0-9a-f]{64}")


def find_network(
    spec: BackboneSpec, weights_sha256: str, workspace: Workspace
) -> ConvertedBackbone | None:
    """Return a network with exactly these weights that is ready to run, or None.

    One that ships with the program comes first, then one that was converted here, then one
    that came with a model from elsewhere. Trainings never use the last kind.

    Parameters
    ----------
    spec : BackboneSpec
        The network.
    weights_sha256 : str
        Hash of its weight arrays, as `ConvertedBackbone.weights_sha256`.
    workspace : Workspace
        The workspace with the converted and the imported networks.

    Raises
    ------
    BackboneError
        If a file that ships with the program is missing or was altered.
    """
    if spec.ships and (shipped := load_shipped_record(spec)).weights_sha256 == weights_sha256:
        return shipped
    for folder in (workspace.backbones, workspace.imported_backbones):
        found = find_converted(spec, folder, weights_sha256=weights_sha256)
        if found is not None:
            return found
    return None


def is_network_missing(name: str, weights_sha256: str, workspace: Workspace) -> bool:
    """Return whether a model cannot be used because this computer lacks its network.

    Weights that were not converted yet may be the right ones, so they count.

    Parameters
    ----------
    name : str
        Name of the network in the registry.
    weights_sha256 : str
        Hash of its weight arrays.
    workspace : Workspace
        The workspace with networks and weights.

    Raises
    ------
    BackboneError
        If there is no network of that name, or a file that ships with the program was altered.
    """
    spec = get_backbone(name)
    if find_network(spec, weights_sha256, workspace) is not None:
        return False
    if spec.ships:
        return True
    if not spec.weights_file:  # the network of the tests, which is built rather than downloaded
        return find_converted(spec, workspace.backbones) is not None
    weights = find_weights(spec, workspace.models)
    if weights is None:
        return True
    return find_converted_from(spec, weights, workspace.backbones) is not None


def needs_download(spec: BackboneSpec, workspace: Workspace) -> bool:
    """Return whether a training would have to download the weights of a network first."""
    return (
        bool(spec.weights_file)
        and find_weights(spec, workspace.models) is None
        and find_converted(spec, workspace.backbones) is None
    )


def has_imported_network(spec: BackboneSpec, workspace: Workspace) -> bool:
    """Return whether a network came with a model; it answers, but a training cannot use it."""
    return find_converted(spec, workspace.imported_backbones) is not None


def explain_missing_network(name: str, weights_sha256: str, workspace: Workspace) -> str:
    """Return one or two sentences on the network that a model lacks, and how to get it.

    Parameters
    ----------
    name : str
        Name of the network in the registry.
    weights_sha256 : str
        Hash of its weight arrays.
    workspace : Workspace
        The workspace that lacks it.
    """
    spec = get_backbone(name)
    is_hash = _HASH.fullmatch(weights_sha256)
    which = f"{name} with the weights {weights_sha256[:12]}" if is_hash else name
    if not spec.weights_file:
        return (
            f"It needs the network {which}, and this version of the program has other weights: "
            "add the .zip file of the model together with its network, or train the model again."
        )
    file_names = " or ".join(list_weights_files(spec))
    if find_weights(spec, workspace.models) is not None:
        return (
            f"It needs the network {which}, and this computer has other weights: upload the file "
            f"that it was trained with ({file_names}), or add the .zip file of the model together "
            "with its network."
        )
    return (
        f"It needs the network {which}, which this computer does not have: download it "
        f"({spec.download_mb:.0f} MB), upload the file of its weights ({file_names}), or add the "
        ".zip file of the model together with its network."
    )
