"""Globular and open clusters: draw their stars and place them on a canvas."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cluster_core.sky.colours import compute_rgb
from cluster_core.sky.frame import Frame, Stars
from cluster_core.sky.populations import GlobularPopulation, OpenPopulation, Population
from cluster_core.sky.profiles import Floats, KingProfile, sample_fractal

# A star at the limiting magnitude has a flux of ten sky noises: spread over a few pixels, it
# is just visible.
LIMIT_FLUX_SIGMA = 10.0
# How far below the limit stars are drawn, because they make the light grainy.
GRAIN_MAGNITUDES = 1.5
MAX_STARS = 9000
UNIFORM_DIMENSION = 2.0


def compute_flux_sigma(magnitude: Floats | float, limit_magnitude: float) -> Floats:
    """Return the flux of stars from their magnitudes.

    Parameters
    ----------
    magnitude : ndarray or float
        In any system, as long as it is that of `limit_magnitude`.
    limit_magnitude : float
        Magnitude of the faintest star that the picture shows.

    Returns
    -------
    ndarray
        Flux in units of the sky noise of one pixel; `LIMIT_FLUX_SIGMA` at the limit.
    """
    return LIMIT_FLUX_SIGMA * 10.0 ** (-0.4 * (np.asarray(magnitude) - limit_magnitude))


@dataclass(frozen=True)
class Placement:
    """Position, ellipticity and orientation of a cluster on the canvas.

    Attributes
    ----------
    centre_px : tuple of float
        x and y of its centre.
    flattening : float
        1 minus the axis ratio. The largest value among the Galaxy's globular clusters is
        0.27 [1]_.
    angle_rad : float
        Direction of its major axis, from the x axis towards the y axis.

    References
    ----------
    .. [1] White, R. E. & Shawl, S. J. 1987, ApJ 317, 246.
    """

    centre_px: tuple[float, float]
    flattening: float = 0.0
    angle_rad: float = 0.0

    def spread(self, rng: np.random.Generator, radii_px: Floats) -> tuple[Floats, Floats]:
        """Return x and y of stars at the given radii in random directions.

        Parameters
        ----------
        rng : numpy.random.Generator
        radii_px : ndarray of shape (n_stars,)
            Distances from the centre, along the major axis.

        Returns
        -------
        x_px, y_px : ndarray of shape (n_stars,)
        """
        direction = rng.uniform(0.0, 2.0 * np.pi, len(radii_px))
        return self.place(radii_px * np.cos(direction), radii_px * np.sin(direction))

    def place(self, along: Floats, across: Floats) -> tuple[Floats, Floats]:
        """Convert positions on the cluster's axes to x and y on the canvas.

        Parameters
        ----------
        along, across : ndarray of shape (n_stars,)
            Pixels along the major and minor axis, before flattening.

        Returns
        -------
        x_px, y_px : ndarray of shape (n_stars,)
        """
        across = across * (1.0 - self.flattening)
        cos, sin = np.cos(self.angle_rad), np.sin(self.angle_rad)
        x, y = self.centre_px
        return x + along * cos - across * sin, y + along * sin + across * cos


@dataclass(frozen=True)
class PlacedCluster:
    """A cluster's light on the canvas.

    Attributes
    ----------
    stars : Stars
        The stars that are drawn individually.
    glow : ndarray of shape (rows, columns, 3) or None
        Smooth light of the unresolved stars, in sky noises per pixel.
    richness : float
        Number of stars above the limit of the picture.
    """

    stars: Stars
    glow: Floats | None
    richness: float


@dataclass(frozen=True)
class GlobularCluster:
    """A globular cluster with a King (1962) profile.

    Attributes
    ----------
    population : GlobularPopulation
        Its stars.
    profile : KingProfile
        Their surface density.
    limit_magnitude : float
        M_V of the faintest star that the picture shows.
    reddening_bv : float
        E(B - V) of the dust in front of it, in magnitudes.
    """

    population: GlobularPopulation
    profile: KingProfile
    limit_magnitude: float
    reddening_bv: float = 0.0

    def place(self, rng: np.random.Generator, frame: Frame, where: Placement) -> PlacedCluster:
        """Draw the brightest stars individually and the rest as smooth light.

        Parameters
        ----------
        rng : numpy.random.Generator
        frame : Frame
            The canvas.
        where : Placement
            The cluster's position on it.

        Returns
        -------
        PlacedCluster
        """
        faintest = self.limit_magnitude + GRAIN_MAGNITUDES
        drawn = self.population.draw(rng, faintest, MAX_STARS)
        radii = self.profile.sample_radii(rng, len(drawn.absolute_magnitude))
        x, y = where.spread(rng, radii)
        flux = compute_flux_sigma(drawn.absolute_magnitude, self.limit_magnitude)
        stars = Stars(x, y, flux, drawn.colour_bv + self.reddening_bv)
        richness = float(np.sum(flux > LIMIT_FLUX_SIGMA))
        return PlacedCluster(stars, self._smooth_light(frame, where, drawn), richness)

    def _smooth_light(self, frame: Frame, where: Placement, drawn: Population) -> Floats | None:
        if not np.isfinite(drawn.unresolved_magnitude):
            return None
        total = float(compute_flux_sigma(drawn.unresolved_magnitude, self.limit_magnitude))
        radius = frame.radii(
            where.centre_px, flattening=where.flattening, angle_rad=where.angle_rad
        )
        density = self.profile.density(np.hypot(radius, 0.3)) / (1.0 - where.flattening)
        if 2.5 * self.profile.tidal_radius_px < frame.size_px and density.sum() > 0:
            density /= density.sum()  # a core smaller than a pixel must not change the total light
        colour = compute_rgb(np.array([drawn.unresolved_bv + self.reddening_bv]))[0]
        light: Floats = ((total * density)[:, :, None] * colour).astype(np.float32)
        return light


@dataclass(frozen=True)
class OpenCluster:
    """An open cluster, smooth or with fractal clumps.

    Attributes
    ----------
    population : OpenPopulation
        Its stars.
    profile : KingProfile
        Their surface density if they are not clumped; else it sets only the scale.
    limit_magnitude : float
        M_V of the faintest star that the picture shows.
    fractal_dimension : float
        Dimension of the clumps if below 2; 2 or more follows the profile.
    segregation : float
        Mass segregation: by which share the brightest stars are closer to the centre,
        0 to 0.8.
    reddening_bv : float
        E(B - V) of the dust in front of it, in magnitudes.
    """

    population: OpenPopulation
    profile: KingProfile
    limit_magnitude: float
    fractal_dimension: float = 2.0
    segregation: float = 0.3
    reddening_bv: float = 0.0

    def place(self, rng: np.random.Generator, where: Placement) -> PlacedCluster:
        """Draw the stars down to `GRAIN_MAGNITUDES` below the limit, at most `MAX_STARS`.

        Parameters
        ----------
        rng : numpy.random.Generator
        where : Placement
            The cluster's position on the canvas.

        Returns
        -------
        PlacedCluster
            Without smooth light.
        """
        drawn = self.population.draw(rng, self.limit_magnitude + GRAIN_MAGNITUDES)
        order = np.argsort(drawn.absolute_magnitude)[:MAX_STARS]
        magnitude, colour = drawn.absolute_magnitude[order], drawn.colour_bv[order]
        x, y = self._positions(rng, where, len(order))
        flux = compute_flux_sigma(magnitude, self.limit_magnitude)
        stars = Stars(x, y, flux, colour + self.reddening_bv)
        return PlacedCluster(stars, None, float(np.sum(flux > LIMIT_FLUX_SIGMA)))

    def _positions(
        self, rng: np.random.Generator, where: Placement, count: int
    ) -> tuple[Floats, Floats]:
        """Return positions of `count` stars, ordered from the brightest to the faintest."""
        rank = np.arange(count) / max(count, 1)
        inward = 1.0 - self.segregation * np.exp(-rank / 0.15)
        if self.fractal_dimension < UNIFORM_DIMENSION and count:
            positions = sample_fractal(rng, count, self.fractal_dimension) * inward[:, None]
            half_light = float(np.median(self.profile.sample_radii(rng, 200)))
            return where.place(*(positions * half_light).T)
        return where.spread(rng, self.profile.sample_radii(rng, count) * inward)
