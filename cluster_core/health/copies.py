"""Find copies of pictures, within and across classes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

from cluster_core.data.copies import (
    MAX_COPIES,
    ROOT_CORRELATION,
    compute_correlations,
    find_lookalikes,
)
from cluster_core.data.groups import join_pairs
from cluster_core.data.index import Picture
from cluster_core.data.recordings import find_recording
from cluster_core.health.findings import Finding, FindingKind, name_pictures

# Fine structure that correlates this closely is the same picture in another file.
_NEARLY_EXACT = 0.98
# Features of copies have a cosine of 0.75 or more, unless their brightness was halved.
_MIN_COSINE = 0.75
# Frames of one scene correlate by 0.98. Where all pictures are such frames, their features differ
# by noise alone, and say nothing.
_SAME_SCENE = 0.95


def find_copy_findings(
    pictures: Sequence[Picture], features: np.ndarray | None = None
) -> list[Finding]:
    """Find groups of pictures that are copies of each other.

    Equal files are exact copies; near copies are found by fine structure, see `find_copies`, and
    must also correlate after their values are compressed, and have similar features, so that they
    share more than a bright core. Frames of one recording are not compared, and groups of more
    than `MAX_COPIES` + 1 pictures are a series, such as a scene photographed repeatedly, unless
    all are the same file.

    Parameters
    ----------
    pictures : sequence of Picture
        The n pictures of all classes.
    features : ndarray of float32, (n, n_features), optional
        Features that hardly change when a star field is copied, as those of `sky`.

    Returns
    -------
    list of Finding
        The measure of copies is the lowest correlation of a picture with its closest copy, 0.65
        to 1; that of a series, the number of its pictures.
    """
    prints = [picture.fingerprint for picture in pictures]
    alike = _drop_recordings(pictures, _thin(find_lookalikes(prints), len(pictures)))
    roots = compute_correlations(prints, alike, 0.5)
    is_copy = roots >= ROOT_CORRELATION
    if features is not None:
        is_copy &= (_compute_cosines(features, alike) >= _MIN_COSINE) | (roots >= _SAME_SCENE)
    alike = alike[is_copy]
    equal = _pair_equal(pictures)
    pairs = np.concatenate([alike, equal])
    correlations = np.concatenate([compute_correlations(prints, alike), np.ones(len(equal))])
    groups = join_pairs(len(pictures), pairs.tolist())
    best = np.zeros(len(pictures))
    for side in (0, 1):
        np.maximum.at(best, pairs[:, side], correlations)
    members: dict[int, list[int]] = defaultdict(list)
    for number in np.flatnonzero(best):
        members[groups[number]].append(int(number))
    found = []
    for group in members.values():
        its = [pictures[number] for number in group]
        found.append(_describe(its, float(best[group].min())))
        if found[-1].kind is FindingKind.SERIES:
            found += [_describe(same, 1.0) for same in list_contradictions(its)]
    return sorted(found, key=lambda finding: (-len(finding.pictures), -finding.measure))


def list_contradictions(pictures: Sequence[Picture]) -> list[list[Picture]]:
    """Return the groups of equal files that are in several classes."""
    by_hash: dict[str, list[Picture]] = defaultdict(list)
    for picture in pictures:
        by_hash[picture.sha256].append(picture)
    return [same for same in by_hash.values() if len({one.label for one in same}) > 1]


def _compute_cosines(features: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Return the cosine of the standardised logarithms of the features of each pair."""
    rows = np.log1p(np.maximum(features, 0))
    rows = (rows - rows.mean(axis=0)) / np.maximum(rows.std(axis=0), 1e-6)
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)
    cosines: np.ndarray = np.einsum("pi,pi->p", rows[pairs[:, 0]], rows[pairs[:, 1]])
    return cosines


def _thin(pairs: np.ndarray, n: int) -> np.ndarray:
    """Return two pairs for each picture of a series, which connect it, and all pairs of others.

    A thousand pictures of one scene have half a million pairs.
    """
    is_in_series = np.bincount(pairs.ravel(), minlength=n) > MAX_COPIES
    is_within = is_in_series[pairs].all(axis=1)
    within = pairs[is_within]
    first = np.unique(within[:, 1], return_index=True)[1]
    last = len(within) - 1 - np.unique(within[::-1, 1], return_index=True)[1]
    return np.concatenate([pairs[~is_within], within[np.union1d(first, last)]])


def _drop_recordings(pictures: Sequence[Picture], pairs: np.ndarray) -> np.ndarray:
    """Return the pairs whose pictures are not frames of one recording."""
    recordings = [find_recording(picture.path.name) for picture in pictures]
    kept = [recordings[one] is None or recordings[one] != recordings[other] for one, other in pairs]
    return pairs[np.array(kept, bool)]


def _pair_equal(pictures: Sequence[Picture]) -> np.ndarray:
    """Return pairs of equal files: int64, (n_pairs, 2)."""
    first_of: dict[str, int] = {}
    equal = [
        (first_of[picture.sha256], number)
        for number, picture in enumerate(pictures)
        if first_of.setdefault(picture.sha256, number) != number
    ]
    return np.array(equal, np.int64).reshape(-1, 2)


def _describe(group: list[Picture], correlation: float) -> Finding:
    n, names = len(group), name_pictures(group)
    is_exact = len({picture.sha256 for picture in group}) == 1
    if n > MAX_COPIES + 1 and not is_exact:
        return Finding(
            FindingKind.SERIES,
            tuple(group),
            f"{n:,} pictures look like one scene photographed again and again ({names}). They may "
            "be on several sides of a split: if they show one object, mark them as such.",
            n,
        )
    what = "are the same file" if is_exact else "look like copies of each other"
    labels = Counter(picture.label for picture in group)
    if len(labels) > 1:
        where = " and ".join(labels)
        return Finding(
            FindingKind.COPIES_ACROSS,
            tuple(group),
            f"{names} {what}, but in different classes ({where}): a picture in two classes "
            "teaches a contradiction.",
            correlation,
        )
    how = "" if is_exact or correlation >= _NEARLY_EXACT else " (changed in size or quality)"
    return Finding(
        FindingKind.COPIES,
        tuple(group),
        f"{names} {what}{how}: they always stay on one side of a split, and count as one picture.",
        correlation,
    )
