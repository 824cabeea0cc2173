"""How much more novel pictures are to a detector that does not know them, without fitting again."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cluster_core.model.novelty.distance import ClassShapes, scale_to_length_1
from cluster_core.model.novelty.evidence import EvidenceFit

_TINY = 1e-12


def compute_odds_growth(fit: EvidenceFit, groups: np.ndarray) -> np.ndarray:
    """Return by how much the log odds of pictures grow if their groups are left out of the fit.

    Approximate leave-one-out [1]_: one step of Newton's method from the fit to all pictures.

    Parameters
    ----------
    fit : EvidenceFit
    groups : ndarray of int, (n_pictures,)
        The group of each picture of the classes.

    Returns
    -------
    ndarray of float64, (n_pictures,)
        Mean over the views.

    References
    ----------
    .. [1] Rad, K. R., Maleki, A. 2020, "A scalable estimate of the out-of-sample prediction error
       via approximate leave-one-out cross-validation", J. R. Stat. Soc. B 82, 965.
    """
    growth = np.zeros(len(groups))
    n_views = len(fit.rows) // len(groups)
    projected = np.linalg.solve(fit.curvature, fit.rows.T).T
    for members in _iterate_groups(groups):
        views = (members[:, np.newaxis] * n_views + np.arange(n_views)).ravel()
        leverage = projected[views] @ fit.rows[views].T
        left = np.eye(len(views)) - leverage * fit.curvatures[views]
        change = np.linalg.solve(left, leverage @ fit.slopes[views])
        growth[members] = change.reshape(len(members), n_views).mean(axis=1)
    return growth


def compute_distance_growth(
    shapes: ClassShapes,
    features: np.ndarray,
    classes: np.ndarray,
    weights: np.ndarray,
    groups: np.ndarray,
) -> np.ndarray:
    """Return by how much the log squared distance of pictures grows if their groups are left out.

    The means and the covariance without a group follow from those with it [1]_.

    Parameters
    ----------
    shapes : ClassShapes
        With all axes, fitted to all n pictures.
    features, classes, weights : ndarray
        As for `fit_shapes`: (n, n_features), (n,) and (n,).
    groups : ndarray of int, (n_known,)
        The groups of the first pictures; those without one are never left out.

    Returns
    -------
    ndarray of float64, (n_known,)

    References
    ----------
    .. [1] Sherman, J., Morrison, W. J. 1950, "Adjustment of an inverse matrix corresponding to a
       change in one element of a given matrix", Ann. Math. Stat. 21, 124.
    """
    labels, positions = np.unique(classes, return_inverse=True)
    weights = weights / weights.mean()
    totals = np.bincount(positions, weights)
    points = shapes.whiten(scale_to_length_1(features[: len(groups)].astype(float)))
    means = shapes.whiten(shapes.means.astype(float))
    scale = len(classes) * shapes.unit
    growth = np.zeros(len(groups))
    for members in _iterate_groups(groups):
        its_points, its_class = points[members], positions[members]
        roots = np.sqrt(weights[members])
        deviations = (its_points - means[its_class]) * roots[:, np.newaxis]
        is_of = its_class == np.arange(len(labels))[:, np.newaxis]
        rest = totals - is_of @ roots**2
        is_left = rest > _TINY * totals
        if not is_left.any():
            continue
        shares = np.where(is_left, 1 / np.where(is_left, rest, 1), 0)
        moved = means - (is_of * roots) @ deviations * shares[:, np.newaxis]
        kernel = np.eye(len(members)) + ((is_of.T * shares) @ is_of) * np.outer(roots, roots)
        to_means = its_points[:, np.newaxis] - moved[is_left]
        plain = np.square(its_points[:, np.newaxis] - means).sum(axis=2).min(axis=1)
        products = to_means @ deviations.T
        left = scale * np.linalg.inv(kernel) - deviations @ deviations.T
        squared = np.square(to_means).sum(axis=2)
        squared += np.einsum("pcm,mn,pcn->pc", products, np.linalg.inv(left), products)
        nearest = np.maximum(squared.min(axis=1), _TINY)
        growth[members] = np.log(nearest / np.maximum(plain, _TINY))
    return growth


def _iterate_groups(groups: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the indices of the members of each group."""
    order = np.argsort(groups, kind="stable")
    yield from np.split(order, np.flatnonzero(np.diff(groups[order])) + 1)
