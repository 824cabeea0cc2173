"""A trained model, with everything that prediction needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cluster_core.model.backbones.preprocessing import Preprocessing
from cluster_core.model.features.views import PLAIN_VIEWS, SKY_VIEWS, View
from cluster_core.model.head.head import Head
from cluster_core.model.novelty import NoveltyDetector

DEFAULT_UNSURE_BELOW = 0.6
VIEWS: Mapping[str, tuple[View, ...]] = {"plain": PLAIN_VIEWS, "sky": SKY_VIEWS}


@dataclass(frozen=True)
class BackboneReference:
    """The network that a head was trained on.

    Attributes
    ----------
    name : str
        Name in the registry.
    weights_sha256 : str
        Hash of its weight arrays, as `ConvertedBackbone.weights_sha256`.
    """

    name: str
    weights_sha256: str


@dataclass(frozen=True)
class ModelBundle:
    """A trained model, with everything that prediction needs.

    Attributes
    ----------
    name : str
        Name of its folder.
    created : str
        Time of the training, ISO 8601, UTC.
    labels : tuple of str
        The classes, in the order of the head's columns.
    backbone : BackboneReference
        The network that computes the features.
    preprocessing : Preprocessing
        How pictures are resized for the backbone.
    views : {"plain", "sky"}
        Whether an answer is for the picture as it is, or the mean over its eight
        symmetries (turned and mirrored).
    head : Head
        Maps features to scores.
    metrics : mapping
        Results of the test after training.
    dataset : mapping
        Name, hash and counts of the dataset.
    settings : mapping
        Settings of the training.
    unsure_below : float
        An answer is "unsure" if its best score, rounded to two digits, is lower, 0 to 1.
    novelty : NoveltyDetector or None
        Measures whether a picture is none of the classes; None in models of version 0.1.
    """

    name: str
    created: str
    labels: tuple[str, ...]
    backbone: BackboneReference
    preprocessing: Preprocessing
    views: str
    head: Head
    metrics: Mapping[str, Any] = field(default_factory=dict)
    dataset: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    unsure_below: float = DEFAULT_UNSURE_BELOW
    novelty: NoveltyDetector | None = None

    @property
    def view_list(self) -> tuple[View, ...]:
        """The views whose scores are averaged."""
        return VIEWS[self.views]
