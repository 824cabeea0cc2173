"""How far an accuracy measured on few pictures can be trusted."""

from __future__ import annotations

import math

Z_95 = 1.959963984540054


def compute_wilson_interval(n_right: int, n: int) -> tuple[float, float]:
    """Return the 95 % Wilson score interval of a share.

    Parameters
    ----------
    n_right : int
        Successes, 0 to `n`.
    n : int
        Trials; with none, nothing is known and the interval is (0, 1).

    Returns
    -------
    (float, float)
        Lower and upper bound, 0 to 1. Unlike the textbook interval it stays
        within 0 and 1 and has a width even where all are right.

    References
    ----------
    .. [1] E. B. Wilson, J. Am. Stat. Assoc. 22 (1927) 209.
    """
    if n == 0:
        return 0.0, 1.0
    share, spread = n_right / n, Z_95**2 / n
    middle = share + spread / 2
    half = Z_95 * math.sqrt(share * (1 - share) / n + spread / (4 * n))
    low, high = (middle - half) / (1 + spread), (middle + half) / (1 + spread)
    # At 0 and 1 a bound is the share itself, but for a rounding error either way.
    return max(0.0, min(low, share)), min(1.0, max(high, share))
