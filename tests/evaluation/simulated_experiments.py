"""Experiments with a known truth, for the intervals of a cross-validation."""

from __future__ import annotations

from dataclasses import dataclass
from math import erf, sqrt

import numpy as np

from cluster_core.evaluation.cross_validation import (
    compute_fold_accuracies,
    draw_repeated_folds,
)
from cluster_core.model.head.ridge import RidgeHead

N_TRAININGS = 100


@dataclass(frozen=True)
class Population:
    """Two classes of objects with normal features, 4 of them informative.

    The truth of a cross-validation is the expected accuracy, on a picture of a new object, of a
    `RidgeHead` that learned from four fifths of so many pictures, over all draws of both. The
    accuracy of one head follows from its weights; `truth` is the mean over many heads.
    """

    n_objects: int
    n_features: int
    distance: float
    share: float
    n_each: int

    def draw(
        self, random: np.random.Generator, part: float = 1.0
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Draw features, classes and groups of this population, or of a part as large."""
        n_objects = round(self.n_objects * part)
        classes = (np.arange(n_objects) < round(self.share * n_objects)).astype(int)
        objects = random.normal(size=(n_objects, self.n_features)) + self.find_centre(classes)
        groups = np.repeat(np.arange(n_objects), self.n_each)
        # Pictures of one object differ little.
        pictures = objects[groups] + random.normal(0, 0.1, (len(groups), self.n_features))
        return pictures, classes[groups], groups

    def find_centre(self, classes: np.ndarray) -> np.ndarray:
        is_informative = np.arange(self.n_features) < 4
        return np.where(classes[:, np.newaxis] == 1, 1, -1) * is_informative * self.distance / 4

    def compute_accuracy(self, features: np.ndarray, classes: np.ndarray) -> float:
        """Return the accuracy of a head on new objects; its answer is the sign of a line."""
        everything = np.arange(len(classes))
        outputs = RidgeHead(features, classes, 2).predict(everything, everything)
        columns = np.hstack([features, np.ones((len(features), 1))])
        line = np.linalg.lstsq(columns, outputs[:, 1] - outputs[:, 0])[0]
        spread = np.linalg.norm(line[:-1]) * sqrt(1.01)
        means = self.find_centre(np.array([0, 1])) @ line[:-1] + line[-1]
        wrong, right = (0.5 * (1 + erf(mean / spread / sqrt(2))) for mean in means)
        return self.share * right + (1 - self.share) * (1 - wrong)

    def find_truth(self, random: np.random.Generator) -> float:
        samples = [self.draw(random, 4 / 5) for _ in range(N_TRAININGS)]
        return float(np.mean([self.compute_accuracy(*sample[:2]) for sample in samples]))


def draw_population(random: np.random.Generator) -> Population:
    return Population(
        int(random.integers(4, 20)) * 10,
        int(random.choice([8, 32, 64])),
        random.uniform(2, 6),
        float(random.choice([0.3, 0.4, 0.5])),
        int(random.choice([1, 1, 1, 2])),
    )


def cross_validate(features: np.ndarray, classes: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Return the accuracy of each fold: float, (n_repeats, n_folds)."""
    folds = draw_repeated_folds(classes, groups)
    head = RidgeHead(features, classes, 2)
    outputs = np.stack([head.predict_left_out(row) for row in folds])
    return compute_fold_accuracies(outputs.argmax(axis=2) == classes, folds)
