"""What a head learns from: features of pictures, and what is known beforehand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


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
    share : float
        What it weighs for each unit of what the new pictures weigh.
    n_least : float
        How many pictures it weighs at least, so that a handful does not outvote it.
    decay : float
        Weight decay: the new pictures are too few to tell all directions of the
        features apart, and what they leave open is better small than learned by heart.
    """

    rehearsal: Examples
    share: float
    n_least: float
    decay: float

    def compute_weight(self, n_pictures: int) -> float:
        """Return how many of `n_pictures` new pictures the rehearsal weighs as much as."""
        return max(self.share * n_pictures, self.n_least)


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
        n_pictures = len(training.classes)
        parts, in_all = [training], [float(n_pictures)]
        if prior is not None:
            parts.append(prior.rehearsal)
            in_all.append(prior.compute_weight(n_pictures))
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
