"""Find copies of pictures, within and across classes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

from cluster_core.data.copies import MAX_COPIES, compute_correlations, find_lookalikes
from cluster_core.data.groups import join_pairs
from cluster_core.data.index import Picture
from cluster_core.data.recordings import find_recording
from cluster_core.health.findings import Finding, FindingKind, name_pictures

# Fine structure that correlates this closely is the same picture in another file.
_NEARLY_EXACT = 0.98


def find_copy_findings(pictures: Sequence[Picture]) -> list[Finding]:
    """Find groups of pictures that are copies of each other.

    Equal files are exact copies; near copies are found by fine structure, see `find_copies`.
    Frames of one recording are not compared, and pictures with more than `MAX_COPIES` relatives
    are one series, such as a scene photographed repeatedly.

    Parameters
    ----------
    pictures : sequence of Picture
        The pictures of all classes.

    Returns
    -------
    list of Finding
        The measure of copies is the lowest correlation of a picture with its closest copy, 0.65
        to 1; that of a series, the number of its pictures.
    """
    pairs = _list_pairs(pictures)
    correlations = compute_correlations([one.fingerprint for one in pictures], pairs)
    groups = np.array(join_pairs(len(pictures), pairs.tolist()))
    n_partners = np.bincount(pairs.ravel(), minlength=len(pictures))
    best = np.zeros(len(pictures))
    for side in (0, 1):
        np.maximum.at(best, pairs[:, side], correlations)
    members: dict[int, list[int]] = defaultdict(list)
    for number in np.flatnonzero(n_partners):
        members[int(groups[number])].append(int(number))
    found = [
        _describe([pictures[number] for number in group], float(best[group].min()))
        for group in members.values()
    ]
    return sorted(found, key=lambda finding: (-len(finding.pictures), -finding.measure))


def _list_pairs(pictures: Sequence[Picture]) -> np.ndarray:
    """Return the pairs of pictures that are equal or look alike: int64, (n_pairs, 2)."""
    recordings = [find_recording(picture.path.name) for picture in pictures]
    alike = find_lookalikes([picture.fingerprint for picture in pictures])
    first_of: dict[str, int] = {}
    equal = [
        (first_of[picture.sha256], number)
        for number, picture in enumerate(pictures)
        if first_of.setdefault(picture.sha256, number) != number
    ]
    every = np.concatenate([alike, np.array(equal, np.int64).reshape(-1, 2)])
    kept = [recordings[one] is None or recordings[one] != recordings[other] for one, other in every]
    unique: np.ndarray = np.unique(every[np.array(kept, bool)], axis=0)
    return unique


def _describe(group: list[Picture], correlation: float) -> Finding:
    n, names = len(group), name_pictures(group)
    is_exact = len({picture.sha256 for picture in group}) == 1
    if n > MAX_COPIES + 1:
        return Finding(
            FindingKind.SERIES,
            tuple(group),
            f"{n:,} pictures look like one scene photographed again and again ({names}). They may "
            "be on several sides of a split: if they show one object, mark them as such.",
            n,
        )
    what = "the same file" if is_exact else "copies of each other"
    labels = Counter(picture.label for picture in group)
    if len(labels) > 1:
        where = " and ".join(labels)
        return Finding(
            FindingKind.COPIES_ACROSS,
            tuple(group),
            f"{names} are {what}, but in different classes ({where}): a picture in two classes "
            "teaches a contradiction.",
            1.0 if is_exact else correlation,
        )
    how = "" if is_exact or correlation >= _NEARLY_EXACT else " (changed in size or quality)"
    return Finding(
        FindingKind.COPIES,
        tuple(group),
        f"{names} are {what}{how}: they always stay on one side of a split, and count as one "
        "picture.",
        1.0 if is_exact else correlation,
    )
