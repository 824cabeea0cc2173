"""Compare two models on the same pictures."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cluster_core.evaluation.scores import Metrics, TestedPicture

SIGNIFICANT = 0.05


@dataclass(frozen=True)
class Comparison:
    """Two models' answers for the same pictures.

    Attributes
    ----------
    pairs : tuple of (TestedPicture, TestedPicture)
        Each picture with the answer of the one and of the other model.
    """

    pairs: tuple[tuple[TestedPicture, TestedPicture], ...]

    @property
    def n(self) -> int:
        """Number of pictures that both answered."""
        return len(self.pairs)

    @property
    def only_one(self) -> int:
        """Number of pictures that only the one model has right."""
        return sum(one.is_right and not other.is_right for one, other in self.pairs)

    @property
    def only_other(self) -> int:
        """Number of pictures that only the other model has right."""
        return sum(other.is_right and not one.is_right for one, other in self.pairs)

    @property
    def differing(self) -> tuple[tuple[TestedPicture, TestedPicture], ...]:
        """The pictures with different answers."""
        return tuple(pair for pair in self.pairs if pair[0].predicted != pair[1].predicted)

    @property
    def p_value(self) -> float:
        """Probability of such a difference, or a larger one, between equally good models."""
        return compute_mcnemar(self.only_one, self.only_other)

    @property
    def is_significant(self) -> bool:
        """Whether chance alone would give such a difference in fewer than 5 of 100 cases."""
        return self.p_value < SIGNIFICANT


def compare(one: Metrics, other: Metrics) -> Comparison:
    """Pair the answers of two models by the content of the pictures.

    Pictures of which the label differs between the two tests are left out.
    """
    by_hash = {(picture.sha256, picture.label): picture for picture in other.pictures}
    return Comparison(
        tuple(
            (picture, by_hash[picture.sha256, picture.label])
            for picture in one.pictures
            if (picture.sha256, picture.label) in by_hash
        )
    )


def compute_mcnemar(only_one: int, only_other: int) -> float:
    """Return the two-sided p-value of McNemar's exact test [1]_, 0 to 1.

    Between equally good models, each picture that only one of them has right is as likely to be
    the one's as the other's.

    Parameters
    ----------
    only_one, only_other : int
        Number of pictures that only the one and only the other model has right.

    References
    ----------
    .. [1] McNemar, Q. 1947, "Note on the sampling error of the difference between correlated
       proportions or percentages", Psychometrika 12, 153; exact by the binomial distribution.
    """
    n, fewer = only_one + only_other, min(only_one, only_other)
    # Logarithms, because 2**n overflows.
    everything = math.lgamma(n + 1) - n * math.log(2)
    tail = (
        math.exp(everything - math.lgamma(k + 1) - math.lgamma(n - k + 1)) for k in range(fewer + 1)
    )
    return min(1.0, 2 * sum(tail))
