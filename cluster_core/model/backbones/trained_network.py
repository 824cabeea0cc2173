"""Load the Keras form of the network that a model was trained with. Loads TensorFlow."""

from __future__ import annotations

import keras

from cluster_core.errors import BackboneError
from cluster_core.model.backbones.keras import hash_weights, load_backbone, obtain_weights
from cluster_core.model.backbones.registry import get_backbone
from cluster_core.workspace import Workspace


def load_trained_network(name: str, weights_sha256: str, workspace: Workspace) -> keras.Model:
    """Return a network with exactly these weights; download them if they are missing.

    Parameters
    ----------
    name : str
        Name in the registry.
    weights_sha256 : str
        Hash of the weight arrays, as `ConvertedBackbone.weights_sha256`.
    workspace : Workspace
        The workspace of weights files.

    Returns
    -------
    keras.Model
        As `load_backbone`.

    Raises
    ------
    BackboneError
        If the weights cannot be had, or are others.
    """
    spec = get_backbone(name)
    model = load_backbone(spec, obtain_weights(spec, workspace.models))
    if hash_weights(model) != weights_sha256:
        raise BackboneError(
            f"The weights of {name} on this computer are not those that the model was trained "
            f"with: put the file with the right ones into {workspace.models}, or choose the "
            "take-away format, which does not need it.",
            name=name,
        )
    return model
