"""Find traits that give the class away without anything that the pictures show."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from cluster_core.data.index import Picture
from cluster_core.evaluation.intervals import compute_wilson_interval
from cluster_core.evaluation.out_of_fold import N_FOLDS, break_up_lone, draw_folds
from cluster_core.health.findings import Finding, FindingKind
from cluster_core.health.looks import Look

# The lower bound of the accuracy must exceed the share of the largest class by this much: seven
# traits are tried, and with thousands of pictures the tiniest difference is significant.
MIN_GAIN = 0.05
MIN_PER_CLASS = 10
# Quantile bins per measure, by the number of measures of a trait.
_N_BINS = {1: 8, 2: 5, 3: 4}
# A combination of bins that fewer pictures have says nothing.
_MIN_IN_CELL = 3
_SUGGESTIONS = {
    "size": "give all classes pictures of the same sizes",
    "shape": "crop all classes alike",
    "file type": "save all classes in one format",
    "borders": "crop the borders",
}
_GENERAL = "collect pictures of all classes in the same way"


def find_shortcuts(
    pictures: Sequence[Picture], looks: Sequence[Look], groups: np.ndarray
) -> list[Finding]:
    """Find simple traits that predict the class, by cross-validation.

    The predictor is a table: measures are divided into quantile bins, and each combination of
    bins answers with its most frequent class among the pictures of the other folds. Copies
    and pictures of one object share a fold. A trait is reported if the lower bound of the
    95 % interval (Wilson, with the number of groups) is above the share of the largest class by
    five points or more.

    Parameters
    ----------
    pictures : sequence of Picture
        The n pictures of at least two classes.
    looks : sequence of Look
        One per picture.
    groups : ndarray of int, (n,)
        From `group_pictures`.

    Returns
    -------
    list of Finding
        The measure is the accuracy, 0 to 1. The pictures are examples, one per class, of right
        predictions.
    """
    labels, classes = np.unique([picture.label for picture in pictures], return_inverse=True)
    counts = np.bincount(classes)
    if len(labels) < 2 or counts.min() < MIN_PER_CLASS:  # noqa: PLR2004
        return []
    groups = break_up_lone(groups, classes)
    folds = draw_folds(classes, groups, np.random.default_rng(0), N_FOLDS)
    majority = counts.max() / len(classes)
    n_groups = len(np.unique(groups))
    found = []
    for trait, columns in _list_traits(pictures, looks, labels.tolist()).items():
        is_right = _predict(columns, classes, folds) == classes
        accuracy = float(is_right.mean())
        low, high = compute_wilson_interval(round(accuracy * n_groups), n_groups)
        if low < majority + MIN_GAIN:
            continue
        examples = (np.flatnonzero(is_right & (classes == label)) for label in range(len(labels)))
        sentence = (
            f"The {trait} alone gives the right class for {accuracy:.0%} of the pictures (likely "
            f"{low:.0%} to {high:.0%}), where always answering {labels[counts.argmax()]} is right "
            f"for {majority:.0%}. A model can learn this instead of what the pictures show: "
            f"{_SUGGESTIONS.get(trait, _GENERAL)}."
        )
        shown = tuple(pictures[its[0]] for its in examples if len(its))
        found.append(Finding(FindingKind.SHORTCUT, shown, sentence, accuracy))
    return sorted(found, key=lambda finding: -finding.measure)


def _list_traits(
    pictures: Sequence[Picture], looks: Sequence[Look], labels: Sequence[str]
) -> dict[str, list[np.ndarray]]:
    """Return the measures of each trait; texts are not binned."""
    sizes = np.array([(picture.width_px, picture.height_px) for picture in pictures], float)
    shapes = sizes[:, 0] / sizes[:, 1]
    numbers = np.array(
        [
            (look.brightness, look.darkest, look.brightest, look.red, look.blue, look.border)
            for look in looks
        ]
    )
    brightness, darkest, brightest, red, blue, border = numbers.T
    border_brightness = np.array([look.border_brightness for look in looks])
    is_bordered = border > 0
    return {
        "size": [sizes[:, 0], sizes[:, 1]],
        "shape": [shapes],
        "brightness": [brightness, darkest, brightest],
        "colour cast": [red, blue],
        "file type": [np.array([look.file_type for look in looks])],
        "borders": [border, np.where(is_bordered, border_brightness, -1)],
        "source": [
            np.array([look.source for look in looks]),
            np.array([_find_name_pattern(picture.path.stem, labels) for picture in pictures]),
        ],
    }


def _find_name_pattern(stem: str, labels: Sequence[str]) -> str:
    """Return what a file name says about its origin: without numbers and names of classes."""
    words = {word for label in labels for word in re.findall(r"[^\W\d_]+", label.lower())}
    words |= {word.removesuffix("s") for word in words}
    found = re.findall(r"[^\W\d_]+", stem.lower())
    return " ".join(word for word in found[:2] if word not in words)


def _predict(columns: Sequence[np.ndarray], classes: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """Return the class that a table of the other folds gives each picture: int, (n,)."""
    n_labels = int(classes.max()) + 1
    answers = np.empty(len(classes), int)
    for fold in np.unique(folds):
        learned, asked = folds != fold, folds == fold
        cells = np.zeros(len(classes), int)
        for column in columns:
            values = _bin(column, learned, _N_BINS[len(columns)])
            cells = cells * (values.max() + 1) + values
        _, cells = np.unique(cells, return_inverse=True)
        table = np.zeros((cells.max() + 1, n_labels), int)
        np.add.at(table, (cells[learned], classes[learned]), 1)
        usual = np.bincount(classes[learned], minlength=n_labels).argmax()
        answer = np.where(table.sum(axis=1) >= _MIN_IN_CELL, table.argmax(axis=1), usual)
        answers[asked] = answer[cells[asked]]
    return answers


def _bin(column: np.ndarray, learned: np.ndarray, n_bins: int) -> np.ndarray:
    """Return the bin of each value; texts are bins of their own."""
    if column.dtype.kind == "U":
        return np.unique(column, return_inverse=True)[1]
    bounds = np.unique(np.quantile(column[learned], np.linspace(0, 1, n_bins + 1)[1:-1]))
    # Sizes come in few values: each bound belongs to the bin above it.
    return np.searchsorted(bounds, column, side="right")
