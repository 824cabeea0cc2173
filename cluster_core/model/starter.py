"""What the starter model knows, for a training on the same two classes."""

from __future__ import annotations

import re

import numpy as np

from cluster_core.model.bundle import load_bundle
from cluster_core.model.examples import Examples, Prior
from cluster_core.model.head import Head
from cluster_core.model.shipped import ASSETS, STARTER, load_rehearsal

_FILLERS = re.compile(r"[^a-z]+|stars?|clusters?")


def find_prior(architecture: str, labels: tuple[str, ...]) -> Prior | None:
    """Return the starter's head and what it learned from, for labels that mean its classes.

    Parameters
    ----------
    architecture : str
        Name of the backbone that is trained on.
    labels : tuple of str
        The classes. They are the starter's whatever their case, and with or
        without the words star and cluster: `Open`, `globular_clusters`.

    Returns
    -------
    Prior or None
        None where backbone or classes are others than the starter's.

    Raises
    ------
    BackboneError, BundleError
        A file that ships with the program is missing or was altered.
    """
    starter = load_bundle(ASSETS / STARTER)
    ours = [_normalise(label) for label in starter.labels]
    theirs = [_normalise(label) for label in labels]
    if architecture != starter.backbone.name or sorted(ours) != sorted(theirs):
        return None
    order = [ours.index(label) for label in theirs]
    head = starter.head
    features, classes = load_rehearsal()
    place = np.argsort(order)  # where each of the starter's classes stands among the labels
    return Prior(
        Head(head.weights[:, order] / head.temperature, head.bias[order] / head.temperature),
        Examples(features[:, np.newaxis], place[classes], len(labels)),
    )


def _normalise(label: str) -> str:
    return _FILLERS.sub("", label.lower())
