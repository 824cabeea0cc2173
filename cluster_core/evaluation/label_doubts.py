"""Find pictures whose labels are contradicted by a head that never saw them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from cluster_core.data.groups import group_pictures, list_copies
from cluster_core.data.index import DatasetIndex, Picture
from cluster_core.errors import DatasetError
from cluster_core.evaluation.out_of_fold import (
    break_up_lone,
    compute_out_of_fold_scores,
    draw_folds,
)
from cluster_core.evaluation.picture_features import compute_mean_features
from cluster_core.model.bundle.bundle import ModelBundle
from cluster_core.workspace import Workspace


@dataclass(frozen=True)
class LabelDoubt:
    """A picture that scores higher in another class than in its own.

    Attributes
    ----------
    picture : Picture
        The picture, with its label.
    suggested : str
        The class with the highest score.
    score, own_score : float
        Scores of the suggested class and of the label, 0 to 1.
    """

    picture: Picture
    suggested: str
    score: float
    own_score: float

    @property
    def margin(self) -> float:
        """Normalised margin: score of the label minus the highest other one; below 0."""
        return self.own_score - self.score


def check_labels(
    index: DatasetIndex,
    bundle: ModelBundle,
    workspace: Workspace,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[LabelDoubt, ...]:
    """Score every picture of a dataset by 5-fold cross-validation, and return the doubtful labels.

    As in confident learning [1]_, a label is judged by scores of a model that did not learn from
    the picture, and doubts are ranked by their normalised margins. Copies and pictures of one
    object are in the same fold, unless a class has nothing else.

    Parameters
    ----------
    index : DatasetIndex
        The dataset.
    bundle : ModelBundle
        A model whose network, preprocessing and views are used; its head is not.
    workspace : Workspace
        Has the network, and the cache of its features.
    on_progress : callable, optional
        Called with the numbers of pictures done and in all. An exception in it stops the check;
        features computed so far stay in the cache.

    Returns
    -------
    tuple of LabelDoubt
        The strongest contradiction first.

    Raises
    ------
    DatasetError
        Fewer than two classes have pictures.
    BackboneError
        The network is not available.
    ImageError
        A picture can no longer be read.
    RunError
        The cache cannot be used, or the network computes numbers that are not finite.

    References
    ----------
    .. [1] Northcutt, C. G., Jiang, L., Chuang, I. L. 2021, "Confident learning: estimating
       uncertainty in dataset labels", J. Artif. Intell. Res. 70, 1373.
    """
    if sum(count > 0 for count in index.counts.values()) < 2:  # noqa: PLR2004
        raise DatasetError(
            "To check labels, at least two classes need pictures: add pictures of another class.",
            path=index.image_dir,
        )
    pictures = index.pictures
    features = compute_mean_features(pictures, bundle, workspace, on_progress)
    groups = np.array(group_pictures(pictures, list_copies(pictures)))
    labels, scores = score_out_of_fold(pictures, features, groups)
    return rank_doubts(pictures, scores, labels)


def score_out_of_fold(
    pictures: Sequence[Picture], features: np.ndarray, groups: np.ndarray
) -> tuple[tuple[str, ...], np.ndarray]:
    """Return the classes, and each picture's scores by a head that did not learn from its group.

    Parameters
    ----------
    pictures : sequence of Picture
        The n pictures, of at least two classes.
    features : ndarray of float32, (n, n_features)
        Finite features.
    groups : ndarray of int, (n,)
        From `group_pictures`.

    Returns
    -------
    labels : tuple of str
        The classes, in the order of the columns.
    scores : ndarray of float, (n, n_labels)
    """
    labels = tuple(sorted({picture.label for picture in pictures}))
    classes = np.array([labels.index(picture.label) for picture in pictures])
    folds = draw_folds(classes, break_up_lone(groups, classes), np.random.default_rng(0))
    return labels, compute_out_of_fold_scores(features, classes, folds, len(labels))


def rank_doubts(
    pictures: Sequence[Picture], scores: np.ndarray, labels: Sequence[str]
) -> tuple[LabelDoubt, ...]:
    """Return the pictures with a higher score in another class, the strongest contradiction first.

    Parameters
    ----------
    pictures : sequence of Picture
        The n pictures; their labels are in `labels`.
    scores : ndarray of float, (n, n_labels)
        Scores by heads that did not learn from the picture.
    labels : sequence of str
        The classes, in the order of the columns.
    """
    doubts = [
        LabelDoubt(picture, labels[best], float(row[best]), float(row[labels.index(picture.label)]))
        for picture, row, best in zip(pictures, scores, scores.argmax(axis=1), strict=True)
    ]
    return tuple(sorted((one for one in doubts if one.margin < 0), key=lambda one: one.margin))
