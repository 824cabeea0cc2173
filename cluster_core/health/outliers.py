"""Find pictures that resemble no other, and pictures that are of little use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import NormalDist

import numpy as np

from cluster_core.data.index import Picture
from cluster_core.health.findings import Finding, FindingKind
from cluster_core.health.looks import Look

N_NEIGHBOURS = 5
MIN_PICTURES = 20
N_COMPONENTS = 20
# So many pictures would be reported if the logarithms of distances were normally distributed.
N_BY_CHANCE = 2
# Distances are measured to at most this many pictures, so that time grows with their number.
MAX_REFERENCES = 4000
SMALL_PX = 100
# Standard deviation of the grey values; 0.01 is 2.5 of 255 levels.
MIN_CONTRAST = 0.01
# Photos of the sky have up to 0.42, sample photographs up to 0.33; blurred by 4 of 250 pixels, all
# have 0.78 or more.
MAX_BLUR = 0.6
# Distance to the most similar picture, as a share of the length of the logarithms of features.
# Frames of one scene have 0.09 or less, photos of different clusters 0.28 in the middle.
MIN_SHARE = 0.1
_BLOCK = 1024


def find_outliers(
    pictures: Sequence[Picture], features: np.ndarray, groups: np.ndarray
) -> list[Finding]:
    """Find pictures that are far from all others in the space of features.

    The distance of a picture is the mean to its five nearest neighbours of other groups [1]_, in
    the first 20 principal components of the logarithms of features, scaled to equal variance. If
    logarithms of distances were normally distributed, with the same median and median deviation,
    two pictures would be as far as an outlier. A picture with nearly the features of another is
    none, since equal variance enlarges the noise of pictures that are all alike.

    Parameters
    ----------
    pictures : sequence of Picture
        The n pictures.
    features : ndarray of float32, (n, n_features)
    groups : ndarray of int, (n,)
        From `group_pictures`; a pair of copies is not its own neighbourhood.

    Returns
    -------
    list of Finding
        The measure is the distance divided by the median distance.

    References
    ----------
    .. [1] Ramaswamy, S., Rastogi, R., Shim, K. 2000, "Efficient algorithms for mining outliers from
       large data sets", SIGMOD.
    """
    if len(np.unique(groups)) < MIN_PICTURES:
        return []
    distances = measure_distances(features, groups)
    logs = np.log(np.maximum(distances, 1e-9))
    middle = np.median(logs)
    spread = 1.4826 * np.median(np.abs(logs - middle))
    if spread < 1e-6:  # noqa: PLR2004  all pictures are alike
        return []
    n_deviations = NormalDist().inv_cdf(1 - N_BY_CHANCE / len(pictures))
    far = np.flatnonzero(logs > middle + n_deviations * spread)
    far = far[_measure_shares(features, groups, far) > MIN_SHARE]
    ratios = np.exp(logs - middle)
    return [
        Finding(
            FindingKind.OUTLIER,
            (pictures[number],),
            f"{pictures[number].path.name} is unlike all others: it differs from the pictures most "
            f"like it {ratios[number]:.1f} times as much as is usual.",
            float(ratios[number]),
        )
        for number in far[np.argsort(-ratios[far])]
    ]


def measure_distances(features: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Return the mean distance of each picture to its nearest neighbours: float, (n,)."""
    rows = _reduce(features)
    chosen = np.arange(len(rows))
    if len(rows) > MAX_REFERENCES:
        chosen = np.sort(np.random.default_rng(0).choice(len(rows), MAX_REFERENCES, replace=False))
    references = rows[chosen]
    lengths = np.einsum("ij,ij->i", references, references)
    found = np.empty(len(rows))
    for start in range(0, len(rows), _BLOCK):
        block = rows[start : start + _BLOCK]
        squares = lengths - 2 * block @ references.T
        squares += np.einsum("ij,ij->i", block, block)[:, np.newaxis]
        squares[groups[start : start + _BLOCK, np.newaxis] == groups[chosen]] = np.inf
        nearest = np.partition(squares, N_NEIGHBOURS - 1, axis=1)[:, :N_NEIGHBOURS]
        nearest = np.where(np.isfinite(nearest), np.maximum(nearest, 0), np.nan)
        found[start : start + _BLOCK] = np.nanmean(np.sqrt(nearest), axis=1)
    return found


def _measure_shares(features: np.ndarray, groups: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Return the distance of chosen pictures to the nearest, as a share of their own length."""
    if not len(chosen):
        return np.empty(0)
    rows = np.log1p(np.maximum(features, 0))
    squares = np.einsum("ij,ij->i", rows, rows)
    found = np.empty(len(chosen))
    for number, row in enumerate(chosen):
        others = (squares + squares[row] - 2 * rows @ rows[row])[groups != groups[row]]
        found[number] = np.sqrt(max(others.min(), 0) / max(squares[row], 1e-6))
    return found


def _reduce(features: np.ndarray) -> np.ndarray:
    """Return the first principal components, with equal variance: float32, (n, N_COMPONENTS)."""
    rows = np.log1p(np.maximum(features, 0, dtype=np.float64))
    rows -= rows.mean(axis=0)
    rows /= np.maximum(rows.std(axis=0), 1e-6)
    _, axes = np.linalg.eigh(rows.T @ rows)
    components = rows @ axes[:, -N_COMPONENTS:]
    components /= np.maximum(components.std(axis=0), 1e-6)
    return components.astype(np.float32)


def find_poor_pictures(pictures: Sequence[Picture], looks: Sequence[Look]) -> list[Finding]:
    """Find pictures that show nothing, are blurred, or are tiny.

    Parameters
    ----------
    pictures : sequence of Picture
    looks : sequence of Look
        One per picture.

    Returns
    -------
    list of Finding
        The measure is the contrast (standard deviation, 0 to 0.5), the blur (0 to 1), or the
        shorter side in pixels.
    """
    sides = [min(picture.width_px, picture.height_px) for picture in pictures]
    numbered = range(len(pictures))
    is_empty = [look.contrast < MIN_CONTRAST for look in looks]
    return [
        *_list(
            FindingKind.NOTHING,
            pictures,
            {n: looks[n].contrast for n in numbered if is_empty[n]},
            lambda contrast: (
                f"shows almost nothing: its brightness varies by only {contrast:.1%} of the range."
            ),
        ),
        *_list(
            FindingKind.BLURRED,
            pictures,
            {n: looks[n].blur for n in numbered if looks[n].blur > MAX_BLUR and not is_empty[n]},
            lambda blur: (
                f"is blurred ({blur:.2f} on a scale from 0, sharp, to 1): fine detail is missing."
            ),
        ),
        *_list(
            FindingKind.TINY,
            pictures,
            {n: float(sides[n]) for n in numbered if sides[n] < SMALL_PX},
            lambda side: f"is only {side:.0f} pixels high or wide, and shows little detail.",
        ),
    ]


def _list(
    kind: FindingKind,
    pictures: Sequence[Picture],
    measures: dict[int, float],
    describe: Callable[[float], str],
) -> list[Finding]:
    """Return one finding per picture, the worst first."""
    worst_first = sorted(measures, key=measures.__getitem__, reverse=kind is FindingKind.BLURRED)
    return [
        Finding(
            kind,
            (pictures[number],),
            f"{pictures[number].path.name} {describe(measures[number])}",
            measures[number],
        )
        for number in worst_first
    ]
