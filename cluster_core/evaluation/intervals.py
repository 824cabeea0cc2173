"""Confidence intervals of an accuracy that is measured on few pictures."""

from __future__ import annotations

import math

# The 97.5 % quantile of the standard normal distribution.
Z_95 = 1.959963984540054


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
    if n == 0:
        return 0.0, 1.0
    share, spread = n_right / n, Z_95**2 / n
    centre = share + spread / 2
    half_width = Z_95 * math.sqrt(share * (1 - share) / n + spread / (4 * n))
    low, high = (centre - half_width) / (1 + spread), (centre + half_width) / (1 + spread)
    # For a share of 0 or 1 one bound equals the share, up to a rounding error.
    return max(0.0, min(low, share)), min(1.0, max(high, share))
