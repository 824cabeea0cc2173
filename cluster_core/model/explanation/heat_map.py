"""Which parts of a picture speak for a class, and which against it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from cluster_core.errors import BackboneError
from cluster_core.model.backbones.litert import load_extractor
from cluster_core.model.bundle.bundle import ModelBundle
from cluster_core.model.explanation.feature_maps import load_map_extractor
from cluster_core.model.explanation.occlusion import measure_occlusion
from cluster_core.model.features.views import View
from cluster_core.model.head.head import Head
from cluster_core.model.prediction.predictor import obtain_backbone
from cluster_core.workspace import Workspace


@dataclass(frozen=True)
class HeatMap:
    """What each part of a picture contributes to the evidence for a class.

    Attributes
    ----------
    label : str
        The class.
    evidence : ndarray of float32, (height, width)
        Contribution of each cell of a grid over the picture, top row first: above 0 it speaks
        for the class, below 0 against it.
    constant : float
        What the class has without any picture; 0 unless `is_exact`.
    is_exact : bool
        Whether all contributions and the constant add up to the evidence, which is the class's
        logit minus the mean logit of the other classes. Otherwise a contribution is by how much
        the evidence falls when the cell is covered.
    """

    label: str
    evidence: np.ndarray
    constant: float
    is_exact: bool


def compute_heat_map(
    bundle: ModelBundle,
    seen: np.ndarray,
    label: str,
    workspace: Workspace,
    on_progress: Callable[[int, int], None] | None = None,
) -> HeatMap:
    """Divide the evidence for a class among the parts of a picture.

    The features of most networks are the mean over a map, and the head is linear: the map times
    the head's weights is then an exact decomposition of the evidence (class activation mapping
    [1]_), as coarse as the map. Maps of turned and mirrored views are turned back. For other
    networks, parts of the picture are covered one after the other [2]_.

    Parameters
    ----------
    bundle : ModelBundle
        The model.
    seen : ndarray of uint8, (size, size, 3)
        RGB, from `Preprocessing.shrink`.
    label : str
        One of the model's classes.
    workspace : Workspace
        Has the network.
    on_progress : callable, optional
        Called with the numbers of parts covered and in all, if parts are covered. An exception in
        it stops.

    Returns
    -------
    HeatMap

    Raises
    ------
    BackboneError
        If the network is not available, or LiteRT cannot run it.

    References
    ----------
    .. [1] Zhou, B. et al. 2016, "Learning deep features for discriminative localization", CVPR.
    .. [2] Zeiler, M. D., Fergus, R. 2014, "Visualizing and understanding convolutional networks",
       ECCV.
    """
    backbone = obtain_backbone(bundle, workspace)
    if not backbone.runs_on_litert:
        raise BackboneError(
            f"There is no heat map for a model with the network {backbone.name}, because it runs "
            "on TensorFlow on this computer: train with another network to get one.",
            name=backbone.name,
        )
    weights, constant = _contrast(bundle.head, bundle.labels.index(label))
    extractor = load_map_extractor(backbone)
    if extractor is None:
        evidence = measure_occlusion(load_extractor(backbone), seen, weights, on_progress)
        return HeatMap(label, evidence, 0.0, is_exact=False)
    maps = extractor.extract([view.apply(seen) for view in bundle.view_list])
    contributions = maps @ weights / maps[0, ..., 0].size
    return HeatMap(label, _turn_back(contributions, bundle.view_list), constant, is_exact=True)


def _contrast(head: Head, number: int) -> tuple[np.ndarray, float]:
    """Return weights, (n_features,), and constant of a class's logit minus the others' mean."""
    n_labels = len(head.bias)
    signs = np.full(n_labels, -1 / (n_labels - 1), np.float32)
    signs[number] = 1
    signs /= head.temperature
    return head.weights @ signs, float(head.bias @ signs)


def _turn_back(contributions: np.ndarray, views: Sequence[View]) -> np.ndarray:
    """Return the mean over the views of a picture, each turned back to the picture's orientation.

    Parameters
    ----------
    contributions : ndarray of float32, (n_views, height, width)
        Of a square grid, as the views are symmetries of the square.
    views : sequence of View

    Returns
    -------
    ndarray of float32, (height, width)
    """
    cells = np.arange(contributions[0].size).reshape(*contributions[0].shape, 1)
    total = np.zeros(cells.size, np.float32)
    for view, values in zip(views, contributions, strict=True):
        total[view.apply(cells).ravel()] += values.ravel()
    return total.reshape(contributions[0].shape) / len(views)
