"""Globular and open clusters, placed on a canvas."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cluster_core.sky.colours import compute_rgb
from cluster_core.sky.frame import Frame, Stars
from cluster_core.sky.populations import GlobularPopulation, OpenPopulation, Population
from cluster_core.sky.profiles import Floats, KingProfile, sample_fractal

# A star at the limit of a picture holds ten sky noises: with its light on a few pixels
# it just stands out.
LIMIT_FLUX_SIGMA = 10.0
# Stars below the limit are still drawn as far as they make the light grainy.
GRAIN_MAGNITUDES = 1.5
MAX_STARS = 9000
EVEN = 2.0


def compute_flux_sigma(magnitude: Floats | float, limit_magnitude: float) -> Floats:
    """Return the light of stars in sky noises, from magnitudes and the picture's limit."""
    return LIMIT_FLUX_SIGMA * 10.0 ** (-0.4 * (np.asarray(magnitude) - limit_magnitude))


@dataclass(frozen=True)
class Placement:
    """Where a cluster lies on the canvas.

    Attributes
    ----------
    centre_px : tuple of float
        x and y of its middle.
    flattening : float
        1 minus the ratio of its axes; 0.27 is the most among the Galaxy's globulars
        (White & Shawl 1987, ApJ 317, 246).
    angle_rad : float
        Direction of its long axis.
    """

    centre_px: tuple[float, float]
    flattening: float = 0.0
    angle_rad: float = 0.0

    def spread(self, rng: np.random.Generator, radii_px: Floats) -> tuple[Floats, Floats]:
        """Return x and y of stars at given distances in random directions."""
        turn = rng.uniform(0.0, 2.0 * np.pi, len(radii_px))
        return self.place(radii_px * np.cos(turn), radii_px * np.sin(turn))

    def place(self, along: Floats, across: Floats) -> tuple[Floats, Floats]:
        """Return x and y on the canvas of points on the cluster's own axes."""
        across = across * (1.0 - self.flattening)
        cos, sin = np.cos(self.angle_rad), np.sin(self.angle_rad)
        x, y = self.centre_px
        return x + along * cos - across * sin, y + along * sin + across * cos


@dataclass(frozen=True)
class PlacedCluster:
    """A cluster's light.

    Attributes
    ----------
    stars : Stars
        Its stars one by one.
    glow : ndarray of shape (rows, columns, 3) or None
        The light of the stars too faint to tell apart.
    richness : float
        Stars above the limit of the picture.
    """

    stars: Stars
    glow: Floats | None
    richness: float


@dataclass(frozen=True)
class GlobularCluster:
    """An old cluster with a King profile.

    Attributes
    ----------
    population : GlobularPopulation
        Its stars.
    profile : KingProfile
        How they are spread.
    limit_magnitude : float
        M_V of the faintest star that the picture shows.
    reddening_bv : float
        E(B - V) of the dust before it.
    """

    population: GlobularPopulation
    profile: KingProfile
    limit_magnitude: float
    reddening_bv: float = 0.0

    def place(self, rng: np.random.Generator, frame: Frame, where: Placement) -> PlacedCluster:
        """Draw the brightest stars one at a time and the rest as smooth light."""
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
            density /= density.sum()  # a core below a pixel must not change the total
        colour = compute_rgb(np.array([drawn.unresolved_bv + self.reddening_bv]))[0]
        light: Floats = ((total * density)[:, :, None] * colour).astype(np.float32)
        return light


@dataclass(frozen=True)
class OpenCluster:
    """A young or middle-aged cluster, loose or clumpy.

    Attributes
    ----------
    population : OpenPopulation
        Its stars.
    profile : KingProfile
        How they are spread, where they have forgotten their birth.
    limit_magnitude : float
        M_V of the faintest star that the picture shows.
    fractal_dimension : float
        Below 2 the stars are clumped by that dimension; 2 or more follow the profile.
    segregation : float
        How much nearer to the centre the heaviest stars lie, 0 to 0.8.
    reddening_bv : float
        E(B - V) of the dust before it.
    """

    population: OpenPopulation
    profile: KingProfile
    limit_magnitude: float
    fractal_dimension: float = 2.0
    segregation: float = 0.3
    reddening_bv: float = 0.0

    def place(self, rng: np.random.Generator, where: Placement) -> PlacedCluster:
        """Draw every star above the limit."""
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
        """Place stars given from the brightest to the faintest."""
        rank = np.arange(count) / max(count, 1)
        inward = 1.0 - self.segregation * np.exp(-rank / 0.15)
        if self.fractal_dimension < EVEN and count:
            places = sample_fractal(rng, count, self.fractal_dimension) * inward[:, None]
            half_light = float(np.median(self.profile.sample_radii(rng, 200)))
            return where.place(*(places * half_light).T)
        return where.spread(rng, self.profile.sample_radii(rng, count) * inward)
