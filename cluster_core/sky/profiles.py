"""How the stars of a cluster spread over the sky: surface density against radius."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]

GRID_STEPS = 512


@dataclass(frozen=True)
class KingProfile:
    """The empirical profile of tidally limited clusters.

    Attributes
    ----------
    core_radius_px : float
        Where the density has dropped to about a half.
    tidal_radius_px : float
        Where it reaches zero.

    References
    ----------
    .. [1] King, I. 1962, "The structure of star clusters. I. An empirical
       density law", AJ 67, 471, equations 14 and 18.
    """

    core_radius_px: float
    tidal_radius_px: float

    @classmethod
    def from_half_light(cls, half_light_px: float, concentration: float) -> KingProfile:
        """Return the profile with half its stars inside `half_light_px`.

        Parameters
        ----------
        half_light_px : float
            Projected half-light radius.
        concentration : float
            log10 of tidal over core radius: 0.3 to 1.2 for open clusters, 0.5 to 2.5 for
            globulars (Harris 1996).
        """
        unit = cls(1.0, 10.0**concentration)
        radii = unit._radius_grid()
        half = float(np.interp(0.5, unit.enclosed(radii), radii))
        core = half_light_px / half
        return cls(core, core * 10.0**concentration)

    @property
    def concentration(self) -> float:
        """log10 of tidal over core radius."""
        return float(np.log10(self.tidal_radius_px / self.core_radius_px))

    def density(self, radius_px: Floats) -> Floats:
        """Return stars per square pixel, for one star in the whole cluster."""
        edge = 1.0 / np.sqrt(1.0 + self._squared(self.tidal_radius_px))
        bare = 1.0 / np.sqrt(1.0 + self._squared(radius_px)) - edge
        norm = np.pi * self.core_radius_px**2 * self._count(self._squared(self.tidal_radius_px))
        density: Floats = np.where(radius_px < self.tidal_radius_px, bare, 0.0) ** 2 / norm
        return density

    def enclosed(self, radius_px: Floats) -> Floats:
        """Return the share of stars inside a projected radius."""
        inside = np.minimum(radius_px, self.tidal_radius_px)
        total = self._count(self._squared(self.tidal_radius_px))
        return self._count(self._squared(inside)) / total

    def sample_radii(self, rng: np.random.Generator, count: int) -> Floats:
        """Draw projected distances from the centre, in pixels."""
        radii = self._radius_grid()
        return np.interp(rng.random(count), self.enclosed(radii), radii)

    def _radius_grid(self) -> Floats:
        log_edge = np.log10(self.tidal_radius_px)
        near = np.logspace(np.log10(self.core_radius_px) - 2.0, log_edge, GRID_STEPS)
        return np.concatenate([[0.0], near])

    def _squared(self, radius_px: Floats | float) -> Floats:
        return (np.asarray(radius_px) / self.core_radius_px) ** 2

    def _count(self, x: Floats) -> Floats:
        """Return King's n(r) over pi k rc**2, with x = (r / rc)**2."""
        edge = 1.0 + self._squared(self.tidal_radius_px)
        count: Floats = np.log1p(x) - 4.0 * (np.sqrt(1.0 + x) - 1.0) / np.sqrt(edge) + x / edge
        return count


def sample_fractal(rng: np.random.Generator, count: int, dimension: float) -> Floats:
    """Draw positions of a young cluster that still remembers the clumps of its cloud.

    A square is cut in four again and again; each quarter lives on with a
    probability of 2**(dimension - 2).

    Parameters
    ----------
    rng : numpy.random.Generator
        The source of chance.
    count : int
        How many stars.
    dimension : float
        Fractal dimension on the sky: 1.2 is clumpy, 2.0 even.

    Returns
    -------
    ndarray of shape (count, 2)
        x and y with a median distance of 1 from the middle.

    References
    ----------
    .. [1] Goodwin, S. P. & Whitworth, A. P. 2004, A&A 413, 929.
    """
    survive = 2.0 ** (dimension - 2.0)
    quarters = np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]])
    centres, half = np.zeros((1, 2)), 1.0
    while len(centres) < 2 * count:
        half /= 2.0
        children = (centres[:, None, :] + half * quarters).reshape(-1, 2)
        alive = children[rng.random(len(children)) < survive]
        centres = alive if len(alive) > len(centres) else children
        centres = centres + rng.normal(0.0, 0.3 * half, centres.shape)
    places = centres[rng.permutation(len(centres))[:count]]
    places -= np.median(places, axis=0)
    return places / max(float(np.median(np.hypot(*places.T))), 1e-3)
