"""What is known about a model after its training: a cross-validation, and scores of its test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cluster_core.data.index import Picture
from cluster_core.errors import ClusterError
from cluster_core.evaluation.cross_validation import (
    CrossValidation,
    PictureSample,
    cross_validate_sample,
    draw_sample,
)
from cluster_core.evaluation.scored_pictures import ScoredPictures, name_pictures
from cluster_core.evaluation.scores import count_independent_pictures
from cluster_core.model.head.head import Head
from cluster_core.storage.saved_values import check_text


@dataclass(frozen=True, repr=False)
class ModelEvaluation:
    """The evaluation of a model.

    Attributes
    ----------
    cross_validation : CrossValidation or None
        On all pictures of the dataset; None if it was not possible.
    problem : str
        Why it was not possible, in a sentence; else empty.
    test : ScoredPictures or None
        The test pictures, with all their scores by the model; None if they were not kept.
    """

    cross_validation: CrossValidation | None
    problem: str = ""
    test: ScoredPictures | None = None

    def to_record(self) -> dict[str, Any]:
        """Return a record for JSON."""
        validated = self.cross_validation
        return {
            "cross_validation": None if validated is None else validated.to_record(),
            "problem": self.problem,
            "test": None if self.test is None else self.test.to_record(),
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> ModelEvaluation:
        """Return the evaluation of a record, which may be damaged.

        Raises
        ------
        One of MALFORMED_ERRORS
            It is.
        """
        validated, test = record["cross_validation"], record["test"]
        return cls(
            None if validated is None else CrossValidation.from_record(validated),
            check_text(record["problem"]),
            None if test is None else ScoredPictures.from_record(test),
        )


@dataclass(frozen=True)
class SideFeatures:
    """The pictures on one side of a split.

    Attributes
    ----------
    pictures : sequence of Picture
    features : ndarray of float32, (n_pictures, n_views, n_features)
        Of pictures that were learned from, the mean of the views is enough.
    """

    pictures: Sequence[Picture]
    features: np.ndarray


def average_sample(sides: Sequence[SideFeatures]) -> PictureSample:
    """Return those pictures of all sides that take part in a cross-validation.

    Parameters
    ----------
    sides : sequence of SideFeatures
        At least one.
    """
    pictures = [picture for side in sides for picture in side.pictures]
    order = np.array(draw_sample(pictures), int)
    means = np.empty((len(order), sides[0].features.shape[2]), np.float32)
    first = 0
    for side in sides:
        is_here = (order >= first) & (order < first + len(side.pictures))
        for place in np.flatnonzero(is_here):  # at once, the views would be in memory twice
            side.features[order[place] - first].mean(axis=0, out=means[place])
        first += len(side.pictures)
    return PictureSample([pictures[number] for number in order], means, len(pictures))


def evaluate_training(
    sample: PictureSample, tested: SideFeatures | None, labels: tuple[str, ...], head: Head
) -> ModelEvaluation:
    """Cross-validate the pictures of a training, and score its test pictures.

    Parameters
    ----------
    sample : PictureSample
        From `average_sample` of the training, validation and test pictures.
    tested : SideFeatures or None
        The test pictures, if there are any.
    labels : tuple of str
        The classes.
    head : Head
        The head that was trained.

    Returns
    -------
    ModelEvaluation
        A cross-validation that is not possible becomes its `problem`.
    """
    test = None
    if tested:
        n_independent = count_independent_pictures(tested.pictures)
        test = replace(score_features(head, tested, labels), n_independent=n_independent)
    try:
        return ModelEvaluation(cross_validate_sample(sample, labels), test=test)
    except ClusterError as error:
        return ModelEvaluation(None, str(error), test)


def score_features(head: Head, side: SideFeatures, labels: tuple[str, ...]) -> ScoredPictures:
    """Return the scores of pictures whose labels are all in `labels`."""
    paths, sha256s = name_pictures(side.pictures)
    return ScoredPictures(
        labels,
        paths,
        sha256s,
        np.array([labels.index(picture.label) for picture in side.pictures], int),
        head.compute_scores(side.features),
        replace(head, temperature=1.0).compute_scores(side.features),
    )
