"""Confidence intervals of an accuracy that is measured on few pictures."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

# The 97.5 % quantile of the standard normal distribution.
Z_95 = 1.959963984540054
# A variance that is small by chance must not stand for many more pictures than there are.
MAX_GAIN = 1.5


def compute_wilson_interval(n_right: int, n: int) -> tuple[float, float]:
    """Return the 95 % Wilson score interval of a proportion [1]_.

    Unlike the normal approximation, it stays within 0 and 1 and has a width even if all
    trials succeed.

    Parameters
    ----------
    n_right : int
        Number of successes, 0 to `n`.
    n : int
        Number of trials; without any, the interval is (0, 1).

    Returns
    -------
    low, high : float
        The bounds, 0 to 1.

    References
    ----------
    .. [1] Wilson, E. B. 1927, "Probable inference, the law of succession, and statistical
       inference", J. Am. Stat. Assoc. 22, 209.
    """
    return compute_score_interval(n_right / n, n) if n else (0.0, 1.0)


def count_independent(groups: Sequence[int] | np.ndarray) -> float:
    """Return how many independent pictures are as telling as some that are partly alike.

    Copies and pictures of one object are mostly answered alike. If they always are, the mean over
    n pictures in groups of m has the variance of ``n ** 2 / sum(m ** 2)`` independent ones [1]_;
    otherwise that is too few, and an interval made with it too wide rather than too narrow.

    Parameters
    ----------
    groups : sequence of int, (n,)
        The group of each picture, from `group_pictures`.

    Returns
    -------
    float
        0 without pictures, else 1 to n.

    References
    ----------
    .. [1] Kish, L. 1965, "Survey Sampling", Wiley: the effective sample size.
    """
    sizes = np.unique(groups, return_counts=True)[1]
    return float(len(groups) ** 2 / np.square(sizes).sum()) if len(groups) else 0.0


def compute_resampled_interval(fold_accuracies: np.ndarray, n_groups: int) -> tuple[float, float]:
    """Return a 95 % interval of the accuracy from a repeated cross-validation.

    The accuracies of folds are correlated, because their trainings share pictures. The variance
    of their mean is therefore the corrected resampled variance [1]_: that of the folds times
    1/J + n_test/n_train for J folds in all, not times 1/J. The number of independent pictures
    with this variance then takes the place of n in Wilson's interval, as in complex surveys
    [2]_. An interval with Student's t around the mean holds the truth in only 89 % of
    simulated experiments, because folds without a mistake have no variance; this one does in
    95.2 % (see `docs/trust.md`).

    Parameters
    ----------
    fold_accuracies : ndarray of float, (n_repeats, n_folds)
        Accuracy on the pictures of each fold, by a head that learned from the other folds.
    n_groups : int
        Number of groups of pictures that are independent of each other.

    Returns
    -------
    low, high : float
        The bounds, 0 to 1.

    References
    ----------
    .. [1] Nadeau, C., Bengio, Y. 2003, "Inference for the generalization error", Machine
       Learning 52, 239.
    .. [2] Franco, C., Little, R. J. A., Louis, T. A., Slud, E. V. 2019, "Comparative study of
       confidence intervals for proportions in complex sample surveys", J. Surv. Stat.
       Methodol. 7, 334.
    """
    n_folds = fold_accuracies.shape[1]
    mean = float(fold_accuracies.mean())
    correction = 1 / fold_accuracies.size + 1 / (n_folds - 1)
    variance = correction * float(fold_accuracies.var(ddof=1))
    n_effective = mean * (1 - mean) / variance if variance else n_groups
    return compute_score_interval(mean, max(1.0, min(MAX_GAIN * n_groups, n_effective)))


def compute_score_interval(share: float, n: float) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share of trials, whose number need not be whole.

    Parameters
    ----------
    share : float
        Share of successes, 0 to 1.
    n : float
        Number of trials, above 0.

    Returns
    -------
    low, high : float
        The bounds, 0 to 1.
    """
    spread = Z_95**2 / n
    centre = share + spread / 2
    half_width = Z_95 * math.sqrt(share * (1 - share) / n + spread / (4 * n))
    low, high = (centre - half_width) / (1 + spread), (centre + half_width) / (1 + spread)
    # For a share of 0 or 1 one bound equals the share, up to a rounding error.
    return max(0.0, min(low, share)), min(1.0, max(high, share))
