"""The starter model as what a training on the same two classes begins with."""

from __future__ import annotations

import re

from cluster_core.model.bundle import load_bundle
from cluster_core.model.head import Head
from cluster_core.model.shipped import ASSETS, STARTER

_FILLERS = re.compile(r"[^a-z]+|stars?|clusters?")


def find_prior(architecture: str, labels: tuple[str, ...]) -> Head | None:
    """Return the starter's head with its columns in the order of some labels.

    Parameters
    ----------
    architecture : str
        Name of the backbone that is trained on.
    labels : tuple of str
        The classes. They are the starter's whatever their case, and with or
        without the words star and cluster: `Open`, `globular_clusters`.

    Returns
    -------
    Head or None
        None where backbone or classes are others than the starter's.
    """
    starter = load_bundle(ASSETS / STARTER)
    ours = [_normalise(label) for label in starter.labels]
    theirs = [_normalise(label) for label in labels]
    if architecture != starter.backbone.name or sorted(ours) != sorted(theirs):
        return None
    order = [ours.index(label) for label in theirs]
    head = starter.head
    return Head(head.weights[:, order] / head.temperature, head.bias[order] / head.temperature)


def _normalise(label: str) -> str:
    return _FILLERS.sub("", label.lower())
