"""Two ways of drawing a number that come up everywhere."""

from __future__ import annotations

import numpy as np

Range = tuple[float, float]


def happens(rng: np.random.Generator, odds: float) -> bool:
    """Return True with the given probability."""
    return bool(rng.random() < odds)


def draw_log_uniform(rng: np.random.Generator, limits: Range) -> float:
    """Draw a number evenly in its logarithm."""
    return float(np.exp(rng.uniform(np.log(limits[0]), np.log(limits[1]))))
