"""Gas and dust: turbulent clouds that emit, reflect or absorb light."""

from __future__ import annotations

import numpy as np

from cluster_core.sky.frame import Frame
from cluster_core.sky.profiles import Floats


def sample_turbulence(rng: np.random.Generator, shape: tuple[int, int], slope: float) -> Floats:
    """Draw a Gaussian random field whose power spectrum is k**-slope.

    Parameters
    ----------
    rng : numpy.random.Generator
    shape : tuple of int
        Rows and columns.
    slope : float
        About 2.8 for interstellar clouds in projection; a larger slope is smoother.

    Returns
    -------
    ndarray of shape (rows, columns), float32
        With mean 0 and standard deviation 1.
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
    """Draw a dust cloud in front of the stars, with a log-normal column density.

    Parameters
    ----------
    rng : numpy.random.Generator
    frame : Frame
        The canvas.
    extinction_mag : float
        Extinction per unit of column density, in magnitudes: the scale of the cloud's depth.

    Returns
    -------
    ndarray of shape (rows, columns)
        The share of light that each pixel transmits, 0 to 1.
    """
    depth = np.exp(0.9 * sample_turbulence(rng, frame.shape, rng.uniform(2.6, 3.6)))
    depth = np.maximum(depth - np.quantile(depth, rng.uniform(0.1, 0.6)), 0.0)
    transmission: Floats = 10.0 ** (-0.4 * extinction_mag * depth)
    return transmission


def sample_nebula(
    rng: np.random.Generator, frame: Frame, brightness_sigma: float, colour: Floats
) -> Floats:
    """Draw a glowing cloud of a single colour.

    Parameters
    ----------
    rng : numpy.random.Generator
    frame : Frame
        The canvas.
    brightness_sigma : float
        Typical brightness at its centre, in sky noises per pixel.
    colour : ndarray of shape (3,)
        Relative light in red, green and blue.

    Returns
    -------
    ndarray of shape (rows, columns, 3), float32
        Linear light in sky noises per pixel.
    """
    centre = np.array(frame.centre_px) + rng.normal(0.0, 0.15, 2) * frame.size_px
    radius = frame.radii((centre[0], centre[1]), flattening=rng.uniform(0.0, 0.5))
    reach = rng.uniform(0.12, 0.6) * frame.size_px
    texture = np.exp(rng.uniform(0.4, 1.1) * sample_turbulence(rng, frame.shape, 3.2))
    glow = texture * np.exp(-((radius / reach) ** rng.uniform(1.0, 3.0)))
    light: Floats = (brightness_sigma * glow)[:, :, None] * colour.astype(np.float32)
    return light


def sample_reflection(
    rng: np.random.Generator, frame: Frame, positions_px: Floats, light_sigma: Floats
) -> Floats:
    """Draw dust that reflects the light of nearby blue stars, as around the Pleiades.

    Parameters
    ----------
    rng : numpy.random.Generator
    frame : Frame
        The canvas.
    positions_px : ndarray of shape (n_stars, 2)
        x and y of the illuminating stars.
    light_sigma : ndarray of shape (n_stars,)
        Brightness of the dust at each star, in sky noises per pixel.

    Returns
    -------
    ndarray of shape (rows, columns, 3)
        Linear light in sky noises per pixel.
    """
    wisps = np.exp(0.6 * sample_turbulence(rng, frame.shape, rng.uniform(2.8, 3.6)))
    glow = np.zeros(frame.shape, np.float32)
    for (x, y), light in zip(positions_px, light_sigma, strict=True):
        reach = rng.uniform(0.03, 0.14) * frame.size_px
        glow += np.float32(light) / (1.0 + (frame.radii((x, y)) / np.float32(reach)) ** 2) ** 1.2
    blue = np.array([rng.uniform(0.35, 0.7), rng.uniform(0.6, 0.85), 1.0], np.float32)
    reflected: Floats = (wisps * glow)[:, :, None] * blue
    return reflected


def sample_planetary(rng: np.random.Generator, frame: Frame, brightness_sigma: float) -> Floats:
    """Draw a planetary nebula: a shell that appears as a ring or a disc.

    Parameters
    ----------
    rng : numpy.random.Generator
    frame : Frame
        The canvas.
    brightness_sigma : float
        Typical brightness of the shell, in sky noises per pixel.

    Returns
    -------
    ndarray of shape (rows, columns, 3), float32
        Linear light in sky noises per pixel.
    """
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
