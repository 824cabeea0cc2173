"""What a head learns from: features of pictures, and what is known beforehand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cluster_core.model.head import Head


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
    head : Head
        Where to begin, and what weight decay pulls towards.
    rehearsal : Examples
        What the head has learned from. It goes on learning from it, as much as
        from the new pictures, so that it does not forget clusters unlike them.
    """

    head: Head
    rehearsal: Examples


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
        """Join the new pictures and those to rehearse; both weigh the same in all."""
        parts = [training] if prior is None else [training, prior.rehearsal]
        rows = np.concatenate([part.rows for part in parts])
        weights = [
            _weigh_examples(part, balance_classes) * len(rows) / (len(parts) * len(part.rows))
            for part in parts
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
