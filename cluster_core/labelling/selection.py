"""The order in which pictures tell the most: uncertain ones, each for many others like it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

# Pictures that stand for the queue. Distances among them are all kept: 16 MB.
MAX_SAMPLE = 2000


class Selector:
    """Chooses the next pictures to label by weighted facility location.

    A picture is worth as much as it brings a labelled picture closer to all others, each of which
    counts by how uncertain the answer to it is. Without answers all count the same, so the first
    pictures are typical and different. Uncertainty within facility location is the method of [1]_;
    the greedy choice is within 1 - 1/e of the best set [2]_.

    Parameters
    ----------
    features : ndarray of float32, (n_pictures, n_features)
        From `standardise`. Of more than `MAX_SAMPLE` pictures, a random sample with a fixed seed
        stands for all, and only its pictures are chosen.

    References
    ----------
    .. [1] Wei, K., Iyer, R., Bilmes, J. 2015, "Submodularity in data subset selection and active
       learning", ICML, 1954.
    .. [2] Nemhauser, G. L., Wolsey, L. A., Fisher, M. L. 1978, "An analysis of approximations for
       maximizing submodular set functions", Math. Program. 14, 265.
    """

    def __init__(self, features: np.ndarray) -> None:
        self._features = features
        n = len(features)
        chosen = np.random.default_rng(0).permutation(n)[:MAX_SAMPLE]
        self._sample = np.sort(chosen)
        self._distances = _compute_distances(features[self._sample], features[self._sample])
        self._nearest = np.full(len(self._sample), self._distances.max(initial=0.0), np.float32)
        self._seen: set[int] = set()

    def choose(
        self, decided: Sequence[int], uncertainty: np.ndarray | None, count: int
    ) -> list[int]:
        """Return the most telling pictures, the best first.

        Parameters
        ----------
        decided : sequence of int
            Indices of the pictures that need no label any more.
        uncertainty : ndarray of float, (n_pictures,), or None
            0 (certain) to 1 for each picture; None if nothing is known yet.
        count : int
            The most to return.

        Returns
        -------
        list of int
            Indices of pictures.
        """
        nearest = self._measure_nearest(decided)
        weights = np.ones(len(self._sample), np.float32)
        if uncertainty is not None:
            weights = uncertainty[self._sample].astype(np.float32)
        is_free = ~np.isin(self._sample, list(decided))
        found: list[int] = []
        for _ in range(min(count, int(is_free.sum()))):
            gains = weights @ np.maximum(nearest[:, np.newaxis] - self._distances, 0)
            best = int(np.where(is_free, gains, -1).argmax())
            is_free[best] = False
            found.append(int(self._sample[best]))
            nearest = np.minimum(nearest, self._distances[best])
        return found

    def _measure_nearest(self, decided: Sequence[int]) -> np.ndarray:
        """Return the distance of each picture of the sample to the nearest decided one."""
        if not self._seen.issubset(decided):  # one was taken back
            self._nearest = np.full(len(self._sample), self._distances.max(initial=0.0), np.float32)
            self._seen = set()
        new = [number for number in decided if number not in self._seen]
        if new:
            to_new = _compute_distances(self._features[self._sample], self._features[new])
            self._nearest = np.minimum(self._nearest, to_new.min(axis=1))
            self._seen.update(new)
        return self._nearest


def measure_uncertainty(scores: np.ndarray) -> np.ndarray:
    """Return how near the two highest scores of each picture are, 0 to 1.

    One minus the margin of Scheffer et al. (2001).

    Parameters
    ----------
    scores : ndarray of float, (n_pictures, n_classes)
        At least two classes; each row adds up to 1.

    Returns
    -------
    ndarray of float, (n_pictures,)
    """
    highest = np.sort(scores, axis=1)[:, -2:]
    uncertainty: np.ndarray = 1 - (highest[:, 1] - highest[:, 0])
    return uncertainty


def _compute_distances(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return Euclidean distances: float32, (n_first, n_second)."""
    squares = (first**2).sum(axis=1)[:, np.newaxis] + (second**2).sum(axis=1)
    squares -= 2 * (first @ second.T)
    return np.sqrt(np.maximum(squares, 0, out=squares), out=squares)
