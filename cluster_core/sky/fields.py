"""Skies without a cluster, and the field stars that every picture has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cluster_core.sky.clouds import sample_dust, sample_nebula
from cluster_core.sky.clusters import GRAIN_MAGNITUDES, LIMIT_FLUX_SIGMA, compute_flux_sigma
from cluster_core.sky.frame import Frame, Scene, SkyLabels, Stars
from cluster_core.sky.populations import sample_field
from cluster_core.sky.profiles import Floats
from cluster_core.sky.random_draws import Range, draw_log_uniform, happens

MAX_FIELD_STARS = 8000


@dataclass(frozen=True)
class FieldKind:
    """Parameter ranges of a sky without a cluster: field stars, with or without a nebula.

    Attributes
    ----------
    field : Range
        Number of field stars above the limit of the picture, log-uniform.
    glow : callable or None
        Draws the smooth light of a galaxy or nebula, from the random generator, the frame
        and a brightness in sky noises per pixel.
    brightness_sigma : Range
        That brightness, log-uniform.
    extinction_mag : Range
        Extinction of the dust in front of the stars, in magnitudes, uniform; no dust if the
        upper limit is 0.
    """

    field: Range
    glow: Callable[[np.random.Generator, Frame, float], Floats] | None = None
    brightness_sigma: Range = (2.0, 200.0)
    extinction_mag: Range = (0.0, 0.0)

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
            With `log_field` as its only label.
        """
        stars, labels = draw_field(rng, frame, self.field, rng.exponential(0.15))
        glow = None
        if self.glow is not None:
            glow = self.glow(rng, frame, draw_log_uniform(rng, self.brightness_sigma))
        if self.extinction_mag[1] > 0:
            dust = sample_dust(rng, frame, rng.uniform(*self.extinction_mag))
            stars = stars.dimmed(dust)
            starlight = (
                draw_log_uniform(rng, (0.5, 20.0)) * dust[:, :, None]
            )  # unresolved Milky Way
            tint = np.array([rng.uniform(0.9, 1.3), 1.0, rng.uniform(0.6, 0.95)], np.float32)
            glow = (0.0 if glow is None else glow) + np.float32(starlight) * tint
        return Scene(frame, stars, glow, labels)


def draw_nebula(rng: np.random.Generator, frame: Frame, brightness_sigma: float) -> Floats:
    """Draw an emission nebula, mostly red: hydrogen with some oxygen.

    Parameters
    ----------
    rng : numpy.random.Generator
    frame : Frame
        The canvas.
    brightness_sigma : float
        Typical brightness at its centre, in sky noises per pixel.

    Returns
    -------
    ndarray of shape (rows, columns, 3), float32
        Linear light in sky noises per pixel.
    """
    colour = np.clip(np.array([1.0, 0.35, 0.45]) + rng.normal(0.0, 0.3, 3), 0.05, 1.2)
    return sample_nebula(rng, frame, brightness_sigma, colour)


def draw_field(
    rng: np.random.Generator, frame: Frame, field: Range, reddening_bv: float
) -> tuple[Stars, SkyLabels]:
    """Draw field stars over the whole canvas, in 12 of 100 cases behind patchy dust.

    Parameters
    ----------
    rng : numpy.random.Generator
    frame : Frame
        The canvas.
    field : Range
        Number of stars above the limit of the picture, log-uniform.
    reddening_bv : float
        Scale of the random E(B - V) of each star, in magnitudes.

    Returns
    -------
    stars : Stars
        Down to `GRAIN_MAGNITUDES` below the limit, at most about `MAX_FIELD_STARS`.
    labels : SkyLabels
        With `log_field` alone.
    """
    in_picture, slope = draw_log_uniform(rng, field), rng.uniform(0.28, 0.46)
    rows, columns = frame.shape
    canvas_share = rows * columns / frame.size_px**2
    mean = in_picture * canvas_share * 10.0 ** (slope * GRAIN_MAGNITUDES)
    count = rng.poisson(min(mean, MAX_FIELD_STARS))
    brighter, colour = sample_field(rng, count, slope)
    x, y = rng.uniform(0, columns - 1, count), rng.uniform(0, rows - 1, count)
    flux = compute_flux_sigma(-brighter, -GRAIN_MAGNITUDES)
    stars = Stars(x, y, flux, colour + rng.exponential(0.3, count) * reddening_bv)
    if happens(rng, 0.12):
        stars = stars.dimmed(sample_dust(rng, frame, rng.uniform(0.2, 1.5)))
    visible = max(float(np.sum(stars.flux_sigma > LIMIT_FLUX_SIGMA)) / canvas_share, 1.0)
    return stars, SkyLabels(log_field=float(np.log10(visible)))
