"""Find traits that give the class away without anything that the pictures show."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np

from cluster_core.data.index import Picture
from cluster_core.evaluation.intervals import compute_wilson_interval
from cluster_core.evaluation.out_of_fold import N_FOLDS, break_up_lone, draw_folds
from cluster_core.health.decision_tree import MIN_IN_LEAF, grow_tree
from cluster_core.health.findings import Finding, FindingKind
from cluster_core.health.looks import Look

# The lower bound of the accuracy must exceed the share of the largest class by this much, since
# with thousands of pictures the tiniest difference is significant.
MIN_GAIN = 0.05
# Standard deviations above that share: by chance, one dataset in 300 has such a trait.
MIN_DEVIATIONS = 3.3
MIN_PER_CLASS = 10
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

    The predictor is a classification tree for measures, see `grow_tree`, and a table of the most
    frequent class for texts, learned from the pictures of the other folds. Copies and pictures of
    one object share a fold. A trait is reported if its accuracy is 3.3 standard deviations above
    the share of the largest class, and the lower bound of its 95 % interval (Wilson) five points;
    both count groups, not pictures.

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
        deviation = math.sqrt(majority * (1 - majority) / n_groups)
        if low < majority + MIN_GAIN or accuracy < majority + MIN_DEVIATIONS * deviation:
            continue
        examples = (np.flatnonzero(is_right & (classes == label)) for label in range(len(labels)))
        subject = f"The {trait}"
        verb = "give" if trait == "borders" else "gives"
        sentence = (
            f"{subject} alone {verb} the right class for {accuracy:.0%} of the pictures (likely "
            f"{low:.0%} to {high:.0%}), where always answering {labels[counts.argmax()]} is right "
            f"for {majority:.0%}. A model can learn this instead of what the pictures show: "
            f"{_SUGGESTIONS.get(trait, _GENERAL)}."
        )
        shown = tuple(pictures[its[0]] for its in examples if len(its))
        found.append(Finding(FindingKind.SHORTCUT, shown, sentence, accuracy, subject=subject))
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
    """Return the class that pictures of the other folds give each picture: int, (n,)."""
    answers = np.empty(len(classes), int)
    is_text = columns[0].dtype.kind == "U"
    if is_text:
        texts = ["\n".join(values) for values in zip(*columns, strict=True)]
        cells = np.unique(texts, return_inverse=True)[1]
    else:
        rows = np.stack(columns, axis=1)
    for fold in np.unique(folds):
        learned, asked = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        if is_text:
            answers[asked] = _look_up(cells, classes, learned)[cells[asked]]
        else:
            tree = grow_tree(rows[learned], classes[learned], classes.max() + 1)
            answers[asked] = tree.predict(rows[asked])
    return answers


def _look_up(cells: np.ndarray, classes: np.ndarray, learned: np.ndarray) -> np.ndarray:
    """Return the most frequent class of each cell; of rare cells, that of all pictures."""
    table = np.zeros((cells.max() + 1, classes.max() + 1), int)
    np.add.at(table, (cells[learned], classes[learned]), 1)
    usual = table.sum(axis=0).argmax()
    return np.where(table.sum(axis=1) >= MIN_IN_LEAF, table.argmax(axis=1), usual)
