"""Prior knowledge from the starter model, for a training on the same two classes."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import numpy as np

from cluster_core.model.backbones.shipped import ASSETS, STARTER, check_shipped_file
from cluster_core.model.bundle.folder import load_bundle
from cluster_core.model.head.examples import Examples, Prior
from cluster_core.model.novelty import EvidencePrior, NoveltyPrior

REHEARSAL = "sky_rehearsal.npz"
NOVELTY = "sky_novelty.npz"
# Where the starter model keeps their hashes.
_HASHES = {REHEARSAL: "rehearsal_sha256", NOVELTY: "novelty_sha256"}
# Chosen where accuracy hardly depends on them: see docs/sky-backbone.md.
WEIGHT = 200
DECAY = 0.1
# Simulated globulars are easier to recognise than photographed ones; these odds compensate.
ODDS = {"globular clusters": 3.0, "open clusters": 1.0}

_FILLER_WORDS = re.compile(r"[^a-z]+|stars?|clusters?")


def load_rehearsal(assets: Path = ASSETS) -> tuple[np.ndarray, np.ndarray]:
    """Load features of simulated clusters that the starter model learned from.

    Parameters
    ----------
    assets : Path
        Folder of the shipped files.

    Returns
    -------
    features : ndarray of float32, (n_pictures, n_features)
    classes : ndarray of int, (n_pictures,)
        Index of each picture's label among the labels of the starter model.

    Raises
    ------
    BackboneError
        If the file is missing or was altered.
    BundleError
        If the starter model is missing or damaged.
    """
    features, classes = _load_arrays(assets, REHEARSAL, ("features", "labels"))
    return features.astype(np.float32), classes.astype(int)


def find_prior(architecture: str, labels: tuple[str, ...]) -> Prior | None:
    """Return the starter model's knowledge for a training on the same classes.

    Parameters
    ----------
    architecture : str
        Name of the backbone.
    labels : tuple of str
        The classes, in any order. They match those of the starter model in any case and
        with or without the words star and cluster: `Open`, `globular_clusters`.

    Returns
    -------
    Prior or None
        None if the backbone or the classes differ from those of the starter model.

    Raises
    ------
    BackboneError, BundleError
        If a file that ships with the program is missing or was altered.
    """
    starter = load_bundle(ASSETS / STARTER)
    known = [_normalise(label) for label in starter.labels]
    requested = [_normalise(label) for label in labels]
    if architecture != starter.backbone.name or sorted(known) != sorted(requested):
        return None
    features, classes = load_rehearsal()
    positions = np.array([requested.index(label) for label in known])
    rehearsal = Examples(features[:, np.newaxis], positions[classes], len(labels))
    odds = np.empty(len(labels))
    odds[positions] = [ODDS[label] for label in starter.labels]
    return Prior(rehearsal, WEIGHT, DECAY, odds)


def find_novelty_prior(architecture: str, labels: tuple[str, ...]) -> NoveltyPrior | None:
    """Return what is known of pictures that show no cluster, for a training on clusters.

    Parameters
    ----------
    architecture : str
        Name of the backbone.
    labels : tuple of str
        The classes, as for `find_prior`.

    Returns
    -------
    NoveltyPrior or None
        None if the backbone or the classes differ from those of the starter model.

    Raises
    ------
    BackboneError, BundleError
        If a file that ships with the program is missing or was altered.
    """
    prior = find_prior(architecture, labels)
    if prior is None:
        return None
    evidence = EvidencePrior(*_load_arrays(ASSETS, NOVELTY, ("log_odds", "precision")))
    clusters = prior.rehearsal
    return NoveltyPrior(evidence, clusters.features[:, 0], clusters.classes)


def _load_arrays(assets: Path, name: str, keys: tuple[str, ...]) -> tuple[np.ndarray, ...]:
    """Return arrays of a shipped file, whose hash is in the starter model."""
    sha256 = load_bundle(assets / STARTER).dataset[_HASHES[name]]
    check_shipped_file(assets / name, sha256)
    return _unpack(assets / name, sha256, keys)


@lru_cache(maxsize=2)
def _unpack(path: Path, sha256: str, keys: tuple[str, ...]) -> tuple[np.ndarray, ...]:
    """Unpack a file once for each content; a training asks for it several times."""
    with np.load(path, allow_pickle=False) as arrays:
        return tuple(arrays[key] for key in keys)


def _normalise(label: str) -> str:
    return _FILLER_WORDS.sub("", label.lower())
