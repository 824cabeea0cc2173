"""Stellar populations: how many stars a cluster has, how bright and of what colour."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cluster_core.sky.profiles import Floats

SUN_ABSOLUTE_MAGNITUDE = 4.83

# Main sequence after Pecaut & Mamajek (2013, ApJS 208, 9): mass in solar masses, M_V, B - V.
DWARF_MASS = np.array(
    [0.2, 0.44, 0.57, 0.7, 0.87, 1.0, 1.1, 1.33, 1.6, 1.9, 2.2, 3.4, 4.7, 7.3, 18, 40]
)
DWARF_MV = np.array(
    [13.0, 10.3, 8.8, 7.4, 5.8, 4.9, 4.35, 3.4, 2.5, 1.9, 1.1, 0.0, -0.9, -1.7, -3.5, -5.4]
)
DWARF_BV = np.array(
    [
        1.65,
        1.5,
        1.42,
        1.15,
        0.82,
        0.67,
        0.59,
        0.44,
        0.29,
        0.16,
        0.0,
        -0.1,
        -0.16,
        -0.21,
        -0.3,
        -0.32,
    ]
)

# Giants of a population by its turn-off mass in solar masses: M_V and B - V.
GIANT_MASS = np.array([1.0, 1.6, 2.2, 3.0, 5.0, 8.0, 15.0])
GIANT_MV = np.array([0.9, 0.8, 0.5, -0.4, -2.0, -3.8, -5.5])
GIANT_BV = np.array([1.12, 1.05, 0.98, 1.05, 1.3, 1.55, 1.7])

# An old, metal-poor population: stars per magnitude for about 80 stars on the horizontal
# branch, after the luminosity function of M5 (Sandquist et al. 1996, ApJ 470, 910).
OLD_MV = np.array([-2.4, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 3.5, 4.0, 5.0, 6.0, 8.0, 10.0])
OLD_COUNTS = np.array(
    [0.5, 3.0, 9.0, 20.0, 40.0, 75.0, 220.0, 800.0, 2200.0, 3700.0, 4500.0, 6500.0, 8000.0]
)
OLD_BV = np.array([1.6, 1.42, 1.15, 0.95, 0.83, 0.76, 0.68, 0.52, 0.44, 0.55, 0.72, 1.15, 1.4])
OLD_HORIZONTAL_BRANCH = 80.0
HORIZONTAL_BRANCH_MV = 0.6
MAX_BRANCH_STARS = 6000
FIELD_GIANT_SHARE = 0.35


@dataclass(frozen=True)
class Population:
    """The stars that are drawn individually, and the total light of the rest.

    Attributes
    ----------
    absolute_magnitude : ndarray of shape (n_stars,)
        M_V in magnitudes.
    colour_bv : ndarray of shape (n_stars,)
        B - V in magnitudes, without reddening.
    unresolved_magnitude : float
        M_V of all fainter stars together; infinite if there are none.
    unresolved_bv : float
        B - V of their combined light.
    """

    absolute_magnitude: Floats
    colour_bv: Floats
    unresolved_magnitude: float = np.inf
    unresolved_bv: float = 0.7


@dataclass(frozen=True)
class OpenPopulation:
    """The stars of an open cluster: a single age, a Kroupa mass function [1]_ and few giants.

    Attributes
    ----------
    star_count : int
        Number of stars above half a solar mass at birth.
    age_myr : float
        Age in millions of years, 3 to 8,000.
    binary_share : float
        Share of stars with a companion that adds to their light, 0 to 1.

    References
    ----------
    .. [1] Kroupa, P. 2001, "On the variation of the initial mass function", MNRAS 322, 231.
    """

    star_count: int
    age_myr: float
    binary_share: float = 0.4

    @property
    def turn_off_mass(self) -> float:
        """Mass of the heaviest star on the main sequence, in solar masses, 1 to 40.

        Assumes a main-sequence lifetime of 10^10 years times mass to the power of -2.5.
        """
        return float(np.clip((1.0e4 / self.age_myr) ** 0.4, 1.0, 40.0))

    @property
    def turn_off_magnitude(self) -> float:
        """M_V of a star of that mass, before it ages."""
        return float(np.interp(self.turn_off_mass, DWARF_MASS, DWARF_MV))

    def draw(self, rng: np.random.Generator, faintest: float) -> Population:
        """Draw the stars brighter than an absolute magnitude.

        Parameters
        ----------
        rng : numpy.random.Generator
        faintest : float
            M_V in magnitudes.

        Returns
        -------
        Population
            Without unresolved light.
        """
        masses = _sample_masses(rng, self.star_count)
        masses = masses[masses < 1.12 * self.turn_off_mass]  # heavier stars have died
        is_giant = masses > self.turn_off_mass
        magnitude, colour = self._main_sequence(rng, masses)
        giant_magnitude, giant_colour = self._giants(rng, int(is_giant.sum()))
        magnitude[is_giant], colour[is_giant] = giant_magnitude, giant_colour
        bright = magnitude < faintest
        return Population(magnitude[bright], colour[bright])

    def _main_sequence(self, rng: np.random.Generator, masses: Floats) -> tuple[Floats, Floats]:
        magnitude = np.interp(masses, DWARF_MASS, DWARF_MV)
        colour = np.interp(masses, DWARF_MASS, DWARF_BV)
        ageing = np.clip(masses / self.turn_off_mass, 0.0, 1.0) ** 6
        paired = rng.random(len(masses)) < self.binary_share
        magnitude -= 0.9 * ageing + 0.75 * paired * rng.random(len(masses)) ** 2
        return magnitude, colour + 0.06 * ageing

    def _giants(self, rng: np.random.Generator, count: int) -> tuple[Floats, Floats]:
        """Draw red clump giants, and stars that still climb from the turn-off."""
        magnitude = np.interp(self.turn_off_mass, GIANT_MASS, GIANT_MV) + rng.normal(0, 0.35, count)
        colour = np.interp(self.turn_off_mass, GIANT_MASS, GIANT_BV) + rng.normal(0, 0.08, count)
        climbing = rng.random(count) < np.clip(2.4 - self.turn_off_mass, 0.1, 0.65)
        height = rng.random(count)  # 0 at the turn-off, 1 at the tip
        track = self.turn_off_magnitude - height * 4.0
        blue = np.interp(self.turn_off_mass, DWARF_MASS, DWARF_BV)
        return (
            np.where(climbing, track, magnitude),
            np.where(climbing, blue + (1.3 - blue) * height**0.5, colour),
        )


@dataclass(frozen=True)
class GlobularPopulation:
    """The stars of a globular cluster: 12 billion years old, with red giants that dominate.

    Attributes
    ----------
    total_magnitude : float
        M_V of the whole cluster, from -10.3 (omega Centauri) to -4.5 (the Palomar clusters);
        the mean of the Galaxy's globular clusters is -7.4 [1]_.
    blue_share : float
        Share of the horizontal branch stars that are blue, 0 to 1.

    References
    ----------
    .. [1] Harris, W. E. 1996, AJ 112, 1487.
    """

    total_magnitude: float
    blue_share: float = 0.5

    @property
    def scale(self) -> float:
        """Number of stars relative to the table of the old population."""
        return float(10.0 ** (-0.4 * self.total_magnitude) / _table_light(-np.inf))

    def draw(self, rng: np.random.Generator, faintest: float, max_stars: int) -> Population:
        """Draw the brightest stars and add up the light of the rest.

        Parameters
        ----------
        rng : numpy.random.Generator
        faintest : float
            M_V of the faintest star to draw, in magnitudes; brighter if `max_stars` is
            reached first.
        max_stars : int
            Approximate maximum number of stars, not counting the horizontal branch.

        Returns
        -------
        Population
        """
        grid = np.linspace(OLD_MV[0], OLD_MV[-1], 400)
        cumulative = self.scale * _table_counts(grid)
        faintest = min(faintest, float(np.interp(max_stars, cumulative, grid)))
        mean = float(np.interp(faintest, grid, cumulative))
        magnitude = np.interp(rng.random(rng.poisson(mean)) * mean, cumulative, grid)
        colour = np.interp(magnitude, OLD_MV, OLD_BV) + rng.normal(0.0, 0.03, len(magnitude))
        branch = self._horizontal_branch(rng, faintest)
        light = self.scale * _table_light(faintest)
        return Population(
            np.concatenate([magnitude, branch[0]]),
            np.concatenate([colour, branch[1]]),
            -2.5 * np.log10(light) if light > 0 else np.inf,
            0.62,
        )

    def _horizontal_branch(
        self, rng: np.random.Generator, faintest: float
    ) -> tuple[Floats, Floats]:
        count = rng.poisson(OLD_HORIZONTAL_BRANCH * self.scale)
        if count > MAX_BRANCH_STARS or faintest < HORIZONTAL_BRANCH_MV:
            return np.empty(0), np.empty(0)
        blue = rng.random(count) < self.blue_share
        colour = np.where(blue, rng.normal(0.05, 0.12, count), rng.normal(0.62, 0.08, count))
        magnitude = HORIZONTAL_BRANCH_MV + rng.normal(0.0, 0.12, count)
        magnitude += np.clip(0.05 - colour, 0.0, None) * 8.0  # the blue tail is fainter
        return magnitude, colour


def _sample_masses(rng: np.random.Generator, count: int) -> Floats:
    """Draw masses of 0.5 to 40 solar masses from Kroupa's (2001) power law of slope -2.3."""
    low, high = 0.5**-1.3, 40.0**-1.3
    masses: Floats = (low - rng.random(count) * (low - high)) ** (-1.0 / 1.3)
    return masses


