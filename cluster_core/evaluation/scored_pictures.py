"""Pictures with their classes and scores: what every figure of an evaluation is computed from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cluster_core.data.index import Picture
from cluster_core.evaluation.scores import Metrics, TestedPicture
from cluster_core.storage.saved_values import (
    check_count,
    check_inner_path,
    check_number,
    check_text,
)

# Saved scores are rounded, so that a record of 10,000 pictures is about a megabyte.
_DIGITS = 5


@dataclass(frozen=True, repr=False)
class ScoredPictures:
    """Pictures with their true classes and the scores that they were given.

    Attributes
    ----------
    labels : tuple of str
        The classes.
    paths : tuple of str
        Path of each picture, relative to its dataset: `class/name`.
    sha256s : tuple of str
        Hash of each file, hexadecimal.
    classes : ndarray of int, (n_pictures,)
        Index of each picture's true class.
    scores : ndarray of float, (n_pictures, n_labels)
        The scores, 0 to 1; each row adds up to 1.
    raw_scores : ndarray of float, (n_pictures, n_labels), or None
        The scores before temperature scaling, where they were kept.
    n_independent : float or None
        As that of `Metrics`.
    """

    labels: tuple[str, ...]
    paths: tuple[str, ...]
    sha256s: tuple[str, ...]
    classes: np.ndarray
    scores: np.ndarray
    raw_scores: np.ndarray | None = None
    n_independent: float | None = None

    def __len__(self) -> int:
        return len(self.paths)

    @property
    def answers(self) -> np.ndarray:
        """Index of the class with the highest score, the first of equals: int, (n_pictures,)."""
        return self.scores.argmax(axis=1) if len(self) else np.empty(0, int)

    @property
    def is_right(self) -> np.ndarray:
        """Whether the answer is the true class: bool, (n_pictures,)."""
        return self.answers == self.classes

    @property
    def best_scores(self) -> np.ndarray:
        """Score of the answer: float, (n_pictures,)."""
        return self.scores.max(axis=1) if len(self) else np.empty(0)

    @property
    def metrics(self) -> Metrics:
        """The answers alone, without the scores of the other classes."""
        rows = zip(
            self.paths, self.sha256s, self.classes, self.answers, self.best_scores, strict=True
        )
        return Metrics(
            self.labels,
            tuple(
                TestedPicture(Path(path), sha256, self.labels[true], self.labels[said], float(best))
                for path, sha256, true, said, best in rows
            ),
            self.n_independent,
        )

    def to_record(self) -> dict[str, Any]:
        """Return a record for JSON."""
        return {
            "labels": list(self.labels),
            "paths": list(self.paths),
            "sha256": list(self.sha256s),
            "classes": self.classes.tolist(),
            "scores": self.scores.round(_DIGITS).tolist(),
            "raw_scores": None
            if self.raw_scores is None
            else self.raw_scores.round(_DIGITS).tolist(),
            "n_independent": self.n_independent,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> ScoredPictures:
        """Return the pictures of a record, which may be damaged.

        Raises
        ------
        One of MALFORMED_ERRORS
            It is.
        """
        labels = tuple(map(check_text, record["labels"]))
        paths = tuple(str(check_inner_path(path)) for path in record["paths"])
        classes = np.array([check_count(value) for value in record["classes"]], int)
        scored = cls(
            labels,
            paths,
            tuple(map(check_text, record["sha256"])),
            classes,
            _check_scores(record["scores"], (len(paths), len(labels))),
            None
            if record["raw_scores"] is None
            else _check_scores(record["raw_scores"], (len(paths), len(labels))),
            check_independent(record.get("n_independent"), len(paths)),
        )
        if len(labels) < 2:  # noqa: PLR2004
            raise ValueError("at least two classes were expected")
        if len(classes) != len(paths) or len(scored.sha256s) != len(paths):
            raise ValueError("the pictures differ in number")
        if len(classes) and classes.max() >= len(labels):
            raise ValueError("a picture has an unknown class")
        return scored


def join(parts: Sequence[ScoredPictures]) -> ScoredPictures:
    """Return the pictures of several parts, which have the same labels and raw scores, as one."""
    raw = [part.raw_scores for part in parts if part.raw_scores is not None]
    return ScoredPictures(
        parts[0].labels,
        tuple(path for part in parts for path in part.paths),
        tuple(sha256 for part in parts for sha256 in part.sha256s),
        np.concatenate([part.classes for part in parts]),
        np.concatenate([part.scores for part in parts]),
        np.concatenate(raw) if len(raw) == len(parts) else None,
    )


def check_independent(value: object, n: int) -> float | None:
    """Return a recorded number of independent ones among n pictures; earlier records have none.

    Raises
    ------
    One of MALFORMED_ERRORS
        It is not possible.
    """
    if value is None:
        return None
    number = check_number(value)
    if not min(n, 1) <= number <= n:
        raise ValueError("there are more independent pictures than pictures")
    return number


def name_pictures(pictures: Sequence[Picture]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the paths of pictures, relative to their dataset, and their hashes."""
    paths = tuple(f"{picture.path.parent.name}/{picture.path.name}" for picture in pictures)
    return paths, tuple(picture.sha256 for picture in pictures)


def _check_scores(value: object, shape: tuple[int, int]) -> np.ndarray:
    scores = np.array(value, dtype=float).reshape(shape)
    if not ((scores >= 0) & (scores <= 1)).all():  # false for NaN
        raise ValueError("a score is not from 0 to 1")
    return scores
