"""Gas and dust: turbulent clouds that glow, reflect or hide the stars behind."""

from __future__ import annotations

import numpy as np

from cluster_core.sky.frame import Frame
from cluster_core.sky.profiles import Floats


def sample_turbulence(rng: np.random.Generator, shape: tuple[int, int], slope: float) -> Floats:
    """Draw a random field with a power spectrum k**-slope, mean 0 and deviation 1.

    Parameters
    ----------
    rng : numpy.random.Generator
        The source of chance.
    shape : tuple of int
        Rows and columns.
    slope : float
        2.8 or so for interstellar clouds on the sky; more is smoother.
    """
    rows, columns = shape
    ky = np.fft.fftfreq(rows)[:, None].astype(np.float32) * max(shape)
    kx = np.fft.rfftfreq(columns)[None, :].astype(np.float32) * max(shape)
    amplitude = np.maximum(np.hypot(kx, ky), 0.7) ** (-slope / 2.0)
    amplitude[0, 0] = 0.0
    spectrum = np.fft.rfft2(rng.standard_normal(shape, np.float32)) * amplitude
    field = np.fft.irfft2(spectrum, s=shape).astype(np.float32)
    unit: Floats = field / field.std()
    return unit


def sample_dust(rng: np.random.Generator, frame: Frame, extinction_mag: float) -> Floats:
    """Draw the share of light that dust lets through at each pixel, shape (rows, columns)."""
    depth = np.exp(0.9 * sample_turbulence(rng, frame.shape, rng.uniform(2.6, 3.6)))
    depth = np.maximum(depth - np.quantile(depth, rng.uniform(0.1, 0.6)), 0.0)
    transmission: Floats = 10.0 ** (-0.4 * extinction_mag * depth)
    return transmission


def sample_nebula(
    rng: np.random.Generator, frame: Frame, brightness_sigma: float, colour: Floats
) -> Floats:
    """Draw a glowing cloud of one colour, shape (rows, columns, 3)."""
    centre = np.array(frame.centre_px) + rng.normal(0.0, 0.15, 2) * frame.size_px
    radius = frame.radii((centre[0], centre[1]), flattening=rng.uniform(0.0, 0.5))
    reach = rng.uniform(0.12, 0.6) * frame.size_px
    texture = np.exp(rng.uniform(0.4, 1.1) * sample_turbulence(rng, frame.shape, 3.2))
    glow = texture * np.exp(-((radius / reach) ** rng.uniform(1.0, 3.0)))
    light: Floats = (brightness_sigma * glow)[:, :, None] * colour.astype(np.float32)
    return light


def sample_reflection(
    rng: np.random.Generator, frame: Frame, places_px: Floats, light_sigma: Floats
) -> Floats:
    """Draw dust that mirrors blue stars near it, as around the Pleiades.

    Parameters
    ----------
    rng : numpy.random.Generator
        The source of chance.
    frame : Frame
        The canvas.
    places_px : ndarray of shape (n_stars, 2)
        x and y of the stars that light it.
    light_sigma : ndarray of shape (n_stars,)
        Brightness of the dust beside each, in sky noises.
    """
    wisps = np.exp(0.6 * sample_turbulence(rng, frame.shape, rng.uniform(2.8, 3.6)))
    glow = np.zeros(frame.shape, np.float32)
    for (x, y), light in zip(places_px, light_sigma, strict=True):
        reach = rng.uniform(0.03, 0.14) * frame.size_px
        glow += np.float32(light) / (1.0 + (frame.radii((x, y)) / np.float32(reach)) ** 2) ** 1.2
    blue = np.array([rng.uniform(0.35, 0.7), rng.uniform(0.6, 0.85), 1.0], np.float32)
    mirrored: Floats = (wisps * glow)[:, :, None] * blue
    return mirrored


def sample_planetary(rng: np.random.Generator, frame: Frame, brightness_sigma: float) -> Floats:
    """Draw a planetary nebula: a shell, seen as a ring or a disc, shape (rows, columns, 3)."""
    radius_px = frame.size_px * np.exp(rng.uniform(np.log(0.02), np.log(0.25)))
    radius = frame.radii(
        frame.centre_px, flattening=rng.uniform(0.0, 0.5), angle_rad=rng.uniform(0, np.pi)
    )
    thickness = rng.uniform(0.15, 0.6)
    clumps = np.exp(0.3 * sample_turbulence(rng, frame.shape, 3.0))[:, :, None]
    inner, outer = rng.uniform(0.1, 1.0, 3), rng.uniform(0.1, 1.0, 3)
    shell = np.exp(-(((radius / radius_px - 0.8) / thickness) ** 2))[:, :, None]
    disc = 1.0 / (1.0 + np.exp(np.minimum((radius / radius_px - 1.0) * 12.0, 60.0)))[:, :, None]
    glow = shell * outer + rng.uniform(0.1, 1.0) * disc * inner
    light: Floats = (brightness_sigma * clumps * glow).astype(np.float32)
    return light