def _table_counts(magnitude: Floats) -> Floats:
    """Return how many stars of the table are brighter, without the horizontal branch."""
    per_magnitude = np.exp(np.interp(magnitude, OLD_MV, np.log(OLD_COUNTS)))
    steps = np.diff(magnitude, prepend=magnitude[0])
    return np.cumsum(per_magnitude * steps)


def _table_light(brighter_than: float) -> float:
    """Return the light of the table's stars fainter than a magnitude; M_V = 0 is 1."""
    grid = np.linspace(OLD_MV[0], OLD_MV[-1], 400)
    counts = np.diff(_table_counts(grid), prepend=0.0)
    light = float(
        np.sum(counts[grid > brighter_than] * 10.0 ** (-0.4 * grid[grid > brighter_than]))
    )
    if brighter_than < HORIZONTAL_BRANCH_MV:
        light += OLD_HORIZONTAL_BRANCH * 10.0 ** (-0.4 * HORIZONTAL_BRANCH_MV)
    return light


def sample_field(rng: np.random.Generator, count: int, slope: float) -> tuple[Floats, Floats]:
    """Draw field stars of the Milky Way.

    Parameters
    ----------
    rng : numpy.random.Generator
    count : int
        Number of stars.
    slope : float
        Slope of the star counts, d log10 N / dm: 0.6 in infinite uniform space, 0.2 to 0.45
        in the Galaxy.

    Returns
    -------
    brighter : ndarray of shape (count,)
        Magnitudes by which each star is brighter than the faintest, 0 to 12.
    colour_bv : ndarray of shape (count,)
        B - V in magnitudes, with two peaks: nearby dwarfs of the disc and distant red giants.
    """
    brighter = np.minimum(-np.log10(1.0 - rng.random(count)) / slope, 12.0)
    giant = rng.random(count) < FIELD_GIANT_SHARE
    colour = np.where(giant, rng.normal(1.15, 0.22, count), rng.normal(0.55, 0.25, count))
    return brighter, colour
