"""What the labels so far say: the order of the other pictures, guesses, and the accuracy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from cluster_core.labelling.leave_one_out import LeaveOneOutHead, fit_leave_one_out, standardise
from cluster_core.labelling.progress import (
    MIN_LABELS,
    MIN_PER_CLASS,
    AccuracyEstimate,
    estimate_accuracy,
)
from cluster_core.labelling.records import Decision, Verdict
from cluster_core.labelling.selection import Selector, measure_uncertainty

# Labels before the head is trusted to know what it does not know; until then, pictures that are
# typical and different come first.
N_START = 20
# The best ones are recomputed after each decision; a quick hand may need a few.
N_RANKED = 6
_CURVE_STEP, _MAX_CURVE_POINTS = 5, 40


@dataclass(frozen=True)
class Advice:
    """What is known about the undecided pictures of a queue.

    Attributes
    ----------
    ranking : tuple of str
        Hashes of pictures, the most telling first.
    guesses : mapping of str to (str, float)
        Most likely class and its score, 0 to 1, by hash.
    curve : tuple of AccuracyEstimate
        The estimated accuracy after more and more labels.
    """

    ranking: tuple[str, ...] = ()
    guesses: Mapping[str, tuple[str, float]] = field(default_factory=dict)
    curve: tuple[AccuracyEstimate, ...] = ()


class Adviser:
    """Learns from decisions about pictures whose features are known.

    Parameters
    ----------
    sha256s : sequence of str
        Hashes of the n pictures.
    features : ndarray of float32, (n, n_features)
        Finite features; n is at least 1.
    classes : sequence of str
        Names of the classes.
    prior : ndarray of float, (n, n_classes + 1), or None
        Scores by a trained model with the same classes; the last column is none of these.
    """

    def __init__(
        self,
        sha256s: Sequence[str],
        features: np.ndarray,
        classes: Sequence[str],
        prior: np.ndarray | None = None,
    ) -> None:
        self._sha256s = tuple(sha256s)
        self._number = {sha256: number for number, sha256 in enumerate(sha256s)}
        self._features = standardise(features)
        self._names = (*classes, Verdict.NONE.value)
        self._prior = prior
        self._selector = Selector(self._features)
        # The curve by number of labels, and the labels it was drawn from.
        self._points: dict[int, AccuracyEstimate | None] = {}
        self._drawn: Sequence[tuple[int, int]] = ()

    def advise(self, decisions: Mapping[str, Decision]) -> Advice:
        """Return what the decisions say, the latest last, about the pictures without one."""
        decided = [self._number[sha256] for sha256 in decisions if sha256 in self._number]
        labelled = self._list_labelled(decisions)
        head = self._fit(labelled) if len(labelled) >= MIN_LABELS else None
        scores = self._score(labelled, head)
        uncertainty = None if scores is None else measure_uncertainty(scores)
        is_free = np.ones(len(self._sha256s), bool)
        is_free[decided] = False
        first = self._selector.choose(decided, uncertainty, N_RANKED)
        rest = np.flatnonzero(is_free)
        if uncertainty is not None:
            rest = rest[np.argsort(-uncertainty[rest], kind="stable")]
        order = dict.fromkeys([*first, *rest.tolist()])
        return Advice(
            tuple(self._sha256s[number] for number in order),
            {} if scores is None else self._guess(scores),
            self._draw_curve(labelled, head),
        )

    def _list_labelled(self, decisions: Mapping[str, Decision]) -> list[tuple[int, int]]:
        """Return number and class of each labelled picture; the last class is none of these."""
        found = []
        for sha256, decision in decisions.items():
            name = decision.label or decision.verdict.value
            if sha256 in self._number and name in self._names:
                found.append((self._number[sha256], self._names.index(name)))
        return found

    def _fit(self, labelled: Sequence[tuple[int, int]]) -> LeaveOneOutHead:
        numbers, classes = np.array(labelled).T
        return fit_leave_one_out(self._features[numbers], classes, len(self._names))

    def _score(
        self, labelled: Sequence[tuple[int, int]], head: LeaveOneOutHead | None
    ) -> np.ndarray | None:
        """Return the scores of all pictures, or None while too little is known."""
        is_enough = len(labelled) >= N_START and len({label for _, label in labelled}) > 1
        return head.compute_scores(self._features) if head and is_enough else self._prior

    def _guess(self, scores: np.ndarray) -> dict[str, tuple[str, float]]:
        best = scores.argmax(axis=1).tolist()
        highest = scores.max(axis=1).tolist()
        return {
            sha256: (self._names[label], score)
            for sha256, label, score in zip(self._sha256s, best, highest, strict=True)
        }

    def _draw_curve(
        self, labelled: Sequence[tuple[int, int]], head: LeaveOneOutHead | None
    ) -> tuple[AccuracyEstimate, ...]:
        """Return the estimates after more and more labels; the head learned from all."""
        n = len(labelled)
        step = _CURVE_STEP
        while n > step * _MAX_CURVE_POINTS:
            step *= 2  # only this keeps every second point
        n_same = _count_same(labelled, self._drawn)
        known = {size: point for size, point in self._points.items() if size <= n_same}
        if n not in known:
            known[n] = self._estimate(labelled, head)
        self._points = {
            size: known[size] if size in known else self._estimate(labelled[:size])
            for size in (*range(step, n, step), n)
        }
        self._drawn = labelled
        return tuple(point for point in self._points.values() if point is not None)

    def _estimate(
        self, labelled: Sequence[tuple[int, int]], head: LeaveOneOutHead | None = None
    ) -> AccuracyEstimate | None:
        """Return the estimate from some labels, or None if they are too few."""
        counts = np.bincount([label for _, label in labelled], minlength=2)
        others = np.ones(len(self._features), bool)
        others[[number for number, _ in labelled]] = False
        is_enough = np.count_nonzero(counts >= MIN_PER_CLASS) > 1
        if len(labelled) < MIN_LABELS or not is_enough or not others.any():
            return None
        head = head or self._fit(labelled)
        outputs = self._features[others] @ head.weights[:-1] + head.weights[-1]
        classes = np.array([label for _, label in labelled])
        return estimate_accuracy(head.left_out, classes, outputs)


def _count_same(first: Sequence[object], second: Sequence[object]) -> int:
    """Return the number of equal elements before the first difference."""
    n_same = 0
    for one, other in zip(first, second, strict=False):
        if one != other:
            break
        n_same += 1
    return n_same
