"""What the starter model knows, for a training on the same two classes."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from cluster_core.model.backbones.shipped import ASSETS, check_shipped_file
from cluster_core.model.bundle.bundle import load_bundle
from cluster_core.model.head.examples import Examples, Prior

STARTER = "starter"
REHEARSAL = "sky_rehearsal.npz"
# Accuracies are flat around these three: docs/sky-backbone.md.
WEIGHT = 200
DECAY = 0.1
# Simulated globulars are a little plainer than photographed ones, which this makes up for.
ODDS = {"globular clusters": 3.0, "open clusters": 1.0}

_FILLERS = re.compile(r"[^a-z]+|stars?|clusters?")


def load_rehearsal(assets: Path = ASSETS) -> tuple[np.ndarray, np.ndarray]:
    """Return what the starter model has learned from, as features of simulated clusters.

    Returns
    -------
    features : ndarray of float32, (n_pictures, n_features)
    classes : ndarray of int, (n_pictures,)
        Index of each picture's label among the starter's.

    Raises
    ------
    BackboneError, BundleError
        The file is missing or was altered.
    """
    path = assets / REHEARSAL
    check_shipped_file(path, load_bundle(assets / STARTER).dataset["rehearsal_sha256"])
    with np.load(path, allow_pickle=False) as arrays:
        return arrays["features"].astype(np.float32), arrays["labels"].astype(int)


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
