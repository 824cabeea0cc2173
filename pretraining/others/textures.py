"""Textures and point masses that several kinds of pictures share."""

from __future__ import annotations

import numpy as np

from cluster_core.sky.clouds import sample_turbulence
from cluster_core.sky.frame import Frame
from cluster_core.sky.profiles import Floats
from cluster_core.sky.random_draws import draw_log_uniform

# Linear light in red, green and blue.
YOUNG = np.array([0.65, 0.85, 1.15], np.float32)
OLD = np.array([1.25, 1.0, 0.65], np.float32)
HYDROGEN = np.array([1.0, 0.25, 0.4], np.float32)
OXYGEN = np.array([0.1, 0.9, 0.8], np.float32)


def draw_centre(
    rng: np.random.Generator, frame: Frame, spread: float = 0.06
) -> tuple[float, float]:
    """Draw a position near the centre; `spread` is a standard deviation over the frame's size."""
    x, y = np.array(frame.centre_px) + rng.normal(0.0, spread, 2) * frame.size_px
    return float(x), float(y)


def draw_size(rng: np.random.Generator, frame: Frame, low: float, high: float) -> float:
    """Draw a length in pixels, log-uniform between two shares of the frame's size."""
    return draw_log_uniform(rng, (low, high)) * frame.size_px


def draw_colour(rng: np.random.Generator, colour: Floats, spread: float = 0.2) -> Floats:
    """Return a colour near another one: float32, (3,)."""
    near: Floats = (colour * np.exp(rng.normal(0.0, spread, 3))).astype(np.float32)
    return near


def draw_lognormal(rng: np.random.Generator, frame: Frame, sigma: float, slope: float) -> Floats:
    """Draw a positive texture of median 1: float32, (rows, columns)."""
    texture: Floats = np.exp(np.float32(sigma) * sample_turbulence(rng, frame.shape, slope))
    return texture


def draw_filaments(rng: np.random.Generator, frame: Frame, sharpness: float) -> Floats:
    """Draw a network of thin ridges from 0 to 1: where two turbulent fields cross 0."""
    fine, coarse = (sample_turbulence(rng, frame.shape, slope) for slope in (2.6, 3.4))
    ridges = np.exp(-np.abs(fine + 0.5 * coarse) * np.float32(sharpness))
    filaments: Floats = ridges * np.clip(0.6 + 0.4 * coarse, 0.0, 1.5)
    return filaments


def add_points(
    rng: np.random.Generator, light: Floats, density: Floats, count: int, flux: float
) -> None:
    """Add point sources to a canvas, at random places of a density, with power-law fluxes.

    Parameters
    ----------
    rng : numpy.random.Generator
    light : ndarray of shape (rows, columns)
        Changed in place.
    density : ndarray of shape (rows, columns)
        Relative density, 0 or more.
    count : int
        Number of points.
    flux : float
        Flux of the faintest point.
    """
    total = np.cumsum(density.ravel(), dtype=float)
    if total[-1] > 0:
        places = np.searchsorted(total, rng.random(count) * total[-1])
        places = np.minimum(places, total.size - 1)
        fluxes = np.minimum(flux * rng.random(count) ** -0.8, 30 * flux)
        np.add.at(light.reshape(-1), places, fluxes.astype(np.float32))
