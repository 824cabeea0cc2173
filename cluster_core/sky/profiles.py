"""How the stars of a cluster are distributed on the sky."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]

GRID_STEPS = 512


@dataclass(frozen=True)
class KingProfile:
    """The empirical King (1962) surface density profile of tidally limited clusters [1]_.

    Attributes
    ----------
    core_radius_px : float
        Radius at which the density is about half of the central density.
    tidal_radius_px : float
        Radius at which the density reaches zero.

    References
    ----------
    .. [1] King, I. 1962, "The structure of star clusters. I. An empirical
       density law", AJ 67, 471, equations 14 and 18.
    """

    core_radius_px: float
    tidal_radius_px: float

    @classmethod
    def from_half_light(cls, half_light_px: float, concentration: float) -> KingProfile:
        """Return the profile with a given half-light radius.

        Parameters
        ----------
        half_light_px : float
            Projected radius that encloses half of the stars.
        concentration : float
            log10 of tidal radius over core radius: 0.3 to 1.2 for open clusters, 0.5 to 2.5
            for globular clusters (Harris 1996, AJ 112, 1487).
        """
        unit = cls(1.0, 10.0**concentration)
        radii = unit._radius_grid()
        half = float(np.interp(0.5, unit.enclosed(radii), radii))
        core = half_light_px / half
        return cls(core, core * 10.0**concentration)

    @property
    def concentration(self) -> float:
        """log10 of tidal radius over core radius."""
        return float(np.log10(self.tidal_radius_px / self.core_radius_px))

    def density(self, radius_px: Floats) -> Floats:
        """Return the surface density at projected radii.

        Parameters
        ----------
        radius_px : ndarray

        Returns
        -------
        ndarray
            Share of the cluster's stars per square pixel, in the same shape.
        """
        edge = 1.0 / np.sqrt(1.0 + self._squared(self.tidal_radius_px))
        bare = 1.0 / np.sqrt(1.0 + self._squared(radius_px)) - edge
        norm = np.pi * self.core_radius_px**2 * self._count(self._squared(self.tidal_radius_px))
        density: Floats = np.where(radius_px < self.tidal_radius_px, bare, 0.0) ** 2 / norm
        return density

    def enclosed(self, radius_px: Floats) -> Floats:
        """Return the share of the cluster's stars inside projected radii, 0 to 1.

        Parameters
        ----------
        radius_px : ndarray

        Returns
        -------
        ndarray
            In the same shape.
        """
        inside = np.minimum(radius_px, self.tidal_radius_px)
        total = self._count(self._squared(self.tidal_radius_px))
        return self._count(self._squared(inside)) / total

    def sample_radii(self, rng: np.random.Generator, count: int) -> Floats:
        """Draw projected distances from the centre.

        Parameters
        ----------
        rng : numpy.random.Generator
        count : int
            Number of stars.

        Returns
        -------
        ndarray of shape (count,)
            Pixels.
        """
        radii = self._radius_grid()
        return np.interp(rng.random(count), self.enclosed(radii), radii)

    def _radius_grid(self) -> Floats:
        log_edge = np.log10(self.tidal_radius_px)
        near = np.logspace(np.log10(self.core_radius_px) - 2.0, log_edge, GRID_STEPS)
        return np.concatenate([[0.0], near])

    def _squared(self, radius_px: Floats | float) -> Floats:
        return (np.asarray(radius_px) / self.core_radius_px) ** 2

    def _count(self, x: Floats) -> Floats:
        """Return King's n(r) over pi k rc**2 (equation 18), with x = (r / rc)**2."""
        edge = 1.0 + self._squared(self.tidal_radius_px)
        count: Floats = np.log1p(x) - 4.0 * (np.sqrt(1.0 + x) - 1.0) / np.sqrt(edge) + x / edge
        return count


def sample_fractal(rng: np.random.Generator, count: int, dimension: float) -> Floats:
    """Draw positions of the stars of a young cluster, with the clumps of its birth cloud.

    The method is a fractal on a grid [1]_: a square is divided into quarters again and
    again, and each quarter survives with a probability of 2**(dimension - 2).

    Parameters
    ----------
    rng : numpy.random.Generator
    count : int
        Number of stars.
    dimension : float
        Fractal dimension in projection: 1.2 is clumpy, 2.0 is uniform.

    Returns
    -------
    ndarray of shape (count, 2)
        x and y, with a median distance of 1 from the centre.

    References
    ----------
    .. [1] Goodwin, S. P. & Whitworth, A. P. 2004, A&A 413, 929.
    """
    survival = 2.0 ** (dimension - 2.0)
    quarters = np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]])
    centres, half = np.zeros((1, 2)), 1.0
    while len(centres) < 2 * count:
        half /= 2.0
        children = (centres[:, None, :] + half * quarters).reshape(-1, 2)
        alive = children[rng.random(len(children)) < survival]
        centres = alive if len(alive) > len(centres) else children
        centres = centres + rng.normal(0.0, 0.3 * half, centres.shape)
    positions = centres[rng.permutation(len(centres))[:count]]
    positions -= np.median(positions, axis=0)
    return positions / max(float(np.median(np.hypot(*positions.T))), 1e-3)
