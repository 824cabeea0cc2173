"""Find wrong labels by cross-validation, and classes that the pictures cannot tell apart."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Sequence
from itertools import combinations

import numpy as np

from cluster_core.data.groups import join_pairs
from cluster_core.data.index import Picture
from cluster_core.evaluation.label_doubts import rank_doubts, score_out_of_fold
from cluster_core.evaluation.out_of_fold import break_up_lone
from cluster_core.health.findings import Finding, FindingKind, join_words

MIN_PER_CLASS = 3
# Of all classes together, any number is tested; of two among others, those with this many.
MIN_PER_PAIR = 20
# Standard deviations above guessing. Folds are correlated: 2 % of labels drawn at random are as
# far, not 0.6 %.
MIN_DEVIATIONS = 2.5
# With thousands of pictures, the tiniest difference between classes is significant.
MIN_GAIN = 0.05


def find_wrong_labels(
    pictures: Sequence[Picture],
    features: np.ndarray,
    groups: np.ndarray,
    contradictory: Collection[str] = (),
) -> tuple[list[Finding], list[str]]:
    """Return the labels that other pictures contradict, and why some were not checked.

    Classes that cross-validation tells apart no better than guessing are one finding, because
    doubts about their labels would be drawn by chance; see `is_better_than_guessing`.

    Parameters
    ----------
    pictures : sequence of Picture
        The n pictures.
    features : ndarray of float32, (n, n_features)
    groups : ndarray of int, (n,)
        From `group_pictures`.
    contradictory : collection of str
        Hashes of files that are in several classes. They teach nothing, and are left out.

    Returns
    -------
    findings : list of Finding
        The measure of a wrong label is the score of the suggested class minus that of its own;
        that of inseparable classes, the mean of their recalls. Both are 0 to 1.
    notes : list of str
        What was not checked, as sentences for the user.
    """
    kept = [row for row, one in enumerate(pictures) if one.sha256 not in contradictory]
    counts = Counter(pictures[row].label for row in kept)
    every_label = dict.fromkeys(one.label for one in pictures)
    small = [label for label in every_label if counts[label] < MIN_PER_CLASS]
    where = " that are in no other class" if contradictory else ""
    needed = f"{MIN_PER_CLASS} pictures{where}"
    if len(every_label) - len(small) < 2:  # noqa: PLR2004
        return [], [
            f"Labels were not checked, because that needs two classes with at least {needed}: "
            "add pictures."
        ]
    notes = [
        f"Labels in {label} were not checked, because it has fewer than {needed}."
        for label in small
    ]
    rows = [row for row in kept if pictures[row].label not in small]
    checked = [pictures[row] for row in rows]
    labels, scores = score_out_of_fold(checked, features[rows], groups[rows])
    classes = np.array([labels.index(one.label) for one in checked])
    alike = _list_inseparable(scores, classes, break_up_lone(groups[rows], classes))
    found = [_describe_inseparable(members, labels, scores, classes) for members in alike]
    together = [{labels[member] for member in members} for members in alike]
    for doubt in rank_doubts(checked, scores, labels):
        if any({doubt.picture.label, doubt.suggested} <= members for members in together):
            continue
        sentence = (
            f"{doubt.picture.path.name} is in {doubt.picture.label}, but looks like "
            f"{doubt.suggested} (score {doubt.score:.2f} against {doubt.own_score:.2f})."
        )
        concerned = (doubt.picture,)
        found.append(
            Finding(FindingKind.WRONG_LABEL, concerned, sentence, -doubt.margin, doubt.suggested)
        )
    return found, notes


def is_better_than_guessing(answers: np.ndarray, classes: np.ndarray, n_groups: np.ndarray) -> bool:
    """Return whether answers depend on the class clearly, by the mean of the recalls.

    Of answers that do not depend on the class, the mean of the k recalls is 1 / k on average, also
    if one class is larger or is answered more often. Its deviation is that of binomial counts.

    Parameters
    ----------
    answers, classes : ndarray of int, (n,)
        From 0 to k - 1; every class occurs.
    n_groups : ndarray of int, (k,)
        Number of independent pictures in each class.
    """
    k = len(n_groups)
    rates = np.array([np.bincount(answers[classes == one], minlength=k) for one in range(k)], float)
    rates /= rates.sum(axis=1, keepdims=True)
    shares = rates.mean(axis=0)
    deviation = math.sqrt((shares * (1 - shares) / n_groups).sum()) / k
    gain = float(np.diag(rates).mean()) - 1 / k
    return gain >= max(MIN_GAIN, MIN_DEVIATIONS * deviation)


def _list_inseparable(
    scores: np.ndarray, classes: np.ndarray, groups: np.ndarray
) -> list[list[int]]:
    """Return the sets of classes that cannot be told apart, two or more classes in each."""
    k = scores.shape[1]
    n_groups = np.array([len(np.unique(groups[classes == one])) for one in range(k)])
    if not is_better_than_guessing(scores.argmax(axis=1), classes, n_groups):
        return [list(range(k))]
    large = [one for one in range(k) if n_groups[one] >= MIN_PER_PAIR]
    pairs = []
    for pair in combinations(large, 2):
        columns = list(pair)
        rows = np.isin(classes, columns)
        answers = scores[rows][:, columns].argmax(axis=1)
        is_second = (classes[rows] == pair[1]).astype(int)
        if not is_better_than_guessing(answers, is_second, n_groups[columns]):
            pairs.append(pair)
    roots = join_pairs(k, pairs)
    sets = [[one for one in range(k) if roots[one] == root] for root in sorted(set(roots))]
    return [members for members in sets if len(members) > 1]


def _describe_inseparable(
    members: list[int], labels: Sequence[str], scores: np.ndarray, classes: np.ndarray
) -> Finding:
    answers = np.array(members)[scores[:, members].argmax(axis=1)]
    recall = float(np.mean([(answers[classes == one] == one).mean() for one in members]))
    subject = join_words([labels[one] for one in members])
    sentence = (
        f"{subject} cannot be told apart from these pictures: "
        f"{recall:.0%} are recognised, where guessing gives {1 / len(members):.0%}. Their labels "
        "were not checked against each other. Add pictures that show the difference, or make "
        "them one class."
    )
    return Finding(FindingKind.INSEPARABLE, (), sentence, recall, subject=subject)
