"""The answer for one picture, and the verdict on it: a label, unsure, or none of these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from cluster_core.model.bundle.bundle import DEFAULT_UNSURE_BELOW, ModelBundle


class Verdict(StrEnum):
    """The kinds of answers; the values of the last two are shown to users."""

    LABEL = "label"
    UNSURE = "unsure"
    NONE_OF_THESE = "none of these"


@dataclass(frozen=True)
class Limits:
    """The limits of a model, which turn scores and novelty into a verdict.

    Attributes
    ----------
    unsure_below : float
        An answer is unsure if its best score, rounded to two digits, is lower, 0 to 1.
    novel_above : float or None
        A picture of a higher novelty is none of the classes, 0 to 1; None if the model does not
        measure novelty.
    """

    unsure_below: float = DEFAULT_UNSURE_BELOW
    novel_above: float | None = None

    @classmethod
    def of(cls, bundle: ModelBundle) -> Limits:
        """Return the limits of a model."""
        return cls(bundle.unsure_below, bundle.novelty.threshold if bundle.novelty else None)


@dataclass(frozen=True)
class Prediction:
    """The answer for one picture.

    Attributes
    ----------
    label : str
        The class with the highest score, whatever the verdict.
    scores : mapping of str to float
        Score of every class, highest first; they add up to 1.
    seconds : float
        Time from resized pixels to scores.
    warning : str
        A sentence if a part of the picture is missing; else empty.
    novelty : float or None
        From 0, like the training pictures, to 1, nothing like them; None if it was not measured.
    limits : Limits
        The limits of the model that answered.
    """

    label: str
    scores: Mapping[str, float]
    seconds: float
    warning: str = ""
    novelty: float | None = None
    limits: Limits = Limits()

    @classmethod
    def of(cls, labels: Sequence[str], scores: np.ndarray, seconds: float) -> Prediction:
        """Rank the scores of a picture.

        Parameters
        ----------
        labels : sequence of str
            The classes.
        scores : ndarray of float, (n_labels,)
            The score of each class, in the same order.
        seconds : float
            Time from resized pixels to scores.
        """
        order = np.argsort(-scores, kind="stable")
        ranked = {labels[number]: float(scores[number]) for number in order}
        return cls(next(iter(ranked)), ranked, seconds)

    @property
    def score(self) -> float:
        """Score of the label, 0 to 1."""
        return self.scores[self.label]

    @property
    def verdict(self) -> Verdict:
        """The kind of answer: novelty decides first, then the score of the label."""
        if (
            self.novelty is not None
            and self.limits.novel_above is not None
            and self.novelty > self.limits.novel_above
        ):
            return Verdict.NONE_OF_THESE
        if round(self.score, 2) < self.limits.unsure_below:
            return Verdict.UNSURE
        return Verdict.LABEL
