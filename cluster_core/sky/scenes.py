"""Skies with a globular or open cluster: parameter ranges, and scenes drawn from them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cluster_core.sky.clouds import sample_nebula, sample_reflection
from cluster_core.sky.clusters import LIMIT_FLUX_SIGMA, GlobularCluster, OpenCluster, Placement
from cluster_core.sky.fields import draw_field
from cluster_core.sky.frame import Frame, Scene, SkyLabels, Stars
from cluster_core.sky.populations import GlobularPopulation, OpenPopulation
from cluster_core.sky.profiles import Floats, KingProfile
from cluster_core.sky.random_draws import Range, draw_log_uniform, happens


@dataclass(frozen=True)
class GlobularKind:
    """Parameter ranges of a kind of globular cluster; uniform unless noted.

    Attributes
    ----------
    half_light : Range
        Half-light radius over `Frame.size_px`, log-uniform.
    concentration : Range
        log10 of tidal radius over core radius.
    total_magnitude : Range
        M_V of the cluster.
    limit_magnitude : Range
        M_V of the faintest star that the picture shows. The tip of the red giant branch is
        at -2.4, the horizontal branch at 0.6, the turn-off at 4.
    field : Range
        Number of field stars above the limit of the picture, log-uniform.
    off_centre : float
        Standard deviation of its position from the centre, over `Frame.size_px`.
    """

    half_light: Range
    concentration: Range
    total_magnitude: Range
    limit_magnitude: Range
    field: Range = (8.0, 3000.0)
    off_centre: float = 0.03

    def draw(self, rng: np.random.Generator, frame: Frame) -> Scene:
        """Draw a random scene of this kind.

        Parameters
        ----------
        rng : numpy.random.Generator
        frame : Frame
            The canvas.

        Returns
        -------
        Scene
            With all labels except `log_fwhm`.
        """
        half_light_px = draw_log_uniform(rng, self.half_light) * frame.size_px
        profile = KingProfile.from_half_light(half_light_px, rng.uniform(*self.concentration))
        population = GlobularPopulation(rng.uniform(*self.total_magnitude), rng.beta(1.0, 1.0))
        reddening = rng.exponential(0.15)
        limit = max(
            rng.uniform(*self.limit_magnitude),
            _visible_limit(
                population.total_magnitude, half_light_px, draw_log_uniform(rng, (4.0, 40.0))
            ),
        )
        cluster = GlobularCluster(population, profile, limit, reddening)
        where = _sample_placement(rng, frame, self.off_centre, abs(rng.normal(0.0, 0.08)))
        placed = cluster.place(rng, frame, where)
        field, labels = draw_field(rng, frame, self.field, 0.5 * reddening)
        labels = _add_cluster_labels(labels, frame, profile, half_light_px, placed.richness)
        return Scene(frame, Stars.join([field, placed.stars]), placed.glow, labels)


@dataclass(frozen=True)
class OpenKind:
    """Parameter ranges of a kind of open cluster; uniform unless noted.

    Attributes
    ----------
    half_light : Range
        Half-light radius over `Frame.size_px`, log-uniform.
    concentration : Range
        log10 of tidal radius over core radius.
    star_count : Range
        Number of stars above half a solar mass at birth, log-uniform.
    age_myr : Range
        Age in millions of years, log-uniform.
    depth : Range
        Limit of the picture, in magnitudes below the turn-off.
    field : Range
        Number of field stars above the limit of the picture, log-uniform.
    fractal_share : float
        Probability of a fractal structure.
    reflection_share : float
        Probability of dust that reflects the brightest stars.
    emission_share : float
        Probability of glowing gas.
    is_double : bool
        Whether there are two clusters side by side.
    off_centre : float
        Standard deviation of its position from the centre, over `Frame.size_px`.
    """

    half_light: Range
    concentration: Range
    star_count: Range
    age_myr: Range
    depth: Range
    field: Range = (100.0, 6000.0)
    fractal_share: float = 0.3
    reflection_share: float = 0.03
    emission_share: float = 0.05
    is_double: bool = False
    off_centre: float = 0.05

    def draw(self, rng: np.random.Generator, frame: Frame) -> Scene:
        """Draw a random scene of this kind.

        Parameters
        ----------
        rng : numpy.random.Generator
        frame : Frame
            The canvas.

        Returns
        -------
        Scene
            With all labels except `log_fwhm`.
        """
        half_light_px = draw_log_uniform(rng, self.half_light) * frame.size_px
        first = self._draw_cluster(rng, half_light_px)
        where = _sample_placement(rng, frame, self.off_centre, rng.uniform(0.0, 0.4))
        groups = [first.place(rng, where)]
        if self.is_double:
            second = replace(first, population=self._draw_population(rng))
            groups.append(second.place(rng, _sample_neighbour(rng, where, half_light_px)))
        richness = sum(group.richness for group in groups)
        most = _max_field_stars(richness, half_light_px / frame.size_px)
        field_range = (min(self.field[0], most), min(self.field[1], most))
        field, labels = draw_field(rng, frame, field_range, first.reddening_bv)
        labels = _add_cluster_labels(labels, frame, first.profile, half_light_px, richness)
        members = Stars.join([group.stars for group in groups])
        glow = self._draw_gas(rng, frame, members)
        return Scene(frame, Stars.join([field, members]), glow, labels)

    def _draw_population(self, rng: np.random.Generator) -> OpenPopulation:
        count = int(draw_log_uniform(rng, self.star_count))
        return OpenPopulation(count, draw_log_uniform(rng, self.age_myr))

    def _draw_cluster(self, rng: np.random.Generator, half_light_px: float) -> OpenCluster:
        population = self._draw_population(rng)
        profile = KingProfile.from_half_light(half_light_px, rng.uniform(*self.concentration))
        clumpy = happens(rng, self.fractal_share)
        return OpenCluster(
            population,
            profile,
            population.turn_off_magnitude + rng.uniform(*self.depth),
            fractal_dimension=rng.uniform(1.3, 1.95) if clumpy else 2.0,
            segregation=rng.uniform(0.0, 0.6),
            reddening_bv=rng.exponential(0.2),
        )

    def _draw_gas(self, rng: np.random.Generator, frame: Frame, members: Stars) -> Floats | None:
        glow = None
        if happens(rng, self.reflection_share) and len(members.x_px):
            light = members.flux_sigma / members.flux_sigma.max()
            brightest = np.argsort(light)[::-1][: rng.integers(3, 12)]
            positions = np.stack([members.x_px, members.y_px], axis=1)[brightest]
            strength = draw_log_uniform(rng, (3.0, 120.0)) * np.sqrt(light[brightest])
            glow = sample_reflection(rng, frame, positions, strength)
        if happens(rng, self.emission_share):
            red = np.array([1.0, rng.uniform(0.15, 0.6), rng.uniform(0.2, 0.8)])
            gas = sample_nebula(rng, frame, draw_log_uniform(rng, (1.0, 40.0)), red)
            glow = gas if glow is None else glow + gas
        return glow


def _visible_limit(total_magnitude: float, half_light_px: float, brightness_sigma: float) -> float:
    """Return the limiting magnitude at which a globular cluster stands out from the sky.

    At that limit, its mean light inside the half-light radius is `brightness_sigma` sky
    noises per pixel. Nobody publishes a picture in which the cluster cannot be seen.
    """
    flux = brightness_sigma * 2.0 * np.pi * half_light_px**2
    return total_magnitude + 2.5 * float(np.log10(flux / LIMIT_FLUX_SIGMA))


def _max_field_stars(richness: float, half_light: float) -> float:
    """Return how many field stars a picture may have before they hide an open cluster.

    Inside the half-light radius, which is relative to the picture's side, that is five field
    stars per member; the members are brighter.
    """
    return 2.5 * max(richness, 5.0) / (np.pi * half_light**2)


def _add_cluster_labels(
    labels: SkyLabels, frame: Frame, profile: KingProfile, half_light_px: float, richness: float
) -> SkyLabels:
    return replace(
        labels,
        concentration=profile.concentration,
        log_richness=float(np.log10(max(richness, 1.0))),
        log_core=float(np.log10(profile.core_radius_px / frame.size_px)),
        log_half_light=float(np.log10(half_light_px / frame.size_px)),
    )


def _sample_placement(
    rng: np.random.Generator, frame: Frame, off_centre: float, flattening: float
) -> Placement:
    if happens(rng, 0.12):
        off_centre *= 5.0  # a crop, or a field with several objects
    x, y = np.array(frame.centre_px) + rng.normal(0.0, off_centre, 2) * frame.size_px
    return Placement((float(x), float(y)), min(flattening, 0.5), rng.uniform(0.0, np.pi))


def _sample_neighbour(
    rng: np.random.Generator, where: Placement, half_light_px: float
) -> Placement:
    distance, angle = half_light_px * rng.uniform(2.0, 4.0), rng.uniform(0.0, 2.0 * np.pi)
    x, y = where.centre_px
    return replace(where, centre_px=(x + distance * np.cos(angle), y + distance * np.sin(angle)))
