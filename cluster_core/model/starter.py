"""What the starter model knows, for a training on the same two classes."""

from __future__ import annotations

import re

import numpy as np

from cluster_core.model.bundle import load_bundle
from cluster_core.model.examples import Examples, Prior
from cluster_core.model.shipped import ASSETS, STARTER, load_rehearsal

# Accuracies are flat around these three: docs/sky-backbone.md.
WEIGHT = 200
DECAY = 0.1
# Simulated globulars are a little plainer than photographed ones, which this makes up for.
ODDS = {"globular clusters": 3.0, "open clusters": 1.0}

_FILLERS = re.compile(r"[^a-z]+|stars?|clusters?")


def find_prior(architecture: str, labels: tuple[str, ...]) -> Prior | None:
    """Return what the starter model was judged by, for labels that mean its classes.

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
    features, classes = load_rehearsal()
    place = np.array([theirs.index(label) for label in ours])
    rehearsal = Examples(features[:, np.newaxis], place[classes], len(labels))
    odds = np.empty(len(labels))
    odds[place] = [ODDS[label] for label in starter.labels]
    return Prior(rehearsal, WEIGHT, DECAY, odds)


def _normalise(label: str) -> str:
    return _FILLERS.sub("", label.lower())
