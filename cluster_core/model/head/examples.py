"""Training data of a head: features of pictures, and prior knowledge of the classes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cluster_core.model.features.alignment import allocate_aligned
from cluster_core.model.head.head import Head


@dataclass(frozen=True)
class Examples:
    """Features of labelled pictures.

    Attributes
    ----------
    features : ndarray of float32, (n_pictures, n_views, n_features)
    classes : ndarray of int, (n_pictures,)
        Index of each picture's label.
    n_labels : int
        Number of classes.
    """

    features: np.ndarray
    classes: np.ndarray
    n_labels: int

    @property
    def rows(self) -> np.ndarray:
        """Features with one row per view: float32, (n_pictures * n_views, n_features)."""
        return self.features.reshape(-1, self.features.shape[-1])

    @property
    def row_classes(self) -> np.ndarray:
        """Class of every row: int, (n_pictures * n_views,)."""
        return np.repeat(self.classes, self.features.shape[1])


@dataclass(frozen=True)
class Prior:
    """Prior knowledge of the classes.

    Attributes
    ----------
    rehearsal : Examples
        Known examples. The head learns them alongside the new pictures, so that it
        does not forget objects unlike those in the new pictures.
    weight : float
        Total weight of the rehearsal, in new pictures: a handful of new pictures
        does not outvote it, thousands do.
    decay : float
        Weight decay. A few pictures do not determine the weights in every direction of
        feature space; decay keeps the undetermined ones small and so limits overfitting.
    odds : ndarray of float, (n_labels,)
        Relative prior probabilities of the classes, as far as the rehearsal alone
        determines them. The classes of new pictures count equally, so the more of them
        there are, the more even the odds become.
    """

    rehearsal: Examples
    weight: float
    decay: float
    odds: np.ndarray

    def apply_odds(self, head: Head, n_pictures: int) -> Head:
        """Shift the bias of a head from equally likely classes to the odds of the prior.

        Parameters
        ----------
        head : Head
            Trained on equally likely classes.
        n_pictures : int
            Number of new pictures it was trained on. The odds fade as it grows.

        Returns
        -------
        Head
            The head with another bias.

        References
        ----------
        .. [1] Saerens, M., Latinne, P., Decaestecker, C. 2002, "Adjusting the outputs of a
           classifier to new a priori probabilities: a simple procedure", Neural
           Computation 14, 21.
        """
        log_odds = np.log(self.odds) * self.weight / (self.weight + n_pictures)
        return replace(head, bias=head.bias + (log_odds - log_odds.mean()).astype(np.float32))


@dataclass(frozen=True)
class WeightedRows:
    """Training rows and their weights, in the form that gradient descent needs.

    Attributes
    ----------
    rows : ndarray of float32, (n_rows, n_features)
        Features with one row per view of each picture.
    classes : ndarray of int, (n_rows,)
        Index of each row's label.
    weights : ndarray of float, (n_rows,)
        Weight of each row; the mean is 1.
    n_labels : int
        Number of classes.
    """

    rows: np.ndarray
    classes: np.ndarray
    weights: np.ndarray
    n_labels: int

    @classmethod
    def of(cls, training: Examples, prior: Prior | None, balance_classes: bool) -> WeightedRows:
        """Combine the new pictures with the rehearsal, if there is one.

        Parameters
        ----------
        training : Examples
            The new pictures; each has a total weight of one.
        prior : Prior or None
            Its rehearsal has a total weight of `prior.weight` new pictures.
        balance_classes : bool
            Give every class the same total weight within each of the two parts.
        """
        parts, totals = [training], [float(len(training.classes))]
        if prior is not None:
            parts.append(prior.rehearsal)
            totals.append(prior.weight)
        # With a single part, these are views of its features and take no memory.
        rows = training.rows
        if prior is not None:
            n_rows = sum(len(part.rows) for part in parts)
            joined = allocate_aligned(n_rows, rows.shape[1])
            rows = np.concatenate([part.rows for part in parts], out=joined)
        weights = [
            _compute_row_weights(part, balance_classes)
            * (total / sum(totals) * len(rows) / len(part.rows))
            for part, total in zip(parts, totals, strict=True)
        ]
        classes = np.concatenate([part.row_classes for part in parts])
        return cls(rows, classes, np.concatenate(weights), training.n_labels)


def _compute_row_weights(examples: Examples, balance_classes: bool) -> np.ndarray:
    """Return a weight for each row, float32 (n_rows,), with a mean of 1."""
    classes = examples.row_classes
    if not balance_classes:
        return np.ones(len(classes), np.float32)
    counts = np.bincount(classes, minlength=examples.n_labels)
    n_present = np.count_nonzero(counts)
    return (len(classes) / (n_present * counts[classes])).astype(np.float32)
