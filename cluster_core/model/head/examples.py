"""What a head learns from: features of pictures, and what is known beforehand."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cluster_core.model.head.head import Head


@dataclass(frozen=True)
class Examples:
    """Features and what they show.

    Attributes
    ----------
    features : ndarray of float32, (n_pictures, n_views, n_features)
    classes : ndarray of int, (n_pictures,)
        Index of each picture's label.
    n_labels : int
    """

    features: np.ndarray
    classes: np.ndarray
    n_labels: int

    @property
    def rows(self) -> np.ndarray:
        """Every view as a row: (n_pictures * n_views, n_features)."""
        return self.features.reshape(-1, self.features.shape[-1])

    @property
    def row_classes(self) -> np.ndarray:
        """Class of every row: (n_pictures * n_views,)."""
        return np.repeat(self.classes, self.features.shape[1])


@dataclass(frozen=True)
class Prior:
    """What is known of the classes before a training.

    Attributes
    ----------
    rehearsal : Examples
        What is known already. The head learns it beside the new pictures, so that it
        does not forget clusters unlike them.
    weight : float
        How many new pictures it weighs as much as: a handful does not outvote it,
        thousands do.
    decay : float
        Weight decay: the new pictures are too few to tell all directions of the
        features apart, and what they leave open is better small than learned by heart.
    odds : ndarray of float, (n_labels,)
        How likely each class is before a picture is looked at, up to a common factor, by
        what is rehearsed alone; new pictures, whose classes count alike, even it out.
    """

    rehearsal: Examples
    weight: float
    decay: float
    odds: np.ndarray

    def lean(self, head: Head, n_pictures: int) -> Head:
        """Give a head that learned all classes as equally likely the odds of the prior.

        Parameters
        ----------
        head : Head
        n_pictures : int
            New pictures it learned, too. The more they are, the more even are the odds.

        Returns
        -------
        Head

        References
        ----------
        .. [1] Saerens, M. et al. 2002, "Adjusting the outputs of a classifier to new
           a priori probabilities".
        """
        log_odds = np.log(self.odds) * self.weight / (self.weight + n_pictures)
        return replace(head, bias=head.bias + (log_odds - log_odds.mean()).astype(np.float32))


@dataclass(frozen=True)
class Lesson:
    """Examples as gradient descent takes them.

    Attributes
    ----------
    rows : ndarray of float32, (n, n_features)
        Every view of every picture.
    classes : ndarray of int, (n,)
    weights : ndarray of float, (n,)
        1 on average.
    n_labels : int
    """

    rows: np.ndarray
    classes: np.ndarray
    weights: np.ndarray
    n_labels: int

    @classmethod
    def of(cls, training: Examples, prior: Prior | None, balance_classes: bool) -> Lesson:
        """Join the new pictures and those to rehearse, each part with its weight in all."""
        parts, in_all = [training], [float(len(training.classes))]
        if prior is not None:
            parts.append(prior.rehearsal)
            in_all.append(prior.weight)
        rows = np.concatenate([part.rows for part in parts])
        weights = [
            _weigh_examples(part, balance_classes)
            * (weight / sum(in_all) * len(rows) / len(part.rows))
            for part, weight in zip(parts, in_all, strict=True)
        ]
        classes = np.concatenate([part.row_classes for part in parts])
        return cls(rows, classes, np.concatenate(weights), training.n_labels)


def _weigh_examples(training: Examples, balance_classes: bool) -> np.ndarray:
    """Return a weight for each row, float32, 1 on average."""
    classes = training.row_classes
    if not balance_classes:
        return np.ones(len(classes), np.float32)
    counts = np.bincount(classes, minlength=training.n_labels)
    present = np.count_nonzero(counts)
    return (len(classes) / (present * counts[classes])).astype(np.float32)
