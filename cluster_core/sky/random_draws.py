"""Random draws that several parts of the simulation need."""

from __future__ import annotations

import numpy as np

Range = tuple[float, float]


def happens(rng: np.random.Generator, probability: float) -> bool:
    """Return True with a probability of 0 to 1."""
    return bool(rng.random() < probability)


def draw_log_uniform(rng: np.random.Generator, limits: Range) -> float:
    """Draw a number whose logarithm is uniform between two positive limits."""
    return float(np.exp(rng.uniform(np.log(limits[0]), np.log(limits[1]))))
